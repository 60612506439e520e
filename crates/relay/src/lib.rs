#![doc = include_str!("../README.md")]

pub mod at_rest;
pub mod cli;
pub mod clock;
pub mod config;
pub mod keys;
pub mod log;
pub mod manifest;
pub mod server;
pub mod service;
pub mod store;
pub mod tls;

mod admin;
mod http;
mod metrics;
mod process;
mod socket;
