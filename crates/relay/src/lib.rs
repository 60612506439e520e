//! A blind relay: keeps sealed envelopes until they are collected.

pub mod at_rest;
pub mod clock;
pub mod config;
pub mod service;
pub mod store;
