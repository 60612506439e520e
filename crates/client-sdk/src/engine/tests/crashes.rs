//! A crash between any two transactions, and inside one, loses nothing and shows nothing twice.

use super::side::Side;
use crate::Event;

#[test]
fn what_was_sealed_before_a_crash_goes_out_in_the_same_bytes() {
    let (alice, bob) = (Side::new(), Side::new());
    let to_bob = alice.client.add(&bob.card(), "Bob").unwrap();
    alice.client.send(to_bob, "once").unwrap();
    let before = alice.seal_for(to_bob, &bob);
    let after = alice.seal_for(to_bob, &bob);
    assert!(before[0].1.id == after[0].1.id && before[0].1.envelope == after[0].1.envelope);
    // The relay may have got both: it knows them by their id, and so does the recipient.
    bob.receive([&before[0].1, &after[0].1]);
    assert_eq!(bob.shown(), ["once"]);
}

#[test]
fn an_outcome_that_comes_twice_counts_once() {
    let (alice, bob) = (Side::new(), Side::new());
    let to_bob = alice.client.add(&bob.card(), "Bob").unwrap();
    let id = alice.client.send(to_bob, "once").unwrap();
    let batch = alice.seal_for(to_bob, &bob);
    alice.accepted(&batch);
    alice.accepted(&batch);
    assert_eq!(alice.client.message(id).unwrap().state, crate::MessageState::Accepted);
    assert!(alice.seal_for(to_bob, &bob).is_empty());
}

#[test]
fn a_crash_before_the_commit_leaves_everything_to_be_opened_again() {
    let (alice, bob) = (Side::new(), Side::new());
    let to_bob = alice.client.add(&bob.card(), "Bob").unwrap();
    let sealed = alice.send(to_bob, &bob, &["one", "two"]);
    let arrivals = bob.arrivals(&sealed);
    assert!(bob.open(&arrivals, true).is_err());
    assert!(bob.shown().is_empty() && bob.client.contacts().unwrap().is_empty());
    bob.open(&arrivals, false).unwrap();
    assert_eq!(bob.shown(), ["one", "two"]);
}

#[test]
fn a_crash_before_the_acknowledgement_shows_nothing_twice() {
    let (alice, bob) = (Side::new(), Side::new());
    let to_bob = alice.client.add(&bob.card(), "Bob").unwrap();
    let sealed = alice.send(to_bob, &bob, &["one", "two"]);
    bob.receive(&sealed);
    assert_eq!(bob.receive(&sealed), []);
    assert_eq!(bob.shown(), ["one", "two"]);
}

#[test]
fn a_first_message_is_not_accepted_a_second_time_under_another_id() {
    let (alice, bob) = (Side::new(), Side::new());
    let to_bob = alice.client.add(&bob.card(), "Bob").unwrap();
    let mut sealed = alice.send(to_bob, &bob, &["one"]);
    bob.receive(&sealed);
    sealed[0].id = sealpost_wire::EnvelopeId::from_bytes([9; 16]);
    bob.receive(&sealed);
    assert_eq!(bob.shown(), ["one"]);
}

#[test]
fn what_cannot_be_opened_is_recorded_once_and_stops_nothing() {
    let (alice, bob) = (Side::new(), Side::new());
    let to_bob = alice.client.add(&bob.card(), "Bob").unwrap();
    let sealed = alice.send(to_bob, &bob, &["one", "two"]);
    let mut arrivals = bob.arrivals(&sealed);
    let noise = vec![7; arrivals[0].stored.sealed.as_bytes().len()];
    arrivals[0].stored.sealed = sealpost_wire::AtRest::new(noise.into()).unwrap();
    let events = bob.open(&arrivals, false).unwrap();
    assert!(events.contains(&Event::Unopened));
    assert_eq!(bob.open(&arrivals, false).unwrap(), []);
    assert_eq!(bob.client.status().unwrap().unopened, 1);
}
