//! A served relay, from outside: real TLS on loopback, over HTTP/1.1, HTTP/2 and WebSockets.

mod admin;
mod bodies;
mod limits;
mod objects;
mod peer;
mod privacy;
mod program;
mod relay;
mod requests;
mod sides;
mod sockets;
mod tls;
