//! People and a real relay, in one process.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "in a test, and in what only tests use, a panic is the failure"
)]

mod conversations;
mod discovery;
mod leaving;
mod moving;
mod neighbourhood;
mod people;
mod proxied;
mod relay;
mod tickets;
mod trouble;
