#![doc = include_str!("../README.md")]

mod archive;
pub mod at_rest;
mod belongings;
pub mod cli;
pub mod config;
pub mod doctor;
pub mod key_service;
pub mod log;
pub mod ohttp_proxy;
pub mod server;
pub mod service;
pub mod shared_keys;
pub mod store;
pub mod tickets;

mod http;
mod metrics;
mod peers;
mod pool;
mod program;
mod socket;

pub use sealpost_server::{clock, keys, tls};
