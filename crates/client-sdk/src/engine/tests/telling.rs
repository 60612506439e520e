//! Receipts and typing: nothing unless it is turned on, never to strangers, late and in one, and like any text.

use std::time::Duration;

use sealpost_wire::SizeClass;

use super::side::{DAY, RECEIPT_WITHIN, Side, acquainted};
use crate::engine::opening::give_up_on_gap;
use crate::engine::telling;
use crate::store::outbox::SealedRow;
use crate::store::receipts;
use crate::{ContactId, ErrorKind, Event, MessageState, Position};

/// What goes to a contact although nobody has written.
fn control(side: &Side, contact: ContactId, peer: &Side) -> Vec<SealedRow> {
    let batch = side.seal_for(contact, peer);
    side.accepted(&batch);
    batch.into_iter().map(|(_, sealed)| sealed).collect()
}

/// The time for receipts is over.
fn tell(side: &mut Side) {
    side.now += RECEIPT_WITHIN;
    let now = side.now;
    side.write(|tx| telling::tell(tx, now));
}

fn states(side: &Side, contact: ContactId) -> Vec<MessageState> {
    let messages = side.client.history(contact, None, 100).unwrap().into_iter().map(|message| message.state);
    messages.filter(|state| !matches!(state, MessageState::Received { .. })).collect()
}

#[test]
fn nothing_is_told_unless_it_was_turned_on() {
    let (alice, to_bob, mut bob, to_alice) = acquainted();
    bob.receive(&alice.send(to_bob, &bob, &["one"]));
    bob.client.mark_read(to_alice, Position(u64::MAX >> 1)).unwrap();
    assert!(!bob.client.typing(to_alice).unwrap());
    for _ in 0..30 {
        tell(&mut bob);
    }
    assert!(control(&bob, to_alice, &alice).is_empty());
    let answer = bob.send(to_alice, &alice, &["an answer"]);
    assert_eq!(alice.receive(&answer), []);
    assert_eq!(states(&alice, to_bob), [MessageState::Accepted; 2]);
}

#[test]
fn only_a_contact_can_be_told() {
    let (alice, bob) = (Side::new(), Side::new());
    let to_bob = alice.client.add(&bob.card(), "Bob").unwrap();
    bob.receive(&alice.send(to_bob, &bob, &["hello from a stranger"]));
    let stranger = bob.client.contacts().unwrap()[0].id;
    let refused = |outcome: Result<(), crate::Error>| outcome.unwrap_err().kind();
    assert_eq!(refused(bob.client.set_receipts(stranger, true)), ErrorKind::NotAccepted);
    assert_eq!(refused(bob.client.set_typing(stranger, true)), ErrorKind::NotAccepted);
    bob.client.accept(stranger).unwrap();
    bob.client.set_receipts(stranger, true).unwrap();
    bob.client.block(stranger).unwrap();
    bob.client.accept(stranger).unwrap();
    assert!(!bob.client.contact(stranger).unwrap().receipts, "blocking turns it off");
}

#[test]
fn many_messages_get_one_receipt_after_a_while_and_none_at_once() {
    let (alice, to_bob, mut bob, to_alice) = acquainted();
    bob.client.set_receipts(to_alice, true).unwrap();
    bob.receive(&alice.send(to_bob, &bob, &["one", "two", "three"]));
    let due = bob.client.0.store.read(receipts::next_due).unwrap().unwrap();
    let wait = due.duration_since(bob.now).unwrap();
    assert!(wait >= RECEIPT_WITHIN / 8 && wait <= RECEIPT_WITHIN, "{wait:?}");
    bob.write(|tx| telling::tell(tx, bob.now));
    assert!(control(&bob, to_alice, &alice).is_empty());
    tell(&mut bob);
    let receipt = control(&bob, to_alice, &alice);
    assert_eq!(receipt.len(), 1);
    assert_eq!(alice.receive(&receipt), [Event::Receipt(to_bob)]);
    assert_eq!(states(&alice, to_bob), [MessageState::Delivered; 4]);
    tell(&mut bob);
    assert!(control(&bob, to_alice, &alice).is_empty());
}

#[test]
fn a_receipt_goes_along_with_a_message_and_no_other_is_made() {
    let (alice, to_bob, mut bob, to_alice) = acquainted();
    bob.client.set_receipts(to_alice, true).unwrap();
    bob.receive(&alice.send(to_bob, &bob, &["read this"]));
    let newest = bob.client.history(to_alice, None, 1).unwrap()[0].position;
    bob.client.mark_read(to_alice, newest).unwrap();
    let answer = bob.send(to_alice, &alice, &["I have"]);
    assert_eq!(alice.receive(&answer), [Event::Receipt(to_bob)]);
    assert_eq!(states(&alice, to_bob), [MessageState::Read; 2]);
    tell(&mut bob);
    assert!(control(&bob, to_alice, &alice).is_empty());
}

#[test]
fn receipts_are_not_answered_by_receipts() {
    let (mut alice, to_bob, mut bob, to_alice) = acquainted();
    alice.client.set_receipts(to_bob, true).unwrap();
    bob.client.set_receipts(to_alice, true).unwrap();
    bob.receive(&alice.send(to_bob, &bob, &["only this"]));
    tell(&mut bob);
    alice.receive(&control(&bob, to_alice, &alice));
    tell(&mut alice);
    assert!(control(&alice, to_bob, &bob).is_empty());
}

#[test]
fn what_was_lost_is_not_said_to_have_arrived() {
    let (alice, to_bob, mut bob, to_alice) = acquainted();
    bob.client.set_receipts(to_alice, true).unwrap();
    let sealed = alice.send(to_bob, &bob, &["one", "lost", "three"]);
    bob.receive([&sealed[0], &sealed[2]]);
    let missing = bob.write(|tx| give_up_on_gap(tx, to_alice, 4));
    assert_eq!(missing, 1);
    tell(&mut bob);
    alice.receive(&control(&bob, to_alice, &alice));
    let delivered = MessageState::Delivered;
    assert_eq!(states(&alice, to_bob), [delivered, delivered, MessageState::Accepted, delivered]);
    bob.receive([&sealed[1]]);
    tell(&mut bob);
    alice.receive(&control(&bob, to_alice, &alice));
    assert_eq!(states(&alice, to_bob), [delivered; 4]);
}

#[test]
fn a_receipt_of_more_than_was_sent_is_not_believed() {
    let (alice, to_bob, bob, to_alice) = acquainted();
    bob.client.set_receipts(to_alice, true).unwrap();
    bob.write(|tx| crate::store::contacts::set_expected(tx, to_alice, 1_000));
    bob.write(|tx| receipts::set_news(tx, to_alice, bob.now));
    assert_eq!(alice.receive(&bob.send(to_alice, &alice, &["all thousand of them"])), []);
    assert_eq!(states(&alice, to_bob), [MessageState::Accepted]);
}

#[test]
fn to_a_relay_a_text_a_receipt_and_a_notice_are_one_shape() {
    let (alice, to_bob, mut bob, to_alice) = acquainted();
    bob.client.set_receipts(to_alice, true).unwrap();
    bob.client.set_typing(to_alice, true).unwrap();
    bob.now = crate::clock::now();
    assert!(bob.client.typing(to_alice).unwrap());
    let typing = control(&bob, to_alice, &alice);
    bob.receive(&alice.send(to_bob, &bob, &["hello?"]));
    tell(&mut bob);
    let receipt = control(&bob, to_alice, &alice);
    let text = bob.send(to_alice, &alice, &["a text"]);
    let shapes: Vec<_> = [&typing, &receipt, &text]
        .into_iter()
        .map(|rows| (rows.len(), rows[0].envelope.class(), rows[0].target.mailbox()))
        .collect();
    assert!(shapes.iter().all(|shape| *shape == shapes[0]) && shapes[0].1 == SizeClass::Small);
}

#[test]
fn typing_is_told_at_once_seldom_and_never_late() {
    let (mut alice, to_bob, mut bob, to_alice) = acquainted();
    alice.client.set_typing(to_bob, true).unwrap();
    // The app's calls read the clock of this machine.
    (alice.now, bob.now) = (crate::clock::now(), crate::clock::now());
    assert!(alice.client.typing(to_bob).unwrap());
    assert!(!alice.client.typing(to_bob).unwrap(), "one is enough");
    let notice = control(&alice, to_bob, &bob);
    assert!(!alice.client.typing(to_bob).unwrap(), "for ten seconds");
    bob.now += Duration::from_secs(600);
    assert_eq!(bob.receive(&notice), [], "nobody is writing any more");
    bob.now = alice.now;
    alice.write(|tx| telling::notice(tx, to_bob, alice.now + telling::TYPING_EVERY).map(drop));
    assert_eq!(bob.receive(&control(&alice, to_bob, &bob)), [Event::Typing(to_alice)]);
    assert_eq!(bob.shown(), ["hello"]);
    // One that could not be sealed in time is dropped, and leaves no gap.
    alice.write(|tx| telling::notice(tx, to_bob, alice.now + 3 * telling::TYPING_EVERY).map(drop));
    alice.now += DAY;
    assert!(control(&alice, to_bob, &bob).is_empty());
    bob.receive(&alice.send(to_bob, &bob, &["there"]));
    assert_eq!(bob.shown(), ["hello", "there"]);
}

#[test]
fn nothing_of_it_goes_through_a_front_door() {
    let (mut alice, bob) = (Side::new(), Side::new());
    let to_bob = alice.client.add(&bob.card(), "Bob").unwrap();
    alice.client.set_typing(to_bob, true).unwrap();
    alice.client.set_receipts(to_bob, true).unwrap();
    alice.send(to_bob, &bob, &["hello"]);
    assert!(!alice.client.typing(to_bob).unwrap());
    alice.write(|tx| receipts::set_news(tx, to_bob, alice.now));
    tell(&mut alice);
    assert!(control(&alice, to_bob, &bob).is_empty());
}
