//! How far one goes for a relay that only a directory has named.

use std::time::Duration;

use futures_util::StreamExt;
use sealpost_wire::operator::OperatorSecret;

use super::super::fake::World;
use super::*;
use crate::net::test_relay::{Certificate, RelayServer};
use crate::{Event, WaitReason};

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_next_door_that_only_a_directory_names_is_not_contacted() {
    let world = World::open().await;
    let next_door = RelayServer::start(&Certificate::fresh(), |_| Vec::new()).await;
    let mut card = card(&world, 5);
    card.relay = next_door.reference(&OperatorSecret::from_seed(&[3; 32]));
    world.list(&nth(1), &card);
    let seeker = Seeker::new(&world.relay());
    let found = seeker.look_up(row(2)).await.found[0].1;
    let by_hand = seeker.client.add(&CardRef { identity: self::card(&world, 6).identity, ..card }, "by hand").unwrap();
    let mut events = seeker.client.events();
    let engine = seeker.client.start().unwrap();
    for (contact, reason) in [(found, WaitReason::Unreachable), (by_hand, WaitReason::NotTrusted)] {
        seeker.client.send(contact, "are you there?").unwrap();
        let waits = async { while events.next().await != Some(Event::Waiting(contact, reason)) {} };
        tokio::time::timeout(Duration::from_secs(20), waits).await.expect("it does not wait for this reason");
        // A card that was added by hand is followed anywhere, and here it leads to somebody else.
        assert_eq!(next_door.handshakes().is_empty(), contact == found);
    }
    engine.stop().await;
}
