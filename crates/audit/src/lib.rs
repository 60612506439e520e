#![doc = include_str!("../README.md")]

pub mod budget;
pub mod capture;
pub mod http;
pub mod redis;
pub mod search;
mod stage;
pub mod tap;
pub mod tls;
pub mod traffic;
pub mod unsearched;
pub mod values;
