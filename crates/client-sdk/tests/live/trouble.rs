//! Relays that go away, mailboxes that are full or gone, processes that share a profile.

use std::time::Duration;

use futures_util::StreamExt;
use sealpost_client::{Connection, Event, Options, Profile, Unlock, WaitReason};
use sealpost_identity::Imei;
use sealpost_identity::tripwire::{NumberKind, OwnNumber, Tripwire};
use tokio::time::timeout;

use crate::people::{KEY, Person, options};
use crate::relay::{PATIENCE, TestRelay};

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_of_the_relay_loses_and_repeats_nothing() {
    let relay = TestRelay::start().await;
    let (alice, mut bob) = (Person::online(&relay.reference).await, Person::online(&relay.reference).await);
    let to_bob = alice.add(&bob, "Bob");
    alice.say(to_bob, "first").await;
    bob.hears("first").await;
    let mut relay = Some(relay);
    for n in 0..60 {
        alice.client.send(to_bob, &format!("message {n}")).unwrap();
        if n % 20 == 10 {
            relay = Some(relay.take().unwrap().stop().await.start().await);
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    for n in 0..60 {
        bob.hears(&format!("message {n}")).await;
    }
    bob.hears_nothing_more().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn engines_that_stop_and_start_lose_and_repeat_nothing() {
    let relay = TestRelay::start().await;
    let (mut alice, mut bob) = (Person::online(&relay.reference).await, Person::online(&relay.reference).await);
    let to_bob = alice.add(&bob, "Bob");
    for n in 0..40 {
        alice.client.send(to_bob, &format!("message {n}")).unwrap();
        if n % 10 == 5 {
            alice = alice.reopen().await;
            bob = bob.reopen().await;
            alice.start();
            bob.start();
        }
    }
    for n in 0..40 {
        bob.hears(&format!("message {n}")).await;
    }
    bob.hears_nothing_more().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_mailbox_makes_the_sender_wait() {
    let relay = TestRelay::start_with(|config| config.limits.mailbox_envelopes = 4).await;
    let (alice, mut bob) = (Person::online(&relay.reference).await, Person::online(&relay.reference).await);
    let to_bob = alice.add(&bob, "Bob");
    alice.say(to_bob, "first").await;
    let to_alice = bob.hears("first").await;
    bob.say(to_alice, "answer").await;
    alice.client.settled(alice.client.send(to_bob, "second").unwrap()).await.unwrap();
    bob.hears("second").await;
    bob.stop().await;
    let mut events = alice.client.events();
    for n in 0..8 {
        alice.client.send(to_bob, &format!("much {n}")).unwrap();
    }
    let full = async { while events.next().await != Some(Event::Waiting(to_bob, WaitReason::Full)) {} };
    timeout(PATIENCE, full).await.expect("it was never told");
    bob.start();
    for n in 0..8 {
        bob.hears(&format!("much {n}")).await;
    }
    bob.hears_nothing_more().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_handle_puts_messages_into_the_same_outbox_and_sees_the_same_inbox() {
    let relay = TestRelay::start().await;
    let (mut alice, mut bob) = (Person::online(&relay.reference).await, Person::online(&relay.reference).await);
    let to_bob = alice.add(&bob, "Bob");
    let profile = Profile::open(alice.directory.path(), &Unlock::raw_key(KEY), options()).unwrap();
    let Profile::OptedIn(second) = profile else { panic!("not opted in") };
    let waiting = second.start().unwrap();
    let mut events = second.events();
    let id = second.send(to_bob, "from the other one").unwrap();
    second.settled(id).await.unwrap();
    let to_alice = bob.hears("from the other one").await;
    bob.say(to_alice, "seen by both").await;
    alice.hears("seen by both").await;
    let event = timeout(PATIENCE, events.next()).await.expect("the other one was told nothing");
    assert!(matches!(event, Some(Event::Received { contact, .. }) if contact == to_bob));
    assert_eq!(second.status().unwrap().connection, Connection::Idle);
    assert!(second.status().unwrap().engine_runs);
    // When the first engine stops, the second one takes over.
    alice.stop().await;
    let id = second.send(to_bob, "taken over").unwrap();
    timeout(PATIENCE, second.settled(id)).await.expect("nobody took over").unwrap();
    bob.hears("taken over").await;
    waiting.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_forgot_everything_is_furnished_again() {
    let relay = TestRelay::start().await;
    let mut bob = Person::online(&relay.reference).await;
    bob.stop().await;
    let _relay = relay.stop().await.emptied().start().await;
    bob.start();
    bob.is(Connection::CaughtUp).await;
    let alice = Person::online(&_relay.reference).await;
    let to_bob = alice.add(&bob, "Bob");
    alice.say(to_bob, "anybody home?").await;
    bob.hears("anybody home?").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_whose_name_gives_the_device_away_is_not_even_looked_up() {
    let imei = "490154203237518";
    let mut reference = TestRelay::start().await.reference;
    reference.host = format!("{imei}.example.org:443").parse().unwrap();
    let directory = tempfile::tempdir().unwrap();
    drop(crate::people::opt_in(directory.path(), &reference));
    let tripwire = Tripwire::new([OwnNumber::Imei(Imei::parse(imei).unwrap())]);
    let options = Options { tripwire, ..options() };
    let Profile::OptedIn(client) = Profile::open(directory.path(), &Unlock::raw_key(KEY), options).unwrap() else {
        panic!("not opted in")
    };
    let mut events = client.events();
    let _engine = client.start().unwrap();
    let hit = async {
        loop {
            match events.next().await {
                Some(Event::TripwireHit(tripped)) => return tripped.kind,
                Some(_) => {}
                None => panic!("no more events"),
            }
        }
    };
    assert_eq!(timeout(PATIENCE, hit).await.expect("it was never told"), NumberKind::Imei);
    assert_eq!(client.status().unwrap().connection, Connection::Offline);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contact_who_floods_is_cut_off_by_closing_one_mailbox_and_nobody_else_notices() {
    let relay = TestRelay::start_with(|config| config.limits.mailbox_envelopes = 16).await;
    let online = || Person::online(&relay.reference);
    let (mut bob, mut carol, mut mallory) = (online().await, online().await, online().await);
    let (carols, mallorys) = (carol.add(&bob, "Bob"), mallory.add(&bob, "Bob"));
    let mut bobs = Vec::new();
    for (person, to_bob) in [(&mut carol, carols), (&mut mallory, mallorys)] {
        person.say(to_bob, "hello").await;
        let contact = bob.hears("hello").await;
        bob.say(contact, "hello yourself").await;
        person.hears("hello yourself").await;
        person.say(to_bob, "to your own mailbox").await;
        bob.hears("to your own mailbox").await;
        bobs.push(contact);
    }
    let before = bob.client.status().unwrap().mailboxes;
    bob.stop().await;
    let mut events = mallory.client.events();
    for n in 0..40 {
        mallory.client.send(mallorys, &format!("flood {n}")).unwrap();
    }
    let full = async { while events.next().await != Some(Event::Waiting(mallorys, WaitReason::Full)) {} };
    timeout(PATIENCE, full).await.expect("the quota is no end of it");
    // The quota is that mailbox's own: others still get through.
    carol.say(carols, "can you hear me?").await;
    bob.client.block(bobs[1]).unwrap();
    bob.start();
    bob.hears("can you hear me?").await;
    let closed = async {
        while bob.client.status().unwrap().mailboxes != before - 1 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, closed).await.expect("it is not closed");
    // What goes by the card instead is discarded, and no mailbox is opened for it.
    let id = mallory.client.send(mallorys, "by another way").unwrap();
    timeout(PATIENCE, mallory.client.settled(id)).await.expect("never settled").unwrap();
    carol.say(carols, "and now?").await;
    bob.hears("and now?").await;
    bob.hears_nothing_more().await;
    assert_eq!(bob.client.status().unwrap().mailboxes, before - 1);
    bob.say(bobs[0], "as ever").await;
    carol.hears("as ever").await;
}
