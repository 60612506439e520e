//! A connection has one side.

use sealpost_wire::frame::{COLLECT_SOCKET, DEPOSIT_SOCKET};
use sealpost_wire::request::{Refusal, Take};

use crate::objects::{Mailbox, Shelf, envelope_id};
use crate::peer::{BOTH, Http, Peer, Socket};
use crate::relay::TestRelay;

const WRONG_SIDE: (u16, Refusal) = (409, Refusal::WrongSide);

#[tokio::test]
async fn an_owners_connection_takes_no_senders_request() {
    let relay = TestRelay::start().await;
    for http in BOTH {
        let mut owner = Peer::connect(&relay, http).await;
        let (mailbox, shelf) = (Mailbox::random(), Shelf::random());
        owner.call(&mailbox.open()).await;
        assert_eq!(owner.ask(&mailbox.deposit(envelope_id())).await.refused(), WRONG_SIDE);
        assert_eq!(owner.ask::<Take>(&shelf.take()).await.refused(), WRONG_SIDE);
        owner.call(&mailbox.collect()).await;
    }
    relay.stop().await;
}

#[tokio::test]
async fn a_senders_connection_takes_no_owners_request() {
    let relay = TestRelay::start().await;
    for http in BOTH {
        let mut sender = Peer::connect(&relay, http).await;
        let (mailbox, shelf) = (Mailbox::random(), Shelf::random());
        sender.call(&mailbox.deposit(envelope_id())).await;
        assert_eq!(sender.ask(&mailbox.open()).await.refused(), WRONG_SIDE);
        assert_eq!(sender.ask(&mailbox.collect()).await.refused(), WRONG_SIDE);
        assert_eq!(sender.ask(&mailbox.acknowledge(Vec::new())).await.refused(), WRONG_SIDE);
        assert_eq!(sender.ask(&mailbox.close()).await.refused(), WRONG_SIDE);
        assert_eq!(sender.ask(&shelf.open()).await.refused(), WRONG_SIDE);
        assert_eq!(sender.ask(&shelf.stock(Vec::new(), None)).await.refused(), WRONG_SIDE);
        assert_eq!(sender.ask(&shelf.count()).await.refused(), WRONG_SIDE);
        assert_eq!(sender.ask(&shelf.close()).await.refused(), WRONG_SIDE);
    }
    relay.stop().await;
}

#[tokio::test]
async fn a_refused_request_has_told_the_side_all_the_same() {
    let relay = TestRelay::start().await;
    let mut peer = Peer::connect(&relay, Http::One).await;
    assert_eq!(peer.post("/v1/open-mailbox", Vec::new()).await.refused(), (400, Refusal::Malformed));
    assert_eq!(peer.ask(&Mailbox::random().deposit(envelope_id())).await.refused(), WRONG_SIDE);
    relay.stop().await;
}

#[tokio::test]
async fn a_socket_opens_only_on_its_own_side() {
    let relay = TestRelay::start().await;
    for (path, other) in [(COLLECT_SOCKET, "/v1/deposit"), (DEPOSIT_SOCKET, "/v1/collect")] {
        let mut peer = Peer::connect(&relay, Http::One).await;
        peer.post(other, Vec::new()).await;
        assert_eq!(peer.get(path).await.refused(), WRONG_SIDE);
    }
    relay.stop().await;
}

#[tokio::test]
async fn one_sides_connection_does_not_bind_another_connection() {
    let relay = TestRelay::start().await;
    let _collector = Socket::open(&relay, COLLECT_SOCKET).await;
    let _depositor = Socket::open(&relay, DEPOSIT_SOCKET).await;
    Peer::connect(&relay, Http::Two).await.call(&Mailbox::random().open()).await;
    relay.stop().await;
}
