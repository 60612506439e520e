//! Moving to another relay, and where relays may be.

use std::time::Duration;

use futures_util::StreamExt;
use sealpost_client::{
    Client, Connection, ErrorKind, Event, Events, MoveStage, Moving, Options, Position, Profile, Regions, Unlock,
};
use tokio::time::{sleep, timeout};

use crate::people::{KEY, Person, options};
use crate::relay::{PATIENCE, TestRelay};

async fn reaches(person: &Person, stage: MoveStage) -> Moving {
    let reached = async {
        loop {
            let moving = person.client.moves().unwrap().pop().unwrap();
            if moving.stage >= stage {
                return moving;
            }
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, reached).await.expect("the move hangs")
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_go_both_ways_before_during_and_after_a_move() {
    let (old, new) = (TestRelay::start().await, TestRelay::start().await);
    let (mut alice, mut bob) = (Person::online(&old.reference).await, Person::online(&old.reference).await);
    let to_bob = alice.add(&bob, "Bob");
    alice.say(to_bob, "hello").await;
    let to_alice = bob.hears("hello").await;
    bob.say(to_alice, "hello yourself").await;
    alice.hears("hello yourself").await;
    let mut events = alice.client.events();
    let begun = alice.client.move_to(&new.reference).await.unwrap();
    assert_eq!((begun.stage, begun.contacts), (MoveStage::Opening, 1));
    for number in 0..20 {
        bob.client.send(to_alice, &format!("b{number}")).unwrap();
        alice.client.send(to_bob, &format!("a{number}")).unwrap();
    }
    assert_eq!(reaches(&alice, MoveStage::Waiting).await.told, 1);
    for number in 0..20 {
        alice.hears(&format!("b{number}")).await;
        bob.hears(&format!("a{number}")).await;
    }
    let told = async { while events.next().await != Some(Event::Moving(MoveStage::Waiting)) {} };
    timeout(PATIENCE, told).await.expect("it was never told");
    alice.is(Connection::CaughtUp).await;
    // The old relay is not needed any more by those who have heard of it.
    bob.say(to_alice, "to the new one").await;
    alice.hears("to the new one").await;
    let carol = Person::online(&new.reference).await;
    let from_carol = carol.add(&alice, "Alice");
    carol.say(from_carol, "by the new card").await;
    alice.hears("by the new card").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_goes_on_after_any_restart_and_with_the_old_relay_gone() {
    let (old, new) = (TestRelay::start().await, TestRelay::start().await);
    let (mut alice, mut bob) = (Person::online(&old.reference).await, Person::online(&new.reference).await);
    let to_bob = alice.add(&bob, "Bob");
    alice.say(to_bob, "hello").await;
    let to_alice = bob.hears("hello").await;
    bob.say(to_alice, "hello yourself").await;
    alice.hears("hello yourself").await;
    alice.client.move_to(&new.reference).await.unwrap();
    alice = alice.reopen().await;
    let setup = old.stop().await;
    alice.start();
    alice.is(Connection::CaughtUp).await;
    reaches(&alice, MoveStage::Waiting).await;
    bob.say(to_alice, "are you there?").await;
    alice.hears("are you there?").await;
    drop(setup);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_changes_when_the_new_relay_is_away_or_the_same() {
    let (old, new) = (TestRelay::start().await, TestRelay::start().await);
    let alice = Person::online(&old.reference).await;
    let (card, reference) = (alice.client.card().unwrap(), new.reference.clone());
    let _setup = new.stop().await;
    assert_eq!(alice.client.move_to(&reference).await.unwrap_err().kind(), ErrorKind::Unreachable);
    assert_eq!(alice.client.move_to(&old.reference).await.unwrap_err().kind(), ErrorKind::AlreadyThere);
    assert!(alice.client.moves().unwrap().is_empty() && alice.client.card().unwrap() == card);
}

/// Somebody's profile, opened with these regions.
fn opened(directory: &std::path::Path, regions: Regions) -> Client {
    let profile = Profile::open(directory, &Unlock::raw_key(KEY), Options { regions, ..options() });
    let Ok(Profile::OptedIn(client)) = profile else { panic!("not opted in") };
    client
}

async fn forbidden(events: &mut Events) -> String {
    let told = async {
        loop {
            if let Some(Event::RegionNotAllowed { region, .. }) = events.next().await {
                return region;
            }
        }
    };
    timeout(PATIENCE, told).await.expect("it was never told")
}

async fn in_region(region: &'static str) -> TestRelay {
    TestRelay::start_with(move |config| config.relay.region = region.to_owned()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_opened_or_moved_where_it_is_not_allowed() {
    let (here, there) = (in_region("eu-de").await, in_region("us-east").await);
    let Person { client, directory, .. } = Person::new(&here.reference);
    drop(client);
    let client = opened(directory.path(), Regions::only(["ch"]));
    let mut events = client.events();
    let engine = client.start().unwrap();
    assert_eq!(forbidden(&mut events).await, "eu-de");
    engine.stop().await;
    assert_eq!(client.status().unwrap().mailboxes, 0);
    drop(client);
    let client = opened(directory.path(), Regions::only(["EU-DE"]));
    let refused = client.move_to(&there.reference).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::RegionNotAllowed);
    assert!(client.moves().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_goes_where_it_is_not_allowed_is_told_and_collected_on() {
    let relay = in_region("eu-de").await;
    let (alice, mut bob) = (Person::online(&relay.reference).await, Person::online(&relay.reference).await);
    let to_bob = alice.add(&bob, "Bob");
    alice.say(to_bob, "hello").await;
    bob.hears("hello").await;
    bob.stop().await;
    let Person { client, directory, .. } = bob;
    drop(client);
    let _relay = relay.stop().await.with(|config| config.relay.region = "us-east".to_owned()).start().await;
    let client = opened(directory.path(), Regions::only(["eu-de"]));
    let mut events = client.events();
    let engine = client.start().unwrap();
    assert_eq!(forbidden(&mut events).await, "us-east");
    alice.say(to_bob, "can you hear me?").await;
    let heard = async {
        while client.messages_after(Position::START, 10).unwrap().len() < 2 {
            sleep(Duration::from_millis(20)).await
        }
    };
    timeout(PATIENCE, heard).await.expect("it is not collected any more");
    engine.stop().await;
}
