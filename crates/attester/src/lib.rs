#![doc = include_str!("../README.md")]

pub mod asking;
pub mod attesting;
pub mod cli;
pub mod codes;
pub mod config;
pub mod epochs;
pub mod gateway;
pub mod hashers;
pub mod log;
pub mod metrics;
pub mod server;
pub mod service;
pub mod uptime;

mod http;
mod program;
mod redacted;
