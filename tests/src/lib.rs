#![doc = include_str!("../README.md")]

pub mod address_book;
pub mod chaos;
pub mod clock;
pub mod demo;
pub mod deployment;
pub mod http1;
pub mod impostor;
pub mod meddler;
pub mod person;
pub mod programs;
pub mod server;
pub mod slow_line;
pub mod statistics;
pub mod stranger;
pub mod talk;
pub mod wait;

pub use sealpost_audit::{budget as leak_budget, search, tap};

/// The project's front page, whose example must compile.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct FrontPage;

/// What went wrong in a test's surroundings, in words.
pub type Trouble = Box<dyn std::error::Error + Send + Sync>;
/// A test's step.
pub type Result<T> = std::result::Result<T, Trouble>;
