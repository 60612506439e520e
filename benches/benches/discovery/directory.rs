//! A relay's directory of a thousand entries and of a million: reading a bucket, listing, and bytes of disk for an entry.
//!
//! The relay's service is called, with the store below it; no network. `SEALPOST_BENCH_ENTRIES` takes another number for a
//! million, so that a trial need not wait for it.

use std::cell::OnceCell;
use std::fs;
use std::num::NonZeroU32;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;

use criterion::measurement::Measurement;
use criterion::{BatchSize, BenchmarkGroup, Criterion, Throughput};
use futures_util::future::BoxFuture;
use futures_util::stream::{StreamExt, iter};
use rand::rngs::StdRng;
use rand::{Rng, RngCore, SeedableRng};
use sealpost_benches::CpuTime;
use sealpost_relay::clock::{Clock, SystemClock};
use sealpost_relay::service::{DirectorySettings, KeyServiceManifests, Relay, Settings};
use sealpost_wire::codec::V1;
use sealpost_wire::directory::{BucketBits, BucketPrefix, BucketRead, Epoch, Slot};
use sealpost_wire::manifest::{Argon2, KeyService};
use sealpost_wire::operator::OperatorSecret;
use sealpost_wire::request::Publish;
use sealpost_wire::time::Day;
use sealpost_wire::{EntryKey, RelayRef};
use tempfile::TempDir;
use tokio::runtime::Runtime;

const SMALL: u64 = 1_000;
const LARGE: u64 = 1_000_000;
/// Requests that are under way at once while the directory is filled: a batch of the store.
const AT_ONCE: usize = 2_048;
/// Entries that are listed, and buckets that are read, at once, as from as many connections.
const TOGETHER: u64 = 256;

/// The unit in which a file says what it takes of its disk, in bytes (POSIX, `st_blocks`).
const BLOCK: u64 = 512;

/// There is none.
struct NoServices;

impl KeyServiceManifests for NoServices {
    fn ask<'a>(&'a self, _: &'a RelayRef) -> BoxFuture<'a, Option<KeyService>> {
        Box::pin(std::future::ready(None))
    }
}

/// A relay with a directory, and so many entries in it.
struct Town {
    runtime: Runtime,
    relay: Relay,
    epoch: Epoch,
    entries: u64,
    // Erased when the bench is over.
    _directory: TempDir,
}

impl Town {
    fn of(entries: u64) -> Self {
        let runtime = Runtime::new().unwrap();
        let directory = tempfile::tempdir().unwrap();
        let epoch = Epoch::of(Day::of(SystemClock.now()));
        let relay = runtime.block_on(open(directory.path()));
        let town = Self { runtime, relay, epoch, entries, _directory: directory };
        let start = CpuTime.start();
        town.publish(0..entries);
        settle();
        town.runtime.block_on(town.relay.tidy());
        settle();
        let took = CpuTime.end(start);
        // What is still in memory and in journals counts as well: both are bounded, and small beside a million entries.
        let bytes = bytes_below(town._directory.path());
        println!(
            "discovery/directory: {entries} entries listed in {took:.1?} of processors, {} µs each; {} bytes of disk for each; {} buckets",
            took.as_micros() / u128::from(entries),
            bytes / entries,
            town.bits().buckets()
        );
        town
    }

    /// Lists entries, each under a tag of its own; listed again, each takes its own place.
    fn publish(&self, entries: impl IntoIterator<Item = u64>) {
        let publish = |n| self.relay.publish(entry(self.epoch, n));
        let all = iter(entries).map(publish).buffer_unordered(AT_ONCE);
        let listed = self.runtime.block_on(all.all(|listed| std::future::ready(listed.is_ok())));
        assert!(listed, "all are taken");
    }

    fn bits(&self) -> BucketBits {
        let told = self.relay.directory_told().unwrap();
        let told = told.borrow();
        let epoch = told.epochs.iter().find(|told| told.epoch == self.epoch).unwrap();
        BucketBits::new(epoch.bucket_bits).unwrap()
    }

    /// Reads buckets, all at once.
    fn read(&self, numbers: impl IntoIterator<Item = u32>) {
        let bits = self.bits();
        let read = |number| self.relay.bucket(BucketRead { epoch: self.epoch, bits, number });
        let all = iter(numbers).map(read).buffer_unordered(AT_ONCE);
        self.runtime.block_on(all.for_each(|bucket| {
            drop(bucket.unwrap());
            std::future::ready(())
        }));
    }
}

async fn open(directory: &Path) -> Relay {
    let discovery = DirectorySettings {
        key_services: vec![],
        attester: None,
        argon2: Argon2 { memory_mib: 64, passes: 3, lanes: 1 },
        publishes_per_minute: NonZeroU32::MAX,
    };
    let settings = Settings { directory: directory.join("store"), discovery: Some(discovery), ..Settings::default() };
    let operator = Arc::new(OperatorSecret::random(&mut rand::rng()));
    let relay = Relay::open(settings, operator, Arc::new(SystemClock)).unwrap();
    relay.look_after_epochs(&NoServices).await.unwrap();
    relay
}

/// The `n`th entry: prefix, tag and key are as random as a hash's bytes, and the same every time.
fn entry(epoch: Epoch, n: u64) -> Publish {
    let mut rng = StdRng::seed_from_u64(n);
    let (prefix, entry) = (BucketPrefix(rng.next_u32()), EntryKey::random(&mut rng));
    let mut slot = [0; Slot::LENGTH];
    rng.fill_bytes(&mut slot);
    Publish { version: V1, epoch, prefix, slot: Slot::new(slot), entry, attestation: None, ticket: None }
}

/// Waits until the store has put in order what was written, which is a part of what it costs.
fn settle() {
    let window = Duration::from_millis(500);
    loop {
        let start = CpuTime.start();
        sleep(window);
        if CpuTime.end(start) < window / 20 {
            return;
        }
    }
}

fn bytes_below(path: &Path) -> u64 {
    // A journal's file is as long from the beginning as it may become.
    let Ok(entries) = fs::read_dir(path) else { return fs::metadata(path).map_or(0, |file| file.blocks() * BLOCK) };
    entries.flatten().map(|entry| bytes_below(&entry.path())).sum()
}

pub(crate) fn bench(c: &mut Criterion<CpuTime>) {
    let large = std::env::var("SEALPOST_BENCH_ENTRIES").ok().and_then(|entries| entries.parse().ok());
    for entries in [SMALL, large.unwrap_or(LARGE)] {
        let town = OnceCell::new();
        let town = || town.get_or_init(|| Town::of(entries));
        let mut group = c.benchmark_group(format!("discovery/directory of {entries}"));
        bench_reading(&mut group, town);
        bench_listing(&mut group, town);
        group.finish();
    }
}

fn bench_reading<'t>(group: &mut BenchmarkGroup<'_, CpuTime>, town: impl Fn() -> &'t Town) {
    group.throughput(Throughput::Elements(TOGETHER));
    group.bench_function(format!("{TOGETHER} buckets are read and filled up"), |b| {
        let town = town();
        let buckets = town.bits().buckets();
        let some = || (0..TOGETHER).map(|_| rand::rng().random_range(0..buckets)).collect::<Vec<_>>();
        b.iter_batched(some, |numbers| town.read(numbers), BatchSize::SmallInput);
    });
}

fn bench_listing<'t>(group: &mut BenchmarkGroup<'_, CpuTime>, town: impl Fn() -> &'t Town) {
    group.throughput(Throughput::Elements(TOGETHER));
    group.bench_function(format!("{TOGETHER} entries are listed anew, durably"), |b| {
        let town = town();
        let some = || (0..TOGETHER).map(|_| rand::rng().random_range(0..town.entries)).collect::<Vec<_>>();
        b.iter_batched(some, |entries| town.publish(entries), BatchSize::SmallInput);
    });
}
