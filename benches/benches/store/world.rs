//! A store of some kind, and mailboxes in it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use criterion::measurement::Measurement;
use sealpost_benches::CpuTime;
use sealpost_benches::redis::{Backing, Redis};
use sealpost_relay::store::embedded::{Embedded, Options};
use sealpost_relay::store::redis::{self, Durability, Rates};
use sealpost_relay::store::{Kept, MailboxOwner, NobodyWaits, Quota, Range, Store};
use sealpost_wire::time::Hour;
use sealpost_wire::{EnvelopeId, SizeClass};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::setting::{HOURS, NOW, envelope, moment, open, options, owner};

/// Envelopes that are handed over at once, of as many mailboxes.
pub(crate) const TOGETHER: usize = 256;
const QUOTA: Quota = Quota { envelopes: 1_000_000, bytes: 1 << 40, items: 100 };

/// A store, and mailboxes in it.
pub(crate) struct World {
    runtime: Runtime,
    store: Box<dyn Store>,
    owners: Vec<MailboxOwner>,
    redis: Option<Redis>,
    _directory: TempDir,
}

impl World {
    /// In files of its own; with a backing, in Redis.
    pub(crate) fn new(backing: Option<Backing>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let redis = backing.map(|backing| Redis::start(backing, directory.path()).unwrap());
        let store: Box<dyn Store> = match &redis {
            None => Box::new(embedded(directory.path())),
            Some(redis) => Box::new(on(redis)),
        };
        let owners: Vec<_> = (0..TOGETHER).map(owner).collect();
        let world = Self { runtime: Runtime::new().unwrap(), store, owners, redis, _directory: directory };
        world.runtime.block_on(open(&*world.store, &world.owners));
        world
    }

    /// One envelope into each mailbox; their ids.
    pub(crate) fn deposit(&self, class: SizeClass) -> Vec<EnvelopeId> {
        let ids: Vec<_> = self.owners.iter().map(|_| EnvelopeId::random(&mut rand::rng())).collect();
        let new = self.owners.iter().zip(&ids).map(|(owner, id)| envelope(owner, *id, class)).collect();
        let kept = self.runtime.block_on(self.store.deposit(new, NOW)).unwrap();
        assert!(kept.iter().all(|kept| *kept == Kept::Kept));
        ids
    }

    /// The first of each mailbox.
    pub(crate) fn collect(&self) {
        let range = Range { after: 0, envelopes: 1, bytes: 1 << 20 };
        self.runtime.block_on(async {
            let pages: Vec<_> = self.owners.iter().map(|owner| self.store.page(*owner, range, moment())).collect();
            for page in pages {
                assert_eq!(page.await.unwrap().unwrap().envelopes.len(), 1);
            }
        });
    }

    pub(crate) fn acknowledge(&self, ids: &[EnvelopeId]) {
        let received = self.owners.iter().zip(ids).map(|(owner, id)| (*owner, vec![*id])).collect();
        self.runtime.block_on(self.store.acknowledge(received, NOW)).unwrap();
    }

    /// All that lies there is past.
    pub(crate) fn expire(&self) {
        let later = Hour(NOW.0 + HOURS + 48);
        while self.runtime.block_on(self.store.expire(later)).unwrap() {}
    }

    /// So often, of which `timed` alone counts: the time of this process's processors, and of Redis'.
    pub(crate) fn count<T>(&self, times: u64, mut before: impl FnMut() -> T, mut timed: impl FnMut(T)) -> Duration {
        let mut took = Duration::ZERO;
        for _ in 0..times {
            let given = before();
            let (start, servers) = (CpuTime.start(), self.servers());
            timed(given);
            took += CpuTime.end(start) + self.servers().saturating_sub(servers);
        }
        took
    }

    /// In hundredths of a second, which come out right over many times.
    fn servers(&self) -> Duration {
        self.redis.as_ref().map_or(Duration::ZERO, |redis| redis.usage().unwrap().cpu)
    }
}

fn embedded(directory: &Path) -> Embedded {
    let options = Options { quota: QUOTA, index_bytes: 1 << 28, ..options(directory) };
    Embedded::open(options, Arc::new(NobodyWaits)).unwrap()
}

fn on(servers: &Redis) -> redis::Redis {
    let options = redis::Options {
        urls: servers.urls(),
        ca: None,
        user: None,
        password: None,
        namespace: "bench".to_owned(),
        durability: Durability::Disk,
        rates: Rates { takes_per_hour: u32::MAX, strangers_per_hour: u32::MAX },
    };
    redis::Redis::open(options, QUOTA, Arc::new(NobodyWaits)).unwrap()
}
