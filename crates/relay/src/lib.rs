//! A blind relay: keeps sealed envelopes until they are collected.

pub mod clock;
pub mod config;
