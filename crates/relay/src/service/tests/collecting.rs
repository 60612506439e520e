//! Subscriptions on one connection and on several.

use std::time::Duration;

use futures_util::FutureExt;
use sealpost_wire::codec::List;
use sealpost_wire::frame::{DeliveryFrame, Ended, Received};
use sealpost_wire::request::{Outcome, Refusal};
use tokio::time::timeout;

use super::world::*;
use crate::service::Collector;

const ROOM: usize = 1 << 20;

/// What one connection got: numbers by channel in order, and where *caught up* came.
#[derive(Debug, Default, PartialEq, Eq)]
struct Got {
    numbers: Vec<(u32, u32)>,
    caught_up_after: Vec<(u32, usize)>,
    ended: Vec<Ended>,
    last: u64,
}

impl Got {
    fn take(&mut self, frame: DeliveryFrame) {
        for delivery in frame.deliveries.iter() {
            assert!(delivery.stored.sequence > self.last || delivery.channel != 1, "out of order");
            self.last = delivery.stored.sequence;
            self.numbers.push((delivery.channel, number(&delivery.stored.id)));
        }
        self.caught_up_after.extend(frame.caught_up.iter().map(|channel| (*channel, self.numbers.len())));
        self.ended.extend(frame.ended.iter());
    }

    fn on(&self, channel: u32) -> Vec<u32> {
        self.numbers.iter().filter(|(other, _)| *other == channel).map(|(_, number)| *number).collect()
    }
}

/// Takes frames until nothing comes for a while.
async fn drain(collector: &mut Collector, got: &mut Got) {
    while let Ok(frame) = timeout(Duration::from_millis(200), collector.next(ROOM)).await {
        got.take(frame);
    }
}

#[tokio::test]
async fn a_channel_that_is_begun_anew_while_its_mailbox_is_read_gets_nothing_of_the_old_one() {
    let world = World::new();
    let (old, new) = (Mailbox::new(), Mailbox::new());
    for (mailbox, number) in [(&old, 1), (&new, 2)] {
        world.open(mailbox).await;
        world.deposit(mailbox, number).await;
    }
    let mut collector = world.relay.collector();
    for mailbox in [&old, &new, &old, &new] {
        collector.subscribe(&mailbox.subscribe(1));
        // A page is asked for, and its reader called away before it has come.
        assert_eq!(collector.next(ROOM).now_or_never(), None);
    }
    let mut got = Got::default();
    drain(&mut collector, &mut got).await;
    assert_eq!(got.on(1), [2]);
    assert_eq!(got.caught_up_after, [(1, 1)]);
}

#[tokio::test]
async fn acknowledgements_of_one_mailbox_may_come_in_any_number_of_lists_and_over_several_channels() {
    let world = World::new();
    let mailbox = Mailbox::new();
    world.open(&mailbox).await;
    for number in 0..6 {
        world.deposit(&mailbox, number).await;
    }
    let (mut collector, mut got) = (world.relay.collector(), Got::default());
    collector.subscribe(&mailbox.subscribe(2));
    collector.subscribe(&mailbox.subscribe(3));
    drain(&mut collector, &mut got).await;
    let received = |channel, number| Received { channel, ids: List::new(vec![id(number)]).unwrap() };
    collector.acknowledge([received(2, 0), received(3, 1), received(9, 2), received(2, 3)]).await;
    assert_eq!(world.lying(&mailbox).await, [2, 4, 5]);
}

#[tokio::test]
async fn what_lies_there_comes_first_then_caught_up_then_what_arrives() {
    let world = World::new();
    let mailbox = Mailbox::new();
    world.open(&mailbox).await;
    for number in 0..3 {
        world.deposit(&mailbox, number).await;
    }
    let (mut collector, mut got) = (world.relay.collector(), Got::default());
    collector.subscribe(&mailbox.subscribe(1));
    drain(&mut collector, &mut got).await;
    assert_eq!((got.on(1), &*got.caught_up_after), (vec![0, 1, 2], &[(1, 3)][..]));
    for number in 3..6 {
        world.deposit(&mailbox, number).await;
    }
    drain(&mut collector, &mut got).await;
    assert_eq!((got.on(1), got.caught_up_after.len()), (vec![0, 1, 2, 3, 4, 5], 1));
}

#[tokio::test]
async fn a_live_envelope_comes_before_it_is_accepted() {
    let world = World::new();
    let mailbox = Mailbox::new();
    world.open(&mailbox).await;
    let mut collector = world.relay.collector();
    collector.subscribe(&mailbox.subscribe(1));
    assert_eq!(&*collector.next(ROOM).await.caught_up, [1]);
    tokio::select! {
        biased;
        frame = collector.next(ROOM) => assert_eq!(frame.deliveries.len(), 1),
        outcome = world.deposit(&mailbox, 1) => panic!("{outcome:?} came first"),
    }
}

#[tokio::test]
async fn each_of_several_connections_gets_everything_and_an_acknowledgement_erases_for_all() {
    let world = World::new();
    let mailbox = Mailbox::new();
    world.open(&mailbox).await;
    world.deposit(&mailbox, 1).await;
    let (mut one, mut two) = (world.relay.collector(), world.relay.collector());
    let (mut got_one, mut got_two) = (Got::default(), Got::default());
    one.subscribe(&mailbox.subscribe(1));
    two.subscribe(&mailbox.subscribe(1));
    drain(&mut one, &mut got_one).await;
    world.deposit(&mailbox, 2).await;
    drain(&mut one, &mut got_one).await;
    drain(&mut two, &mut got_two).await;
    assert_eq!((got_one.on(1), got_two.on(1)), (vec![1, 2], vec![1, 2]));
    let ids = List::new(vec![id(1), id(2)]).unwrap();
    one.acknowledge([Received { channel: 1, ids }, Received { channel: 9, ids: List::default() }]).await;
    assert_eq!(world.lying(&mailbox).await, [0; 0]);
}

#[tokio::test]
async fn a_slow_collector_costs_bounded_memory_and_misses_nothing() {
    let world = World::with(|settings| settings.limits.deposits_per_minute = 10_000);
    let mailbox = Mailbox::new();
    world.open(&mailbox).await;
    let (mut collector, mut got) = (world.relay.collector(), Got::default());
    collector.subscribe(&mailbox.subscribe(1));
    drain(&mut collector, &mut got).await;
    for batch in 0..10_u32 {
        let deposits = (0..64).map(|number| mailbox.deposit(batch * 64 + number)).collect();
        world.relay.deposit_many(deposits).await;
        assert!(world.relay.0.hub.queued_bytes() <= 1 << 20);
    }
    assert!(world.relay.0.hub.queued_bytes() > 1 << 19);
    drain(&mut collector, &mut got).await;
    assert_eq!(got.on(1), (0..640).collect::<Vec<_>>());
    assert_eq!(world.relay.0.hub.queued_bytes(), 0);
}

/// A socket's loop cancels `next` whenever something comes in.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_missed_or_doubled_under_load_however_often_next_is_cancelled() {
    let world = World::with(|settings| settings.limits.deposits_per_minute = 10_000);
    let mailbox = Mailbox::new();
    world.open(&mailbox).await;
    let relay = world.relay.clone();
    let deposits: Vec<_> = (0..400).map(|number| mailbox.deposit(number)).collect();
    let sender = tokio::spawn(async move {
        for deposit in deposits {
            assert_eq!(relay.deposit(deposit).await.outcome, Outcome::Accepted);
        }
    });
    let (mut collector, mut got) = (world.relay.collector(), Got::default());
    collector.subscribe(&mailbox.subscribe(1));
    while got.numbers.len() < 400 {
        let patience = Duration::from_micros(rand::random_range(0..3_000));
        if let Ok(frame) = timeout(patience, collector.next(8_000)).await {
            got.take(frame);
        }
    }
    sender.await.unwrap();
    assert_eq!(got.on(1), (0..400).collect::<Vec<_>>());
    assert_eq!(got.caught_up_after.len(), 1);
}

#[tokio::test]
async fn channels_of_one_connection_are_delivered_side_by_side() {
    let world = World::new();
    let (one, two) = (Mailbox::new(), Mailbox::new());
    let (mut collector, mut got) = (world.relay.collector(), Got::default());
    for (mailbox, channel) in [(&one, 5), (&two, 6)] {
        world.open(mailbox).await;
        world.deposit(mailbox, channel).await;
        collector.subscribe(&mailbox.subscribe(channel));
    }
    drain(&mut collector, &mut got).await;
    world.deposit(&one, 55).await;
    collector.unsubscribe(6);
    world.deposit(&two, 66).await;
    drain(&mut collector, &mut got).await;
    assert_eq!((got.on(5), got.on(6)), (vec![5, 55], vec![6]));
    assert_eq!(world.relay.totals().subscriptions, 1);
}

#[tokio::test]
async fn a_channel_that_is_behind_catches_up_though_others_never_pause() {
    let world = World::with(|settings| settings.limits.deposits_per_minute = 10_000);
    let (busy, other) = (Mailbox::new(), Mailbox::new());
    let (mut collector, mut got) = (world.relay.collector(), Got::default());
    for (mailbox, channel) in [(&busy, 5), (&other, 6)] {
        world.open(mailbox).await;
        world.deposit(mailbox, 0).await;
        collector.subscribe(&mailbox.subscribe(channel));
        if channel == 5 {
            drain(&mut collector, &mut got).await;
        }
    }
    for number in 1..200 {
        world.deposit(&busy, number).await;
        got.take(collector.next(ROOM).await);
    }
    assert_eq!(got.on(6), [0]);
    drain(&mut collector, &mut got).await;
    assert_eq!((got.on(5), got.on(6)), ((0..200).collect(), vec![0]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_channels_that_are_behind_get_everything_in_order_while_more_comes() {
    let world = World::with(|settings| settings.limits.deposits_per_minute = 10_000);
    let mailboxes: Vec<Mailbox> = (0..20).map(|_| Mailbox::new()).collect();
    let (mut collector, mut got) = (world.relay.collector(), Got::default());
    for (mailbox, channel) in mailboxes.iter().zip(10..) {
        world.open(mailbox).await;
        let lying = (0..10).map(|number| mailbox.deposit(number)).collect();
        world.relay.deposit_many(lying).await;
        collector.subscribe(&mailbox.subscribe(channel));
    }
    let relay = world.relay.clone();
    let sender = tokio::spawn(async move {
        for number in 10..40 {
            relay.deposit_many(mailboxes.iter().map(|mailbox| mailbox.deposit(number)).collect()).await;
        }
    });
    while got.numbers.len() < 20 * 40 {
        let patience = Duration::from_micros(rand::random_range(0..3_000));
        if let Ok(frame) = timeout(patience, collector.next(8_000)).await {
            got.take(frame);
        }
    }
    sender.await.unwrap();
    assert!((10..30).all(|channel| got.on(channel) == (0..40).collect::<Vec<_>>()));
}

#[tokio::test]
async fn a_channel_ends_when_its_mailbox_is_closed_its_key_is_wrong_or_there_are_too_many() {
    let world = World::with(|settings| settings.limits.subscriptions = 2);
    let (mailbox, missing) = (Mailbox::new(), Mailbox::new());
    world.open(&mailbox).await;
    let (mut collector, mut got) = (world.relay.collector(), Got::default());
    collector.subscribe(&mailbox.subscribe(1));
    collector.subscribe(&missing.subscribe(2));
    collector.subscribe(&mailbox.subscribe(3));
    drain(&mut collector, &mut got).await;
    world.relay.close_mailbox(mailbox.close()).await.unwrap();
    drain(&mut collector, &mut got).await;
    got.ended.sort_by_key(|ended| ended.channel);
    let expected = [(1, Refusal::Denied), (2, Refusal::Denied), (3, Refusal::Limit)];
    assert_eq!(got.ended, expected.map(|(channel, reason)| Ended { channel, reason }));
    assert_eq!(world.relay.totals().subscriptions, 0);
}

#[tokio::test]
async fn a_connection_that_ends_leaves_nothing_behind() {
    let world = World::new();
    let mailbox = Mailbox::new();
    world.open(&mailbox).await;
    let (mut collector, mut got) = (world.relay.collector(), Got::default());
    collector.subscribe(&mailbox.subscribe(1));
    drain(&mut collector, &mut got).await;
    world.deposit(&mailbox, 1).await;
    assert!(world.relay.0.hub.queued_bytes() > 0);
    drop(collector);
    assert_eq!((world.relay.0.hub.queued_bytes(), world.relay.totals().subscriptions), (0, 0));
}

#[tokio::test]
async fn a_mailbox_that_is_being_collected_does_not_lapse() {
    let world = World::new();
    let mailbox = Mailbox::new();
    world.open(&mailbox).await;
    let (mut collector, mut got) = (world.relay.collector(), Got::default());
    collector.subscribe(&mailbox.subscribe(1));
    drain(&mut collector, &mut got).await;
    for _ in 0..5 {
        world.wait(50 * 24);
        world.relay.expire().await;
    }
    assert_eq!(world.deposit(&mailbox, 1).await, Outcome::Accepted);
}
