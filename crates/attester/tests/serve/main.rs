//! An attester from outside, as a person's device finds it: real TLS on loopback, a directory and two key services that are
//! served as ours are, and a gateway that is posted to.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "in a test, and in what only tests use, a panic is the failure"
)]

mod gateway;
mod network;
mod person;
mod privacy;
mod program;
mod proving;
mod servers;
