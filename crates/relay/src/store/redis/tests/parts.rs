//! A cluster of which a part is not there, or on its way from one server to another.

use std::sync::Arc;
use std::time::Duration;

use sealpost_redis_stage::{Cluster, Server, begin_move, end_move, move_some};
use sealpost_wire::request::MailboxKind;

use super::backend::{SYNCED, deposit, lying, opened, options};
use crate::store::contract::{Heard, NOW, OWNER, QUOTA, at, envelope, id, mailbox};
use crate::store::redis::Redis;
use crate::store::redis::keys::{CHANNELS, Tag, beginning};
use crate::store::{Kept, MailboxOwner, Range, Store, Unavailable};

/// A cluster of two, with the slot of [`OWNER`]'s mailbox, where it is and where it is to go.
struct Stage {
    cluster: Cluster,
    store: Redis,
    slot: u16,
    from: usize,
}

impl Stage {
    fn set() -> Self {
        let arguments = [SYNCED, &["--cluster-require-full-coverage", "no"]].concat();
        let cluster = Cluster::start(2, &arguments).unwrap();
        let store = Redis::open(options(&cluster.addresses()), QUOTA, Arc::<Heard>::default()).unwrap();
        let tag = store.context.keys.of(beginning(OWNER.id.as_bytes()));
        let slot = cluster.masters()[0].tell(&[b"CLUSTER", b"KEYSLOT", tag.as_bytes()]).unwrap().parse().unwrap();
        let from = usize::from(slot >= 8_192);
        Self { cluster, store, slot, from }
    }

    /// A mailbox that the other server has.
    fn elsewhere(&self) -> MailboxOwner {
        let is_elsewhere = |owner: &MailboxOwner| {
            let tag = self.store.context.keys.of(beginning(owner.id.as_bytes()));
            let slot: u16 = self.to().tell(&[b"CLUSTER", b"KEYSLOT", tag.as_bytes()]).unwrap().parse().unwrap();
            usize::from(slot >= 8_192) != self.from
        };
        (2..).map(|number| mailbox(number, 1)).find(is_elsewhere).unwrap()
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

/// The server says so unasked, while it owes an answer.
#[tokio::test]
async fn a_channel_that_moves_to_another_server_is_no_answer_to_anything() {
    let stage = Stage::set();
    let keys = &stage.store.context.keys;
    let slot =
        |tag: &Tag| stage.from().tell(&[b"CLUSTER", b"KEYSLOT", tag.as_bytes()]).unwrap().parse::<u16>().unwrap();
    let is_there = |channel: &Tag| usize::from(slot(channel) >= 8_192) == stage.from;
    let channel = (0..CHANNELS).map(|number| keys.channel(number)).find(is_there).unwrap();
    let subscribed = || stage.from().tell(&[b"PUBSUB", b"SHARDNUMSUB", channel.as_bytes()]).unwrap();
    while !subscribed().ends_with('1') {}
    let owed = keys.of(beginning(OWNER.id.as_bytes()));
    let wait = redis::cmd("WAIT").arg(1).arg(1_000).to_owned();
    let moved = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        begin_move(slot(&channel), stage.from(), stage.to()).unwrap();
        end_move(slot(&channel), stage.to(), stage.cluster.servers()).unwrap();
    };
    let (answer, ()) = tokio::join!(stage.store.context.link.ask(&owed, &wait), moved);
    assert_eq!(answer.unwrap(), redis::Value::Int(0));
    opened(&stage.store).await;
    assert_eq!(deposit(&stage.store, 1).await, Ok(Kept::Kept));
    assert_eq!(lying(&stage.store).await, Ok(vec![1]));
}

#[tokio::test]
async fn a_server_that_is_out_takes_nothing_with_it_but_its_own() {
    let mut stage = Stage::set();
    let other = stage.elsewhere();
    opened(&stage.store).await;
    assert_eq!(stage.store.open_mailbox(other, MailboxKind::Pairwise, at(NOW)).await, Ok(Ok(())));
    let both = |number| vec![envelope(OWNER, number, NOW), envelope(other, number, NOW)];
    assert_eq!(stage.store.deposit(both(1), NOW).await, Ok(vec![Kept::Kept, Kept::Kept]));
    let from = stage.from;
    stage.cluster.servers_mut()[from].kill();
    assert_eq!(stage.store.deposit(both(2), NOW).await, Ok(vec![Kept::Slowed, Kept::Kept]));
    let received = vec![(OWNER, vec![id(1)]), (other, vec![id(1), id(2)])];
    assert_eq!(stage.store.acknowledge(received, NOW).await, Err(Unavailable));
    stage.cluster.servers_mut()[from].restart().unwrap();
    while lying(&stage.store).await != Ok(vec![1]) {}
    let range = Range { after: 0, envelopes: 9, bytes: usize::MAX };
    assert!(stage.store.page(other, range, at(NOW)).await.unwrap().unwrap().envelopes.is_empty());
}

/// Were no relay ready while one server is out, whoever shares connections out among them would take all of it away.
#[tokio::test]
async fn a_store_is_ready_as_long_as_any_server_takes_writes() {
    let mut stage = Stage::set();
    let elsewhere = stage.elsewhere();
    opened(&stage.store).await;
    assert_eq!(stage.store.open_mailbox(elsewhere, MailboxKind::Pairwise, at(NOW)).await, Ok(Ok(())));
    let (from, to) = (stage.from, 1 - stage.from);
    stage.cluster.servers_mut()[from].kill();
    assert_eq!(deposit(&stage.store, 1).await, Err(Unavailable));
    // It is found out every second whether anything takes writes.
    for number in 1..=3 {
        while stage.store.deposit(vec![envelope(elsewhere, number, NOW)], NOW).await != Ok(vec![Kept::Kept]) {
            tokio::task::yield_now().await;
        }
        assert!(stage.store.ready());
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    stage.cluster.servers_mut()[to].kill();
    while stage.store.ready() {
        let _refused = deposit(&stage.store, 1).await;
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    for server in [from, to] {
        stage.cluster.servers_mut()[server].restart().unwrap();
    }
    while !stage.store.ready() || deposit(&stage.store, 1).await != Ok(Kept::Kept) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
