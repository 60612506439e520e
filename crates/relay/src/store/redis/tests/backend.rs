//! The store on Redis as a backend of the contract.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

use sealpost_redis_stage::{Cluster, Server};

use crate::store::Arrivals;
use crate::store::contract::{Backend, QUOTA};
use crate::store::redis::{Durability, Options, Redis};

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
