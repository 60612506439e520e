#![doc = include_str!("../README.md")]

pub mod cli;
pub mod compare;
#[cfg(feature = "sealing")]
pub mod conversation;
pub mod failure;
pub mod floor;
pub mod load;
pub mod machine;
pub mod plot;
pub mod process;
pub mod progress;
pub mod redis;
pub mod scenario;
pub mod seal;
pub mod server;
pub mod subject;
pub mod table;

mod cpu_time;

pub use cpu_time::CpuTime;

use criterion::Criterion;

/// Criterion, measuring the time of processors.
#[must_use]
pub fn by_cpu_time() -> Criterion<CpuTime> {
    Criterion::default().with_measurement(CpuTime)
}
