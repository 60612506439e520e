#![doc = include_str!("../README.md")]

pub mod budget;
pub mod capture;
pub mod http;
pub mod search;
pub mod tap;
pub mod tls;
pub mod traffic;
pub mod values;
