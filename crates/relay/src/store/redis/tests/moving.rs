//! Slots that move from one server of a cluster to another while they are used.

use std::sync::Arc;

use sealpost_redis_stage::{Cluster, Server, begin_move, end_move, move_some};

use super::backend::{SYNCED, deposit, lying, opened, options};
use crate::store::contract::{Heard, NOW, OWNER, QUOTA, id};
use crate::store::redis::Redis;
use crate::store::{Kept, Store, Unavailable};

/// A cluster of two, with the slot of [`OWNER`]'s mailbox, where it is and where it is to go.
struct Stage {
    cluster: Cluster,
    store: Redis,
    slot: u16,
    from: usize,
}

impl Stage {
    fn set() -> Self {
        let cluster = Cluster::start(2, SYNCED).unwrap();
        let store = Redis::open(options(&cluster.addresses()), QUOTA, Arc::<Heard>::default()).unwrap();
        let tag = store.context.keys.of(super::super::keys::beginning(OWNER.id.as_bytes()));
        let slot = cluster.masters()[0].tell(&[b"CLUSTER", b"KEYSLOT", tag.as_bytes()]).unwrap().parse().unwrap();
        let from = usize::from(slot >= 8_192);
        Self { cluster, store, slot, from }
    }

    fn from(&self) -> &Server {
        &self.cluster.masters()[self.from]
    }

    fn to(&self) -> &Server {
        &self.cluster.masters()[1 - self.from]
    }
}

/// A mailbox of which only a part has arrived must not look as if it were not there, or were empty.
#[tokio::test]
async fn what_is_on_its_way_to_another_server_is_to_be_tried_later() {
    let stage = Stage::set();
    opened(&stage.store).await;
    assert_eq!(deposit(&stage.store, 1).await, Ok(Kept::Kept));
    begin_move(stage.slot, stage.from(), stage.to()).unwrap();
    assert_eq!(deposit(&stage.store, 2).await, Err(Unavailable));
    assert_eq!(lying(&stage.store).await, Err(Unavailable));
    while move_some(stage.slot, stage.from(), stage.to()).unwrap() {}
    assert_eq!(stage.store.acknowledge(vec![(OWNER, vec![id(1)])], NOW).await, Err(Unavailable));
    assert!(stage.store.ready(), "a move is no outage");
    end_move(stage.slot, stage.to(), stage.cluster.servers()).unwrap();
    assert_eq!(deposit(&stage.store, 2).await, Ok(Kept::Kept));
    assert_eq!(lying(&stage.store).await, Ok(vec![1, 2]));
}
