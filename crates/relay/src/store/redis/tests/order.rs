//! Deposits that are under way at once, more of them than a connection sends without a pause.

use std::net::SocketAddr;
use std::sync::Arc;

use futures_util::future::join_all;
use sealpost_redis_stage::{Cluster, Server};
use sealpost_wire::EnvelopeId;

use super::backend::{SYNCED, opened, options};
use crate::store::contract::{Heard, NOW, OWNER, QUOTA, at, envelope};
use crate::store::redis::{Durability, Options, Redis};
use crate::store::{Kept, NewEnvelope, Quota, Range, Store};

const DEPOSITS: u32 = 3_000;

async fn are_kept_in_order(servers: &[SocketAddr], durability: Durability) {
    let quota = Quota { envelopes: 1 << 20, bytes: 1 << 40, ..QUOTA };
    let store = Redis::open(Options { durability, ..options(servers) }, quota, Arc::<Heard>::default()).unwrap();
    opened(&store).await;
    let deposits = (0..DEPOSITS).map(|number| {
        let id = EnvelopeId::from_bytes(u128::from(number).to_be_bytes());
        store.deposit(vec![NewEnvelope { id, ..envelope(OWNER, 0, NOW) }], NOW)
    });
    assert!(join_all(deposits).await.into_iter().all(|kept| kept == Ok(vec![Kept::Kept])));
    let range = Range { after: 0, envelopes: usize::MAX, bytes: usize::MAX };
    let page = store.page(OWNER, range, at(NOW)).await.unwrap().unwrap();
    let ids: Vec<u128> = page.envelopes.iter().map(|stored| u128::from_be_bytes(*stored.id.as_bytes())).collect();
    assert!(ids.iter().copied().eq(0..u128::from(DEPOSITS)));
}

#[tokio::test]
async fn a_server_keeps_them_in_order() {
    let server = Server::start(SYNCED).unwrap();
    are_kept_in_order(&[server.address()], Durability::Disk).await;
}

/// Each is sent when the one before was answered: were all synced one by one, the last would wait for longer than any may.
#[tokio::test]
async fn a_cluster_keeps_them_in_order() {
    let cluster = Cluster::start(1, &["--appendonly", "yes"]).unwrap();
    are_kept_in_order(&cluster.addresses(), Durability::Second).await;
}
