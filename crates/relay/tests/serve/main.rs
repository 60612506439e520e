//! A served relay, from outside: real TLS on loopback, over HTTP/1.1, HTTP/2 and WebSockets.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "in a test, and in what only tests use, a panic is the failure"
)]

mod admin;
mod bodies;
mod directory;
mod doctor;
mod epochs;
mod evaluating;
mod figures;
mod floods;
mod key_service;
mod limits;
mod many;
mod moving;
mod objects;
mod oblivious;
mod operator;
mod page;
mod peer;
mod privacy;
mod program;
mod proxy;
mod relay;
mod reloading;
mod requests;
mod sandbox;
mod sides;
mod sockets;
mod status;
mod tickets;
mod tls;
