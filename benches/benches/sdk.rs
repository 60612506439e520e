//! What the SDK costs a device: sealing and opening beside libsignal's own, its database, catching up, a cold start.
//!
//! `cargo build --release --bin sealpost-relay && cargo bench -p sealpost-benches --bench sdk`. What the design has targets for is
//! printed with them: ratios, which hold on a machine that others use too, and times of processors.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a bench that cannot be set up has failed")]
#![expect(clippy::print_stdout, reason = "ratios are printed beside the figures")]

#[path = "sdk/catching_up.rs"]
mod catching_up;
#[path = "sdk/database.rs"]
mod database;
#[path = "sdk/libsignal.rs"]
mod libsignal;
#[path = "sdk/person.rs"]
mod person;
#[path = "sdk/ratio.rs"]
mod ratio;

use criterion::{criterion_group, criterion_main};
use sealpost_benches::by_cpu_time;

criterion_group! {
    name = benches;
    config = by_cpu_time();
    targets = ratio::bench, database::bench, database::bench_cold_start, catching_up::bench
}
criterion_main!(benches);
