//! The store on Redis as a backend of the contract.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use sealpost_redis_stage::{Cluster, Server};
use sealpost_wire::request::MailboxKind;

use crate::store::contract::{Backend, Heard, NOW, OWNER, QUOTA, at, envelope};
use crate::store::redis::{Durability, Options, Rates, Redis};
use crate::store::{Arrivals, Kept, Range, Store, Unavailable};

/// What makes a server sync before it answers.
pub(super) const SYNCED: &[&str] = &["--appendonly", "yes", "--appendfsync", "always"];

/// Options for these servers.
pub(super) fn options(servers: &[SocketAddr]) -> Options {
    Options {
        urls: servers.iter().map(|server| format!("redis://{server}")).collect(),
        ca: None,
        user: None,
        password: None,
        namespace: "test".to_owned(),
        durability: Durability::Disk,
        rates: Rates { takes_per_hour: u32::MAX, strangers_per_hour: u32::MAX },
    }
}

/// A server of its own.
pub(super) struct OneServer(pub(super) Server);

impl Backend for OneServer {
    type Store = Redis;

    fn fresh() -> Self {
        Self(Server::start(SYNCED).unwrap())
    }

    fn open(&self, arrivals: Arc<dyn Arrivals>) -> Redis {
        Redis::open(options(&[self.0.address()]), QUOTA, arrivals).unwrap()
    }

    /// Kills the server with `kill -9`, and starts it again with the files that it left.
    fn crash(&mut self, store: Redis, arrivals: Arc<dyn Arrivals>) -> Redis {
        self.0.kill();
        drop(store);
        self.0.restart().unwrap();
        self.open(arrivals)
    }
}

/// A part of a cluster that all tests share.
pub(super) struct InCluster(String);

static CLUSTER: LazyLock<Cluster> = LazyLock::new(|| Cluster::start(3, SYNCED).unwrap());

impl Backend for InCluster {
    type Store = Redis;

    fn fresh() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        Self(format!("test{}", COUNT.fetch_add(1, Ordering::Relaxed)))
    }

    fn open(&self, arrivals: Arc<dyn Arrivals>) -> Redis {
        let options = Options { namespace: self.0.clone(), ..options(&CLUSTER.addresses()) };
        Redis::open(options, QUOTA, arrivals).unwrap()
    }

    /// The servers stay, since other tests are on them; the relay's process goes.
    fn crash(&mut self, store: Redis, arrivals: Arc<dyn Arrivals>) -> Redis {
        drop(store);
        self.open(arrivals)
    }
}

/// A store on that server, and what it tells; it reads everything only where it must.
pub(super) fn on(server: &Server) -> (Redis, Arc<Heard>) {
    draining(server, Duration::from_secs(24 * 60 * 60))
}

/// The same, which reads everything so often.
pub(super) fn draining(server: &Server, every: Duration) -> (Redis, Arc<Heard>) {
    let heard = Arc::<Heard>::default();
    let store = Redis::open_draining(options(&[server.address()]), QUOTA, Arc::clone(&heard) as _, every);
    (store.unwrap(), heard)
}

/// Everything in [`OWNER`]'s mailbox, by number.
pub(super) async fn lying(store: &Redis) -> Result<Vec<u8>, Unavailable> {
    let range = Range { after: 0, envelopes: 512, bytes: usize::MAX };
    let page = store.page(OWNER, range, at(NOW)).await?.unwrap();
    Ok(page.envelopes.iter().map(|stored| stored.id.as_bytes()[0]).collect())
}

/// Opens [`OWNER`]'s mailbox.
pub(super) async fn opened(store: &Redis) {
    assert_eq!(store.open_mailbox(OWNER, MailboxKind::Pairwise, at(NOW)).await, Ok(Ok(())));
}

/// Deposits the envelope of that number.
pub(super) async fn deposit(store: &Redis, number: u8) -> Result<Kept, Unavailable> {
    Ok(store.deposit(vec![envelope(OWNER, number, NOW)], NOW).await?[0])
}
