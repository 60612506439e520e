#![doc = include_str!("../README.md")]

mod cpu_time;

pub use cpu_time::CpuTime;

use criterion::Criterion;

/// Criterion, measuring the time of processors.
#[must_use]
pub fn by_cpu_time() -> Criterion<CpuTime> {
    Criterion::default().with_measurement(CpuTime)
}
