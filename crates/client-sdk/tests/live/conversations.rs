//! Two people talk.

use futures_util::StreamExt;
use sealpost_client::{Connection, ContactState, ErrorKind, Event, MAX_TEXT, WaitReason};

use crate::people::Person;
use crate::relay::TestRelay;

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_writes_and_is_answered() {
    let relay = TestRelay::start().await;
    let (alice, mut bob) = (Person::online(&relay.reference).await, Person::online(&relay.reference).await);
    let mut alice = alice;
    let to_bob = alice.add(&bob, "Bob");
    assert_eq!(alice.client.safety_number(to_bob).unwrap_err().kind(), ErrorKind::KeyNotKnownYet);
    alice.say(to_bob, "hello Bob").await;
    let to_alice = bob.hears("hello Bob").await;
    assert_eq!(bob.client.contact(to_alice).unwrap().state, ContactState::Unaccepted);
    bob.client.accept(to_alice).unwrap();
    bob.client.rename(to_alice, "Alice").unwrap();
    bob.say(to_alice, "hello Alice").await;
    assert_eq!(alice.hears("hello Alice").await, to_bob);
    for number in 0..10 {
        alice.say(to_bob, &format!("ping {number}")).await;
        bob.hears(&format!("ping {number}")).await;
        bob.say(to_alice, &format!("pong {number}")).await;
        alice.hears(&format!("pong {number}")).await;
    }
    let (hers, his) = (alice.client.safety_number(to_bob).unwrap(), bob.client.safety_number(to_alice).unwrap());
    assert_eq!(hers.digits(), his.digits());
    bob.hears_nothing_more().await;
    assert_eq!(alice.client.status().unwrap().outbox, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_while_the_other_is_away_arrives_in_order_and_once() {
    let relay = TestRelay::start().await;
    let (alice, mut bob) = (Person::online(&relay.reference).await, Person::online(&relay.reference).await);
    let to_bob = alice.add(&bob, "Bob");
    alice.say(to_bob, "first").await;
    let to_alice = bob.hears("first").await;
    bob.stop().await;
    let ids: Vec<_> = (0..100).map(|n| alice.client.send(to_bob, &format!("away {n}")).unwrap()).collect();
    alice.client.settled(*ids.last().unwrap()).await.unwrap();
    bob.start();
    for n in 0..100 {
        assert_eq!(bob.hears(&format!("away {n}")).await, to_alice);
    }
    bob.hears_nothing_more().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn both_write_first_at_the_same_time() {
    let relay = TestRelay::start().await;
    let (mut alice, mut bob) = (Person::online(&relay.reference).await, Person::online(&relay.reference).await);
    let (to_bob, to_alice) = (alice.add(&bob, "Bob"), bob.add(&alice, "Alice"));
    tokio::join!(alice.say(to_bob, "from Alice"), bob.say(to_alice, "from Bob"));
    assert_eq!(bob.hears("from Alice").await, to_alice);
    assert_eq!(alice.hears("from Bob").await, to_bob);
    for number in 0..5 {
        alice.say(to_bob, &format!("a{number}")).await;
        bob.hears(&format!("a{number}")).await;
        bob.say(to_alice, &format!("b{number}")).await;
        alice.hears(&format!("b{number}")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn opted_in_and_written_offline_it_goes_out_when_the_relay_is_there() {
    let relay = TestRelay::start().await;
    let mut bob = Person::online(&relay.reference).await;
    let reference = relay.reference.clone();
    let setup = relay.stop().await;
    let mut alice = Person::new(&reference);
    let to_bob = alice.add(&bob, "Bob");
    let id = alice.client.send(to_bob, "written offline").unwrap();
    alice.start();
    alice.is(Connection::Offline).await;
    let _relay = setup.start().await;
    alice.client.settled(id).await.unwrap();
    bob.hears("written offline").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_text_arrives_as_it_was() {
    let relay = TestRelay::start().await;
    let (alice, mut bob) = (Person::online(&relay.reference).await, Person::online(&relay.reference).await);
    let to_bob = alice.add(&bob, "Bob");
    let longest = "x".repeat(MAX_TEXT);
    for text in ["", " ", "\u{1F9E1}\u{200D}\u{1F525}", "\u{5E9}\u{5DC}\u{5D5}\u{5DD}", "\u{0}\n\t", &longest] {
        alice.say(to_bob, text).await;
        bob.hears(text).await;
    }
    let too_long = alice.client.send(to_bob, &"x".repeat(MAX_TEXT + 1)).unwrap_err();
    assert_eq!(too_long.kind(), ErrorKind::TextTooLong);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_long_messages_at_once_arrive() {
    let relay = TestRelay::start().await;
    let (alice, mut bob) = (Person::online(&relay.reference).await, Person::online(&relay.reference).await);
    let to_bob = alice.add(&bob, "Bob");
    let long = "long ".repeat(8_000);
    for number in 0..40 {
        alice.client.send(to_bob, &format!("{number} {long}")).unwrap();
    }
    for number in 0..40 {
        bob.hears(&format!("{number} {long}")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_waits_for_someone_who_was_never_online() {
    let relay = TestRelay::start().await;
    let alice = Person::online(&relay.reference).await;
    let mut bob = Person::new(&relay.reference);
    let to_bob = alice.add(&bob, "Bob");
    let mut events = alice.client.events();
    let id = alice.client.send(to_bob, "welcome").unwrap();
    while events.next().await != Some(Event::Waiting(to_bob, WaitReason::NotThereYet)) {}
    bob.start();
    alice.client.settled(id).await.unwrap();
    bob.hears("welcome").await;
}
