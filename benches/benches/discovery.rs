//! What it costs to find people by number, and to be found.
//!
//! `cargo bench -p sealpost-benches -- discovery` runs all of it. Ratios, which hold on a machine that others use too, are
//! printed beside the figures.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a bench that cannot be set up has failed")]
#![expect(clippy::print_stdout, reason = "ratios are printed beside the figures")]

#[path = "discovery/blinding.rs"]
mod blinding;
#[path = "discovery/directory.rs"]
mod directory;
#[path = "discovery/hashing.rs"]
mod hashing;

use criterion::{criterion_group, criterion_main};
use sealpost_benches::by_cpu_time;

criterion_group! {
    name = benches;
    config = by_cpu_time();
    targets = blinding::bench, hashing::bench, directory::bench
}
criterion_main!(benches);
