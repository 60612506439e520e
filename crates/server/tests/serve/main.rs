//! A server from outside, as another of our servers finds it: real TLS on loopback.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "in a test, and in what only tests use, a panic is the failure"
)]

mod acme;
mod admin;
mod client;
mod oblivious;
mod peers;
mod program;
mod reloading;
mod running;
mod sides;
mod trunks;
