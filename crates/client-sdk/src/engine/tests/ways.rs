//! How messages find their way: strangers, answers, items that expire, mailboxes that are gone, people who are blocked.

use sealpost_wire::time::Day;

use super::side::{DAY, Side, acquainted};
use crate::engine::rotation;
use crate::engine::sealing::{self, Plan};
use crate::store::outbox::SealedRow;
use crate::store::{contacts, mailboxes, outbox};
use crate::{ContactState, ErrorKind, Event, FailureReason, MessageState, Position};

fn is_at_front_door(side: &Side, sealed: &SealedRow) -> bool {
    let mailboxes = side.client.0.store.read(mailboxes::all).unwrap();
    let mailbox = mailboxes.iter().find(|mailbox| mailbox.id() == sealed.target.mailbox()).unwrap();
    matches!(mailbox.purpose, mailboxes::Purpose::FrontDoor { .. })
}

#[test]
fn a_stranger_becomes_a_request_and_nothing_goes_back_by_itself() {
    let (alice, bob) = (Side::new(), Side::new());
    let to_bob = alice.client.add(&bob.card(), "Bob").unwrap();
    let events = bob.receive(&alice.send(to_bob, &bob, &["hello"]));
    let contact = bob.client.contacts().unwrap().remove(0);
    assert_eq!((contact.state, contact.name.as_str()), (ContactState::Unaccepted, "request-1"));
    assert_eq!(events, [Event::ContactRequest(contact.id)]);
    assert_eq!(bob.client.status().unwrap().outbox, 0);
    assert!(matches!(bob.seal(|sealer, tx| sealer.plan(tx, contact.id)), Plan::Nothing));
    let mailboxes = bob.client.0.store.read(mailboxes::all).unwrap();
    assert!(mailboxes.iter().all(|mailbox| matches!(mailbox.purpose, mailboxes::Purpose::FrontDoor { .. })));
}

#[test]
fn the_front_door_sees_no_more_of_those_who_have_answered_each_other() {
    let (alice, to_bob, bob, _) = acquainted();
    let sealed = alice.send(to_bob, &bob, &["to your own mailbox"]);
    assert!(!is_at_front_door(&bob, &sealed[0]));
    bob.receive(&sealed);
    assert_eq!(bob.shown(), ["hello", "to your own mailbox"]);
}

#[test]
fn both_sides_pin_the_same_keys() {
    let (alice, to_bob, bob, to_alice) = acquainted();
    let (hers, his) = (alice.client.safety_number(to_bob).unwrap(), bob.client.safety_number(to_alice).unwrap());
    assert_eq!(hers.digits(), his.digits());
    assert!(bob.client.contact(to_alice).unwrap().key_known);
}

#[test]
fn a_first_message_whose_item_expires_is_sealed_anew() {
    let (mut alice, mut bob) = (Side::new(), Side::new());
    let to_bob = alice.client.add(&bob.card(), "Bob").unwrap();
    alice.client.send(to_bob, "late").unwrap();
    let before = alice.seal_for(to_bob, &bob);
    (alice.now, bob.now) = (alice.now + 31 * DAY, bob.now + 31 * DAY);
    bob.stock();
    let after = alice.seal_for(to_bob, &bob);
    assert!(before[0].1.id != after[0].1.id);
    assert!(before[0].0.message == after[0].0.message && after[0].0.counter.is_none_or(|counter| counter == 1));
    bob.receive([&after[0].1]);
    assert_eq!(bob.shown(), ["late"]);
}

#[test]
fn when_a_mailbox_is_gone_the_card_leads_back_and_nothing_is_shown_twice() {
    let (alice, to_bob, bob, _) = acquainted();
    alice.client.send(to_bob, "which way?").unwrap();
    let pairwise = alice.seal_for(to_bob, &bob);
    alice.write(|tx| sealing::address_is_gone(tx, to_bob, &pairwise[0].1.target));
    // The door of the first contact is still valid, so it is the way back.
    let by_door = alice.seal_for(to_bob, &bob);
    assert!(is_at_front_door(&bob, &by_door[0].1));
    bob.receive([&by_door[0].1, &pairwise[0].1]);
    assert_eq!(bob.shown(), ["hello", "which way?"]);
    // When that is gone as well, the card that was given inside the seal comes first.
    alice.write(|tx| sealing::address_is_gone(tx, to_bob, &by_door[0].1.target));
    let Plan::Introduce(cards) = alice.seal(|sealer, tx| sealer.plan(tx, to_bob)) else { panic!("no introduction") };
    assert!(cards.len() == 2 && cards[0].shelf() != bob.card().shelf() && cards[1].shelf() == bob.card().shelf());
}

#[test]
fn only_a_higher_generation_replaces_an_address() {
    let (alice, to_bob, bob, to_alice) = acquainted();
    let known = |side: &Side, of| side.client.0.store.read(|tx| contacts::peer(tx, of)).unwrap();
    let before = known(&bob, to_alice);
    alice.write(|tx| rotation::add_mailbox(tx, to_bob, Day::of(alice.now)));
    alice.open_mailboxes();
    bob.receive(&alice.send(to_bob, &bob, &["I have moved"]));
    let after = known(&bob, to_alice);
    assert_eq!((before.generation, after.generation), (1, 2));
    assert!(before.address.map(|address| address.address) != after.address.map(|address| address.address));
}

#[test]
fn nothing_is_heard_from_or_sent_to_who_is_blocked() {
    let (alice, to_bob, bob, to_alice) = acquainted();
    let waiting = bob.client.send(to_alice, "never sent").unwrap();
    bob.client.block(to_alice).unwrap();
    assert_eq!(bob.client.message(waiting).unwrap().state, MessageState::Failed(FailureReason::Blocked));
    assert_eq!(bob.client.send(to_alice, "nor this").unwrap_err().kind(), ErrorKind::Blocked);
    bob.receive(&alice.send(to_bob, &bob, &["let me in"]));
    assert_eq!(bob.shown(), ["hello"]);
    // Accepted again, the conversation goes on in a mailbox of a higher generation.
    bob.client.accept(to_alice).unwrap();
    let sealed = bob.send(to_alice, &alice, &["come in"]);
    alice.receive(&sealed);
    assert_eq!(alice.shown(), ["hello yourself", "come in"]);
    let newest = bob.client.0.store.read(|tx| mailboxes::newest_of(tx, to_alice)).unwrap().unwrap();
    assert!(matches!(newest.purpose, mailboxes::Purpose::Pairwise { generation: 2, .. }));
}

#[test]
fn a_contact_without_any_way_to_them_is_gone() {
    let alice = Side::new();
    let bob = Side::new();
    let to_bob = alice.client.add(&bob.card(), "Bob").unwrap();
    let id = alice.client.send(to_bob, "anybody?").unwrap();
    alice.write(|tx| sealing::give_up(tx, to_bob, FailureReason::ContactGone).map(|_plan| ()));
    assert_eq!(alice.client.message(id).unwrap().state, MessageState::Failed(FailureReason::ContactGone));
    assert_eq!(alice.client.0.store.read(outbox::count).unwrap(), 0);
}

#[test]
fn an_item_of_another_card_is_refused() {
    let (alice, bob, mallory) = (Side::new(), Side::new(), Side::new());
    let to_bob = alice.client.add(&bob.card(), "Bob").unwrap();
    let item = mallory.take();
    let introduced = alice.seal(|sealer, tx| sealer.introduce(tx, to_bob, &bob.card(), &item));
    assert_eq!(introduced, sealing::Introduced::Mismatch);
    assert!(!alice.client.contact(to_bob).unwrap().key_known);
}

#[test]
fn a_clock_that_jumps_delays_but_loses_nothing() {
    let (mut alice, mut bob) = (Side::new(), Side::new());
    let to_bob = alice.client.add(&bob.card(), "Bob").unwrap();
    alice.client.send(to_bob, "in the future").unwrap();
    // Years ahead, everything on the shelf looks expired: that is waited out, not given up.
    alice.now += 700 * DAY;
    let item = bob.take();
    let introduced = alice.seal(|sealer, tx| sealer.introduce(tx, to_bob, &bob.card(), &item));
    assert_eq!(introduced, sealing::Introduced::Expired);
    alice.now -= 800 * DAY;
    bob.now -= 400 * DAY;
    bob.receive(alice.seal_for(to_bob, &bob).iter().map(|(_, sealed)| sealed));
    assert_eq!(bob.shown(), ["in the future"]);
}

#[test]
fn a_cursor_never_moves_back_and_readers_do_not_share_one() {
    let alice = Side::new();
    assert_eq!(alice.client.cursor("bell").unwrap(), Position::START);
    alice.client.confirm("bell", Position(7)).unwrap();
    alice.client.confirm("bell", Position(3)).unwrap();
    assert_eq!(
        (alice.client.cursor("bell").unwrap(), alice.client.cursor("window").unwrap()),
        (Position(7), Position::START)
    );
}
