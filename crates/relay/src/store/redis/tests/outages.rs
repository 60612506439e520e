//! Servers that go, and servers that are full.

use sealpost_redis_stage::Server;

use super::backend::{SYNCED, deposit, lying, on, opened};
use crate::store::contract::{NOW, OWNER, SHELF, at, id, items};
use crate::store::{Kept, Store, Unavailable};

#[tokio::test]
async fn promise_13_an_outage_loses_nothing_and_ends_by_itself() {
    let mut server = Server::start(SYNCED).unwrap();
    let (store, _) = on(&server);
    opened(&store).await;
    assert_eq!(deposit(&store, 1).await, Ok(Kept::Kept));
    server.kill();
    assert_eq!(deposit(&store, 2).await, Err(Unavailable));
    assert!(!store.ready());
    assert_eq!(store.size(), None);
    server.restart().unwrap();
    while !store.ready() {
        tokio::task::yield_now().await;
    }
    assert_eq!(deposit(&store, 2).await, Ok(Kept::Kept));
    assert_eq!(lying(&store).await, Ok(vec![1, 2]));
}

/// Whoever makes room is let in.
#[tokio::test]
async fn a_full_server_takes_nothing_new_and_lets_owners_erase() {
    let server = Server::start(SYNCED).unwrap();
    let (store, _) = on(&server);
    opened(&store).await;
    assert_eq!(deposit(&store, 1).await, Ok(Kept::Kept));
    assert_eq!(store.open_shelf(SHELF, at(NOW)).await, Ok(Ok(())));
    assert_eq!(store.stock(SHELF, items([1, 2], None), at(NOW)).await, Ok(Ok(())));
    server.tell(&[b"CONFIG", b"SET", b"maxmemory", b"1"]).unwrap();
    assert_eq!(deposit(&store, 2).await, Err(Unavailable));
    assert_eq!(store.stock(SHELF, items([3], None), at(NOW)).await, Err(Unavailable));
    assert_eq!(lying(&store).await, Ok(vec![1]));
    assert_eq!(store.take(SHELF, NOW).await.unwrap().unwrap().as_bytes()[0], 1);
    assert_eq!(store.acknowledge(vec![(OWNER, vec![id(1)])], NOW).await, Ok(vec![Ok(())]));
    assert_eq!(store.close_mailbox(OWNER, NOW).await, Ok(Ok(())));
    assert!(!store.ready());
    server.tell(&[b"CONFIG", b"SET", b"maxmemory", b"0"]).unwrap();
    while !store.ready() {
        tokio::task::yield_now().await;
    }
    assert_eq!(store.count_items(SHELF, NOW).await, Ok(Ok(1)));
}

#[tokio::test]
async fn a_server_that_forgot_the_scripts_is_told_them_again() {
    let server = Server::start(SYNCED).unwrap();
    let (store, _) = on(&server);
    opened(&store).await;
    server.tell(&[b"SCRIPT", b"FLUSH"]).unwrap();
    assert_eq!(deposit(&store, 1).await, Ok(Kept::Kept));
}

#[tokio::test]
async fn a_store_that_was_shut_down_answers_no_more() {
    let server = Server::start(SYNCED).unwrap();
    let (store, _) = on(&server);
    opened(&store).await;
    let deposited = deposit(&store, 1);
    assert_eq!((deposited.await, store.shutdown().await), (Ok(Kept::Kept), Ok(())));
    assert_eq!(deposit(&store, 2).await, Err(Unavailable));
    assert_eq!(store.shutdown().await, Err(Unavailable));
}
