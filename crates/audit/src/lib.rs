#![doc = include_str!("../README.md")]

pub mod budget;
pub mod capture;
pub mod cli;
pub mod clock;
pub mod experiment;
pub mod http;
pub mod oblivious;
pub mod redis;
pub mod report;
pub mod search;
pub mod self_test;
pub mod silence;
mod stage;
pub mod tap;
pub mod tls;
pub mod traffic;
pub mod unsearched;
pub mod values;

/// What went wrong with what an audit needs around it, in words.
pub type Trouble = Box<dyn std::error::Error + Send + Sync>;
