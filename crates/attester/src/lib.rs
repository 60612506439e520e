#![doc = include_str!("../README.md")]

pub mod codes;

mod redacted;
