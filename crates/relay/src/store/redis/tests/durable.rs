//! Accepted by replicas.

use std::sync::Arc;

use sealpost_redis_stage::Server;

use super::backend::{deposit, lying, opened, options};
use crate::store::contract::{Heard, QUOTA};
use crate::store::redis::{Durability, Options, Redis};
use crate::store::{Kept, Store, Unavailable};

const WITH_A_REPLICA: &[&str] =
    &["--appendonly", "yes", "--min-replicas-to-write", "1", "--repl-diskless-sync-delay", "0"];

fn store(server: &Server, durability: Durability) -> Redis {
    heard(server, durability).0
}

fn heard(server: &Server, durability: Durability) -> (Redis, Arc<Heard>) {
    let (options, heard) = (Options { durability, ..options(&[server.address()]) }, Arc::<Heard>::default());
    (Redis::open(options, QUOTA, Arc::clone(&heard) as _).unwrap(), heard)
}

fn replica(of: &Server) -> Server {
    let port = of.address().port().to_string();
    let replica = Server::start(&["--replicaof", "127.0.0.1", &port]).unwrap();
    while !of.tell(&[b"INFO", b"replication"]).unwrap().contains("min_slaves_good_slaves:1") {
        std::thread::yield_now();
    }
    replica
}

/// When the server that accepted is lost, with its disk, its replica has everything.
#[tokio::test]
async fn what_was_accepted_is_on_a_replica() {
    let mut master = Server::start(WITH_A_REPLICA).unwrap();
    let other = replica(&master);
    let store = store(&master, Durability::Replicas(1));
    opened(&store).await;
    for number in 1..=3 {
        assert_eq!(deposit(&store, number).await, Ok(Kept::Kept));
    }
    master.kill();
    other.tell(&[b"REPLICAOF", b"NO", b"ONE"]).unwrap();
    other.tell(&[b"CONFIG", b"SET", b"min-replicas-to-write", b"0"]).unwrap();
    other.tell(&[b"CONFIG", b"SET", b"appendonly", b"yes"]).unwrap();
    let heir = self::store(&other, Durability::Second);
    assert_eq!(lying(&heir).await, Ok(vec![1, 2, 3]));
}

#[tokio::test]
async fn what_no_replica_has_is_not_accepted() {
    let master = Server::start(WITH_A_REPLICA).unwrap();
    let mut other = replica(&master);
    let store = store(&master, Durability::Replicas(1));
    opened(&store).await;
    assert_eq!(deposit(&store, 1).await, Ok(Kept::Kept));
    other.kill();
    assert_eq!(deposit(&store, 2).await, Err(Unavailable));
    assert!(!store.ready());
}

/// It may have been lost, though there are replicas enough of what the server has now.
#[tokio::test]
async fn what_was_written_to_a_server_is_not_vouched_for_by_one_that_began_anew() {
    let mut master = Server::start(WITH_A_REPLICA).unwrap();
    let other = replica(&master);
    let store = store(&master, Durability::Replicas(1));
    opened(&store).await;
    let (context, tag) = (&store.context, store.context.keys.group(0));
    let before = context.replication.before();
    assert!(context.secure(&tag, before).await.is_ok());
    master.kill();
    master.restart().unwrap();
    while !other.tell(&[b"INFO", b"replication"]).unwrap().contains("master_link_status:up") {}
    // The first answer may be that the connection broke.
    for _ in 0..3 {
        assert!(context.secure(&tag, before).await.is_err());
    }
    while deposit(&store, 1).await != Ok(Kept::Kept) {}
    let before = context.replication.before();
    assert!(context.secure(&tag, before).await.is_ok());
}

/// As where a server was only paused, and another took its place meanwhile: no connection ends.
#[tokio::test]
async fn another_history_is_read_anew_though_nothing_broke() {
    let master = Server::start(&[WITH_A_REPLICA, &["--enable-debug-command", "local"]].concat()).unwrap();
    let _other = replica(&master);
    let (store, heard) = heard(&master, Durability::Replicas(1));
    opened(&store).await;
    assert_eq!(deposit(&store, 1).await, Ok(Kept::Kept));
    heard.anew_more_than(0).await;
    let before = heard.times_anew();
    master.tell(&[b"DEBUG", b"CHANGE-REPL-ID"]).unwrap();
    assert_eq!(deposit(&store, 2).await, Err(Unavailable));
    heard.anew_more_than(before).await;
    assert_eq!(deposit(&store, 2).await, Ok(Kept::Kept));
    assert_eq!(lying(&store).await, Ok(vec![1, 2]));
}
