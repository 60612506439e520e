//! Every request, over both versions of HTTP.

use sealpost_wire::SizeClass;
use sealpost_wire::address::RelayHost;
use sealpost_wire::manifest::{self, SignedManifest};
use sealpost_wire::request::Outcome;
use sealpost_wire::statement::Closed;

use crate::objects::{Mailbox, Shelf, envelope_id, item};
use crate::peer::{BOTH, Http, Peer};
use crate::relay::TestRelay;

#[tokio::test]
async fn an_envelope_goes_in_and_comes_out_and_is_erased() {
    let relay = TestRelay::start().await;
    for http in BOTH {
        let (mut owner, mut sender) = (Peer::connect(&relay, http).await, Peer::connect(&relay, http).await);
        let mailbox = Mailbox::random();
        owner.call(&mailbox.open()).await;
        owner.call(&mailbox.open()).await;
        let ids = [envelope_id(), envelope_id(), envelope_id()];
        for (id, class) in ids.into_iter().zip(SizeClass::ALL) {
            assert_eq!(sender.call(&mailbox.deposit_of(id, class)).await.outcome, Outcome::Accepted);
        }
        let collected = owner.call(&mailbox.collect()).await;
        assert!(!collected.more);
        assert_eq!(collected.envelopes.iter().map(|stored| stored.id).collect::<Vec<_>>(), ids);
        assert!(collected.envelopes.is_sorted_by(|a, b| a.sequence < b.sequence));
        assert_eq!(collected.envelopes.iter().map(|stored| stored.sealed.class()).collect::<Vec<_>>(), SizeClass::ALL);
        owner.call(&mailbox.acknowledge(ids.to_vec())).await;
        assert!(owner.call(&mailbox.collect()).await.envelopes.is_empty());
    }
    relay.stop().await;
}

#[tokio::test]
async fn a_closed_mailbox_is_stated_to_be_and_gone() {
    let relay = TestRelay::start().await;
    for http in BOTH {
        let (mut owner, mut sender) = (Peer::connect(&relay, http).await, Peer::connect(&relay, http).await);
        let mailbox = Mailbox::random();
        owner.call(&mailbox.open()).await;
        let reply = owner.call(&mailbox.close()).await;
        let statement = reply.statement.verify(&relay.operator).expect("not signed by the operator");
        assert_eq!(statement.closed, Closed::Mailbox(mailbox.id()));
        assert_eq!(sender.call(&mailbox.deposit(envelope_id())).await.outcome, Outcome::Gone);
    }
    relay.stop().await;
}

#[tokio::test]
async fn a_shelf_is_stocked_counted_taken_from_and_closed() {
    let relay = TestRelay::start().await;
    for http in BOTH {
        let (mut owner, mut sender) = (Peer::connect(&relay, http).await, Peer::connect(&relay, http).await);
        let shelf = Shelf::random();
        owner.call(&shelf.open()).await;
        owner.call(&shelf.stock((0..100).map(item).collect(), Some(item(255)))).await;
        assert_eq!(owner.call(&shelf.count()).await.items, 100);
        assert_ne!(sender.call(&shelf.take()).await.item, item(255));
        assert_eq!(owner.call(&shelf.count()).await.items, 99);
        let statement = owner.call(&shelf.close()).await.statement.verify(&relay.operator).unwrap();
        assert_eq!(statement.closed, Closed::Shelf(shelf.id()));
        assert_eq!(sender.ask(&shelf.take()).await.refused().0, 410);
    }
    relay.stop().await;
}

#[tokio::test]
async fn the_manifest_verifies_and_is_of_either_side() {
    let relay = TestRelay::start().await;
    let host: RelayHost = "localhost:8443".parse().unwrap();
    for http in BOTH {
        let (mut owner, mut sender) = (Peer::connect(&relay, http).await, Peer::connect(&relay, http).await);
        owner.call(&Mailbox::random().open()).await;
        sender.call(&Mailbox::random().deposit(envelope_id())).await;
        for peer in [&mut owner, &mut sender] {
            let answer = peer.get(manifest::PATH).await;
            let verified = SignedManifest::from_json(&answer.body).unwrap().verify(&host, &relay.operator).unwrap();
            assert_eq!(verified.manifest.limits, relay.config.manifest_limits());
            assert_eq!(verified.manifest.retention, relay.config.manifest_retention());
        }
    }
    relay.stop().await;
}

#[tokio::test]
async fn accepted_envelopes_outlive_a_restart() {
    let relay = TestRelay::start().await;
    let mailbox = Mailbox::random();
    Peer::connect(&relay, Http::Two).await.call(&mailbox.open()).await;
    let id = envelope_id();
    Peer::connect(&relay, Http::Two).await.call(&mailbox.deposit(id)).await;
    let relay = relay.stop().await.start().await;
    let collected = Peer::connect(&relay, Http::Two).await.call(&mailbox.collect()).await;
    assert_eq!(collected.envelopes.iter().map(|stored| stored.id).collect::<Vec<_>>(), [id]);
    relay.stop().await;
}
