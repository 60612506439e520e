#![doc = include_str!("../README.md")]
#![expect(
    clippy::indexing_slicing,
    reason = "a simulation whose indices are its own, and nothing comes in from outside"
)]

pub mod attack;
pub mod documents;
pub mod draw;
pub mod life;
pub mod log;
pub mod plot;
pub mod report;
pub mod run;
pub mod score;
pub mod script;
pub mod world;
