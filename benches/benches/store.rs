//! What a store takes to keep, read and erase 256 envelopes, by their size and by how much lies there already: in files of the
//! relay's own, on a Redis server, and on a cluster of three, each synced before it answers.
//!
//! `cargo bench -p sealpost-benches --bench store`; `-- store/redis` for one of them. The time of Redis' processors is in the
//! figures.
#![expect(clippy::unwrap_used, reason = "a bench that cannot be set up has failed")]
#![expect(clippy::print_stdout, reason = "what is left out is said beside the figures")]

#[path = "store/setting.rs"]
mod setting;
#[path = "store/world.rs"]
mod world;

use std::cell::OnceCell;
use std::time::Duration;

use criterion::{BenchmarkGroup, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use sealpost_benches::redis::{Backing, is_installed};
use sealpost_benches::{CpuTime, by_cpu_time};
use sealpost_wire::SizeClass;
use world::{TOGETHER, World};

/// How many envelopes lie in the mailboxes already, of each.
const DEPTHS: [u64; 3] = [0, 100, 1_000];
/// Redis keeps all of it in memory.
const DEPTHS_IN_MEMORY: [u64; 2] = [0, 100];

fn embedded(c: &mut Criterion<CpuTime>) {
    by_size(c, "embedded", None);
    by_depth(c, "embedded", None, &DEPTHS);
}

fn redis(c: &mut Criterion<CpuTime>) {
    if !is_installed() {
        println!("store: redis-server is not installed, so there are no figures of stores on Redis");
        return;
    }
    for (name, backing) in [("redis", Backing::Disk), ("cluster", Backing::Cluster)] {
        by_size(c, name, Some(backing));
        by_depth(c, name, Some(backing), &DEPTHS_IN_MEMORY);
    }
}

fn by_size(c: &mut Criterion<CpuTime>, name: &str, backing: Option<Backing>) {
    for class in SizeClass::ALL {
        // Made when the first of them is run: those that are not wanted start nothing.
        let world = OnceCell::new();
        let world = || world.get_or_init(|| World::new(backing));
        let mut group = group(c, &format!("store/{name}/{class:?}"));
        group.bench_function("deposit", |b| {
            b.iter_custom(|times| {
                let took = world().count(times, || {}, |()| drop(world().deposit(class)));
                world().expire();
                took
            });
        });
        group.bench_function("collect", |b| {
            let ids = world().deposit(class);
            b.iter_custom(|times| world().count(times, || {}, |()| world().collect()));
            world().acknowledge(&ids);
        });
        group.bench_function("acknowledge", |b| {
            b.iter_custom(|times| world().count(times, || world().deposit(class), |ids| world().acknowledge(&ids)));
        });
        group.bench_function("expire", |b| {
            b.iter_custom(|times| world().count(times, || drop(world().deposit(class)), |()| world().expire()));
        });
        group.finish();
    }
}

fn by_depth(c: &mut Criterion<CpuTime>, name: &str, backing: Option<Backing>, depths: &[u64]) {
    for depth in depths {
        let world = OnceCell::new();
        let world = || {
            world.get_or_init(|| {
                let world = World::new(backing);
                (0..*depth).for_each(|_| drop(world.deposit(SizeClass::Small)));
                world
            })
        };
        let mut group = group(c, &format!("store/{name}/depth"));
        group.bench_function(BenchmarkId::new("deposit and acknowledge", depth), |b| {
            b.iter_custom(|times| {
                world().count(times, || {}, |()| world().acknowledge(&world().deposit(SizeClass::Small)))
            });
        });
        if *depth > 0 {
            group.bench_function(BenchmarkId::new("collect", depth), |b| {
                b.iter_custom(|times| world().count(times, || {}, |()| world().collect()));
            });
        }
        group.finish();
    }
}

fn group<'a>(c: &'a mut Criterion<CpuTime>, name: &str) -> BenchmarkGroup<'a, CpuTime> {
    let mut group = c.benchmark_group(name);
    group.throughput(Throughput::Elements(TOGETHER as u64));
    group.sample_size(10).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2));
    group
}

criterion_group! {
    name = benches;
    config = by_cpu_time();
    targets = embedded, redis
}
criterion_main!(benches);
