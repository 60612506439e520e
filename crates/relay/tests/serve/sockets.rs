//! Both sockets.

use std::collections::HashSet;

use sealpost_wire::EnvelopeId;
use sealpost_wire::codec::{List, V1};
use sealpost_wire::frame::{
    COLLECT_SOCKET, Channel, DEPOSIT_SOCKET, DeliveryFrame, DepositFrame, OutcomeFrame, OwnerFrame, Received,
    Subscribe, Tagged,
};
use sealpost_wire::request::{Outcome, Refusal};
use tokio_tungstenite::tungstenite::Message;

use crate::objects::{Mailbox, envelope_id};
use crate::peer::{Http, Peer, Socket};
use crate::relay::TestRelay;

const PROTOCOL: Option<u16> = Some(1002);
const TOO_BIG: Option<u16> = Some(1009);

pub(crate) fn subscribe(channel: Channel, mailbox: &Mailbox) -> OwnerFrame {
    let subscribe = Subscribe { channel, mailbox: mailbox.id(), collect: mailbox.collect.clone() };
    OwnerFrame { subscribe: List::new(vec![subscribe]).unwrap(), ..OwnerFrame::default() }
}

fn received(channel: Channel, ids: Vec<EnvelopeId>) -> OwnerFrame {
    let received = Received { channel, ids: List::new(ids).unwrap() };
    OwnerFrame { acknowledge: List::new(vec![received]).unwrap(), ..OwnerFrame::default() }
}

fn deposits(mailbox: &Mailbox, ids: &[EnvelopeId]) -> DepositFrame {
    let tagged = |(id, tag): (&EnvelopeId, u32)| Tagged { tag, deposit: mailbox.deposit(*id) };
    DepositFrame { version: V1, deposits: List::new(ids.iter().zip(0..).map(tagged).collect()).unwrap() }
}

async fn opened(relay: &TestRelay) -> Mailbox {
    let mailbox = Mailbox::random();
    Peer::connect(relay, Http::Two).await.call(&mailbox.open()).await;
    mailbox
}

/// Collects until `count` envelopes have come, in order.
pub(crate) async fn collect(socket: &mut Socket, count: usize) -> Vec<EnvelopeId> {
    let (mut ids, mut last) = (Vec::new(), 0);
    while ids.len() < count {
        for delivery in socket.hear::<DeliveryFrame>().await.deliveries.into_vec() {
            assert!(delivery.stored.sequence > last, "out of order");
            last = delivery.stored.sequence;
            ids.push(delivery.stored.id);
        }
    }
    ids
}

#[tokio::test]
async fn deposits_in_one_frame_are_all_answered_by_their_tags() {
    let relay = TestRelay::start().await;
    let mailbox = opened(&relay).await;
    let ids: Vec<_> = (0..64).map(|_| envelope_id()).collect();
    let mut socket = Socket::open(&relay, DEPOSIT_SOCKET).await;
    socket.say(&deposits(&mailbox, &ids)).await;
    let mut open: HashSet<u32> = (0..64).collect();
    while !open.is_empty() {
        for told in socket.hear::<OutcomeFrame>().await.outcomes.iter() {
            assert_eq!(told.outcome, Outcome::Accepted);
            assert!(open.remove(&told.tag), "answered twice");
        }
    }
    relay.stop().await;
}

#[tokio::test]
async fn what_lay_there_comes_first_then_what_arrives() {
    let relay = TestRelay::start().await;
    let mailbox = opened(&relay).await;
    let (before, after): (Vec<_>, Vec<_>) =
        ((0..20).map(|_| envelope_id()).collect(), (0..20).map(|_| envelope_id()).collect());
    let mut sender = Socket::open(&relay, DEPOSIT_SOCKET).await;
    sender.say(&deposits(&mailbox, &before)).await;
    sender.hear::<OutcomeFrame>().await;
    let mut collector = Socket::open(&relay, COLLECT_SOCKET).await;
    collector.say(&subscribe(5, &mailbox)).await;
    assert_eq!(collect(&mut collector, before.len()).await, before);
    sender.say(&deposits(&mailbox, &after)).await;
    assert_eq!(collect(&mut collector, after.len()).await, after);
    relay.stop().await;
}

#[tokio::test]
async fn catching_up_is_told_once_for_each_channel() {
    let relay = TestRelay::start().await;
    let (one, two) = (opened(&relay).await, opened(&relay).await);
    let mut collector = Socket::open(&relay, COLLECT_SOCKET).await;
    collector.say(&subscribe(1, &one)).await;
    collector.say(&subscribe(2, &two)).await;
    let mut told = Vec::new();
    while told.len() < 2 {
        told.extend(collector.hear::<DeliveryFrame>().await.caught_up.into_vec());
    }
    told.sort_unstable();
    assert_eq!(told, [1, 2]);
    relay.stop().await;
}

#[tokio::test]
async fn what_is_acknowledged_on_a_socket_is_erased() {
    let relay = TestRelay::start().await;
    let mailbox = opened(&relay).await;
    let ids: Vec<_> = (0..10).map(|_| envelope_id()).collect();
    let mut sender = Socket::open(&relay, DEPOSIT_SOCKET).await;
    sender.say(&deposits(&mailbox, &ids)).await;
    let mut collector = Socket::open(&relay, COLLECT_SOCKET).await;
    collector.say(&subscribe(0, &mailbox)).await;
    collect(&mut collector, ids.len()).await;
    collector.say(&received(0, ids[..9].to_vec())).await;
    // The socket is served in order, so a channel that ends tells that the acknowledgement before it was heard.
    collector.say(&subscribe(1, &Mailbox::random())).await;
    while collector.hear::<DeliveryFrame>().await.ended.is_empty() {}
    drop(collector);
    let relay = relay.stop().await.start().await;
    let collected = Peer::connect(&relay, Http::Two).await.call(&mailbox.collect()).await;
    assert_eq!(collected.envelopes.iter().map(|stored| stored.id).collect::<Vec<_>>(), ids[9..]);
    relay.stop().await;
}

#[tokio::test]
async fn a_wrong_key_and_an_unknown_mailbox_end_a_channel_alike() {
    let relay = TestRelay::start().await;
    let mailbox = opened(&relay).await;
    let mut collector = Socket::open(&relay, COLLECT_SOCKET).await;
    let mut ended = Vec::new();
    for probe in [subscribe(1, &Mailbox::random()), wrong_key(1, &mailbox)] {
        collector.say(&probe).await;
        ended.push(collector.hear::<DeliveryFrame>().await);
    }
    assert_eq!(ended[0], ended[1]);
    assert_eq!(ended[0].ended.iter().map(|ended| ended.reason).collect::<Vec<_>>(), [Refusal::Denied]);
    relay.stop().await;
}

fn wrong_key(channel: Channel, mailbox: &Mailbox) -> OwnerFrame {
    let wrong = Subscribe { channel, mailbox: mailbox.id(), collect: Mailbox::random().collect };
    OwnerFrame { subscribe: List::new(vec![wrong]).unwrap(), ..OwnerFrame::default() }
}

#[tokio::test]
async fn what_is_no_frame_ends_the_socket_and_no_other() {
    let relay = TestRelay::start().await;
    let mailbox = opened(&relay).await;
    let mut other = Socket::open(&relay, DEPOSIT_SOCKET).await;
    for path in [COLLECT_SOCKET, DEPOSIT_SOCKET] {
        for bad in [vec![], vec![0xff], vec![0xa1, 0, 2], vec![0xa0, 0]] {
            let mut socket = Socket::open(&relay, path).await;
            socket.say_bytes(bad).await;
            assert_eq!(socket.goodbye().await, PROTOCOL);
        }
        let mut socket = Socket::open(&relay, path).await;
        futures_util::SinkExt::send(&mut socket.0, Message::Text("hello".into())).await.unwrap();
        assert_eq!(socket.goodbye().await, PROTOCOL);
    }
    other.say(&deposits(&mailbox, &[envelope_id()])).await;
    assert_eq!(other.hear::<OutcomeFrame>().await.outcomes[0].outcome, Outcome::Accepted);
    relay.stop().await;
}

#[tokio::test]
async fn a_message_over_the_limit_ends_the_socket() {
    let relay = TestRelay::start().await;
    for path in [COLLECT_SOCKET, DEPOSIT_SOCKET] {
        let mut socket = Socket::open(&relay, path).await;
        socket.say_bytes(vec![0; relay.config.manifest_limits().body_bytes + 1]).await;
        assert_eq!(socket.goodbye().await, TOO_BIG);
    }
    relay.stop().await;
}

#[tokio::test]
async fn frames_before_a_bad_one_are_served() {
    let relay = TestRelay::start().await;
    let mailbox = opened(&relay).await;
    let mut sender = Socket::open(&relay, DEPOSIT_SOCKET).await;
    sender.say(&deposits(&mailbox, &[envelope_id()])).await;
    assert_eq!(sender.hear::<OutcomeFrame>().await.outcomes.len(), 1);
    sender.say_bytes(vec![0xff]).await;
    assert_eq!(sender.goodbye().await, PROTOCOL);
    assert_eq!(Peer::connect(&relay, Http::Two).await.call(&mailbox.collect()).await.envelopes.len(), 1);
    relay.stop().await;
}
