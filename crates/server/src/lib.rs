#![doc = include_str!("../README.md")]

pub mod clock;
pub mod config;
pub mod doctor;
pub mod http;
pub mod keys;
pub mod log;
pub mod manifest;
pub mod metrics;
pub mod oblivious;
pub mod peer;
pub mod process;
pub mod sandbox;
pub mod server;
pub mod succession;
pub mod terminal;
pub mod tls;

mod admin;
mod corked;
mod denial;
mod gulps;
mod written;

pub use denial::Denial;
pub use server::{Connection, Foundation, Moved, Program, Reloader, Server, StartError, Stuck};

#[doc(hidden)]
pub use tracing;
