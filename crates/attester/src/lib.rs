#![doc = include_str!("../README.md")]

pub mod asking;
pub mod attesting;
pub mod codes;
pub mod epochs;
pub mod gateway;
pub mod hashers;
pub mod log;
pub mod metrics;
pub mod service;
pub mod uptime;

mod redacted;
