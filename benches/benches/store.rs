//! What the embedded store takes to keep, read and erase 256 envelopes, by their size and by how much lies there already.
//!
//! `cargo bench -p sealpost-benches --bench store`
#![expect(clippy::unwrap_used, reason = "a bench that cannot be set up has failed")]

use std::sync::Arc;
use std::time::Duration;

use criterion::measurement::Measurement;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use rand::RngCore;
use sealpost_benches::{CpuTime, by_cpu_time};
use sealpost_relay::store::embedded::{Embedded, Options};
use sealpost_relay::store::{Arrivals, Kept, MailboxOwner, Moment, NewEnvelope, Quota, Range, Right, Store};
use sealpost_wire::request::{MailboxKind, Stored};
use sealpost_wire::time::{Day, Hour};
use sealpost_wire::{AtRest, CollectKey, EnvelopeId, MailboxId, SizeClass};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// Envelopes that are handed over at once, of as many mailboxes.
const TOGETHER: usize = 256;
/// How many envelopes lie in the mailboxes already, of each.
const DEPTHS: [u64; 3] = [0, 100, 1_000];
const HOURS: u32 = 336;

struct NobodyWaits;

impl Arrivals for NobodyWaits {
    fn arrived(&self, _: &MailboxId, _: &Arc<Stored>) {}
    fn arrived_next(&self, _: &MailboxId, _: &Arc<Stored>) {}
    fn stirred(&self, _: &MailboxId) {}
    fn stirred_all(&self, _: bool) {}
    fn closed(&self, _: &MailboxId) {}
}

/// A store, and mailboxes in it.
struct World {
    runtime: Runtime,
    store: Embedded,
    owners: Vec<MailboxOwner>,
    now: Hour,
    _directory: TempDir,
}

impl World {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let options = Options {
            directory: directory.path().join("store"),
            quota: Quota { envelopes: 1_000_000, bytes: 1 << 40, items: 100 },
            index_bytes: 1 << 28,
            cache_bytes: 1 << 24,
            disk_reserve_bytes: 0,
        };
        let (runtime, store) = (Runtime::new().unwrap(), Embedded::open(options, Arc::new(NobodyWaits)).unwrap());
        let world = Self {
            runtime,
            store,
            owners: (0..TOGETHER).map(owner).collect(),
            now: Hour(480_000),
            _directory: directory,
        };
        world.runtime.block_on(async {
            for owner in &world.owners {
                let kind = MailboxKind::Pairwise;
                world.store.open_mailbox(*owner, kind, world.moment()).await.unwrap().unwrap();
            }
        });
        world
    }

    fn moment(&self) -> Moment {
        Moment { now: self.now, lease: Day(self.now.0 / 24 + 90) }
    }

    /// One envelope into each mailbox; their ids.
    fn deposit(&self, class: SizeClass) -> Vec<EnvelopeId> {
        let ids: Vec<_> = self.owners.iter().map(|_| EnvelopeId::random(&mut rand::rng())).collect();
        let new = |(owner, id): (&MailboxOwner, &EnvelopeId)| NewEnvelope {
            mailbox: owner.id,
            collect: owner.collect,
            id: *id,
            sealed: AtRest::new(vec![0xA5; class.stored_length()].into()).unwrap(),
            expires: Hour(self.now.0 + HOURS),
            right: Right::Full,
        };
        let new = self.owners.iter().zip(&ids).map(new).collect();
        let kept = self.runtime.block_on(self.store.deposit(new, self.now)).unwrap();
        assert!(kept.iter().all(|kept| *kept == Kept::Kept));
        ids
    }

    /// The first of each mailbox.
    fn collect(&self) {
        let range = Range { after: 0, envelopes: 1, bytes: 1 << 20 };
        self.runtime.block_on(async {
            let pages: Vec<_> = self.owners.iter().map(|owner| self.store.page(*owner, range, self.moment())).collect();
            for page in pages {
                assert_eq!(page.await.unwrap().unwrap().envelopes.len(), 1);
            }
        });
    }

    fn acknowledge(&self, ids: &[EnvelopeId]) {
        let received = self.owners.iter().zip(ids).map(|(owner, id)| (*owner, vec![*id])).collect();
        self.runtime.block_on(self.store.acknowledge(received, self.now)).unwrap();
    }

    /// All that lies there is past.
    fn expire(&self) {
        let later = Hour(self.now.0 + HOURS + 48);
        while self.runtime.block_on(self.store.expire(later)).unwrap() {}
    }
}

fn owner(_: usize) -> MailboxOwner {
    let mut id = [0; 32];
    rand::rng().fill_bytes(&mut id);
    MailboxOwner { id: MailboxId::from_bytes(id), collect: CollectKey::random(&mut rand::rng()).hash() }
}

/// So often, of which `timed` alone counts.
fn count<T>(times: u64, mut before: impl FnMut() -> T, mut timed: impl FnMut(T)) -> Duration {
    let mut took = Duration::ZERO;
    for _ in 0..times {
        let given = before();
        let start = CpuTime.start();
        timed(given);
        took += CpuTime.end(start);
    }
    took
}

fn by_size(c: &mut Criterion<CpuTime>) {
    for class in SizeClass::ALL {
        let world = World::new();
        let mut group = group(c, &format!("store/{class:?}"));
        group.bench_function("deposit", |b| {
            b.iter_custom(|times| {
                let took = count(times, || {}, |()| drop(world.deposit(class)));
                world.expire();
                took
            });
        });
        group.bench_function("collect", |b| {
            let ids = world.deposit(class);
            b.iter_custom(|times| count(times, || {}, |()| world.collect()));
            world.acknowledge(&ids);
        });
        group.bench_function("acknowledge", |b| {
            b.iter_custom(|times| count(times, || world.deposit(class), |ids| world.acknowledge(&ids)));
        });
        group.bench_function("expire", |b| {
            b.iter_custom(|times| count(times, || drop(world.deposit(class)), |()| world.expire()));
        });
        group.finish();
    }
}

fn by_depth(c: &mut Criterion<CpuTime>) {
    for depth in DEPTHS {
        let world = World::new();
        (0..depth).for_each(|_| drop(world.deposit(SizeClass::Small)));
        let mut group = group(c, "store/depth");
        group.bench_function(BenchmarkId::new("deposit and acknowledge", depth), |b| {
            b.iter_custom(|times| count(times, || {}, |()| world.acknowledge(&world.deposit(SizeClass::Small))));
        });
        if depth > 0 {
            group.bench_function(BenchmarkId::new("collect", depth), |b| {
                b.iter_custom(|times| count(times, || {}, |()| world.collect()));
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
    targets = by_size, by_depth
}
criterion_main!(benches);
