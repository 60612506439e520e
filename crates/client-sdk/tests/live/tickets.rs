//! Relays that ask for tickets.

use futures_util::StreamExt;
use sealpost_client::{Client, Connection, ErrorKind, Event, Events, MessageState, PhoneNumber};
use sealpost_relay::config::TicketPolicy;
use tokio::time::timeout;

use crate::neighbourhood::Neighbourhood;
use crate::people::Person;
use crate::relay::{PATIENCE, TestRelay};

async fn by_invite(mailboxes: u16) -> TestRelay {
    TestRelay::start_with(|config| {
        (config.tickets.policy, config.tickets.mailboxes) = (TicketPolicy::Invite, mailboxes);
        config.tickets.strangers_per_hour = 1;
    })
    .await
}

fn invite(client: &Client, relay: &TestRelay) {
    client.add_invite(&relay.reference, &relay.invite()).unwrap();
}

/// Somebody who was invited, and is online.
async fn invited(relay: &TestRelay) -> Person {
    let mut person = Person::new(&relay.reference);
    invite(&person.client, relay);
    person.start();
    person.is(Connection::CaughtUp).await;
    person
}

async fn tells_ticketless(events: &mut Events, relay: &TestRelay) {
    let expected = Event::NeedsTickets { server: relay.reference.host.clone(), reason: ErrorKind::NeedsTickets };
    let told = async { while events.next().await.expect("events ended") != expected {} };
    timeout(PATIENCE, told).await.expect("nobody was told that tickets are needed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_opens_all_that_a_conversation_takes() {
    let relay = by_invite(128).await;
    let (mut alice, mut bob) = (invited(&relay).await, invited(&relay).await);
    let to_bob = alice.add(&bob, "Bob");
    // One of the two goes with the ticket of the item that was taken: both are one too many for a stranger without tickets.
    alice.say(to_bob, "hello").await;
    let to_alice = bob.hears("hello").await;
    alice.say(to_bob, "are you there?").await;
    bob.hears("are you there?").await;
    bob.client.accept(to_alice).unwrap();
    bob.say(to_alice, "yes").await;
    alice.hears("yes").await;
    alice.say(to_bob, "good").await;
    bob.hears("good").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_code_it_is_told_what_is_needed_and_what_was_written_waits_for_it() {
    let relay = by_invite(128).await;
    let mut bob = invited(&relay).await;
    let mut alice = Person::new(&relay.reference);
    let (to_bob, mut events) = (alice.add(&bob, "Bob"), alice.client.events());
    let message = alice.client.send(to_bob, "waits for a code").unwrap();
    alice.start();
    tells_ticketless(&mut events, &relay).await;
    assert_eq!(alice.client.message(message).unwrap().state, MessageState::Queued);
    let mut alice = alice.reopen().await;
    alice.start();
    invite(&alice.client, &relay);
    let settled = timeout(PATIENCE, alice.client.settled(message)).await.expect("it never went").unwrap();
    assert_eq!(settled.state, MessageState::Accepted);
    bob.hears("waits for a code").await;
    alice.is(Connection::CaughtUp).await;
}

/// A voucher is good for one mailbox a day here, and everybody needs three: two front doors and one for answers.
#[tokio::test(flavor = "multi_thread")]
async fn an_exhausted_stock_is_told_of_and_nothing_is_lost_until_there_is_more() {
    let relay = by_invite(8).await;
    let mut alice = Person::new(&relay.reference);
    let mut events = alice.client.events();
    invite(&alice.client, &relay);
    alice.start();
    tells_ticketless(&mut events, &relay).await;
    for _ in 0..8 {
        invite(&alice.client, &relay);
    }
    alice.is(Connection::CaughtUp).await;
    let mut bob = Person::new(&relay.reference);
    for _ in 0..8 {
        invite(&bob.client, &relay);
    }
    bob.start();
    bob.is(Connection::CaughtUp).await;
    let to_bob = alice.add(&bob, "Bob");
    alice.say(to_bob, "found a way").await;
    bob.hears("found a way").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_an_attesters_word_gives_tickets_a_proved_number_opens_what_waited_and_nobody_needs_a_code() {
    let all = Neighbourhood::by_attestation().await;
    let number = |text| PhoneNumber::parse(text, None).unwrap();
    // Bob proves first; Alice is told what is missing, and needs to do nothing but prove hers.
    let mut bob = Person::new(&all.relay.reference);
    all.prove(&bob.discovery(), &number("+4915123456789")).await;
    bob.start();
    bob.is(Connection::CaughtUp).await;
    let mut alice = Person::new(&all.relay.reference);
    let (to_bob, mut events) = (alice.add(&bob, "Bob"), alice.client.events());
    let message = alice.client.send(to_bob, "waits for a number").unwrap();
    alice.start();
    tells_ticketless(&mut events, &all.relay).await;
    assert_eq!(alice.client.message(message).unwrap().state, MessageState::Queued);
    all.prove(&alice.discovery(), &number("+4915123456780")).await;
    let settled = timeout(PATIENCE, alice.client.settled(message)).await.expect("it never went").unwrap();
    assert_eq!(settled.state, MessageState::Accepted);
    let to_alice = bob.hears("waits for a number").await;
    bob.say(to_alice, "so it did").await;
    alice.hears("so it did").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_anyone_gets_tickets_nobody_needs_a_code() {
    let relay = TestRelay::start_with(|config| config.tickets.policy = TicketPolicy::Open).await;
    let (alice, mut bob) = (Person::online(&relay.reference).await, Person::online(&relay.reference).await);
    let to_bob = alice.add(&bob, "Bob");
    alice.say(to_bob, "hello").await;
    bob.hears("hello").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_begins_to_ask_for_tickets_is_noticed() {
    let relay = TestRelay::start().await;
    let mut bob = Person::online(&relay.reference).await;
    let mut alice = Person::online(&relay.reference).await;
    alice.stop().await;
    let setup = relay.stop().await;
    let relay = setup.with(|config| config.tickets.policy = TicketPolicy::Open).start().await;
    alice.start();
    let to_bob = alice.add(&bob, "Bob");
    alice.say(to_bob, "still here").await;
    bob.hears("still here").await;
    relay.stop().await;
}
