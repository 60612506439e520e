//! Moving to another relay: what contacts hear of it, what still arrives, and what is closed when.

use std::time::Duration;

use sealpost_wire::RelayRef;
use sealpost_wire::operator::OperatorSecret;
use sealpost_wire::statement::SignedDeletion;
use sealpost_wire::time::Day;

use super::side::{DAY, Side, acquainted, relay};
use crate::engine::calendar::by_the_day;
use crate::engine::rotation::{self, Pace};
use crate::leaving::OptOutReport;
use crate::moving::{self, MoveStage};
use crate::profile::add_card;
use crate::store::closings::{Closing, Outcome, Target};
use crate::store::entries::Publication;
use crate::store::outbox::SealedRow;
use crate::store::shelves::CardKind;
use crate::store::{closings, contacts, entries, mailboxes, numbers, relays, shelves};
use crate::{ContactId, Moving, PhoneNumber};

const PACE: Pace = Pace { spare: Duration::from_secs(3_600), announce: Duration::from_secs(43_200) };

fn another() -> RelayRef {
    let operator = OperatorSecret::from_seed(&[2; 32]).public();
    RelayRef { host: "elsewhere.example.org:443".parse().unwrap(), operator }
}

fn moves(side: &Side, to: &RelayRef) {
    side.write(|tx| moving::begin(tx, to, side.now, Duration::from_secs(60)).map(drop));
}

/// Upkeep reaches the relays: opens, and stocks shelves.
fn furnish(side: &mut Side) {
    side.now += Duration::from_secs(61);
    side.upkeep();
    side.open_mailboxes();
    side.write(|tx| {
        for card in shelves::all(tx)? {
            shelves::set_opened(tx, card.row)?;
            shelves::set_renewed(tx, card.row, Day::of(side.now), 10)?;
        }
        rotation::announce(tx, side.now)
    });
}

fn passes(side: &mut Side, days: u32) {
    for _ in 0..days {
        side.now += DAY;
        side.drain();
        let now = side.now;
        side.write(|tx| by_the_day(tx, now, PACE));
        side.write(|tx| moving::close_left_behind(tx, Day::of(now)));
        side.upkeep();
    }
}

fn state(side: &Side) -> Moving {
    side.client.moves().unwrap().pop().expect("a move")
}

fn deliver(from: &Side, contact: ContactId, to: &Side) -> Vec<SealedRow> {
    let batch = from.seal_for(contact, to);
    from.accepted(&batch);
    batch.into_iter().map(|(_, sealed)| sealed).collect()
}

/// The relay states that it has closed all that is to be closed.
fn close_all(side: &Side, relay: &OperatorSecret) -> usize {
    let pending = side.client.0.store.read(closings::pending).unwrap();
    let count = pending.len();
    for closing in pending {
        let statement = SignedDeletion::sign(closing.target.closed(), Day::of(side.now), relay);
        side.write(|tx| {
            closings::set_outcome(tx, closing.row, &Outcome::Confirmed(statement))?;
            moving::settled(tx, &closing)
        });
    }
    count
}

#[test]
fn a_contact_hears_where_one_is_now_and_answers_there() {
    let (mut alice, to_bob, bob, to_alice) = acquainted();
    moves(&alice, &another());
    assert_eq!((state(&alice).stage, state(&alice).contacts, state(&alice).told), (MoveStage::Opening, 1, 0));
    assert!(alice.client.status().unwrap().relay == another() && alice.card().relay == another());
    furnish(&mut alice);
    assert_eq!(state(&alice).stage, MoveStage::Telling);
    bob.receive(&deliver(&alice, to_bob, &bob));
    assert_eq!((state(&alice).stage, state(&alice).told), (MoveStage::Waiting, 1));
    let known = bob.client.0.store.read(|tx| contacts::peer(tx, to_alice)).unwrap();
    assert!(known.address.is_some_and(|address| address.address.relay == another()));
    assert!(known.inner_card.is_some_and(|card| card.relay == another()), "and the card to come back to");
    alice.receive(&bob.send(to_alice, &alice, &["how is it there?"]));
    assert_eq!(alice.shown(), ["hello yourself", "how is it there?"]);
    assert_eq!(bob.shown(), ["hello"], "nothing of it is shown");
}

#[test]
fn the_card_goes_along_until_it_is_known_to_have_arrived() {
    let (mut alice, to_bob, bob, to_alice) = acquainted();
    let due = |alice: &Side| alice.client.0.store.read(|tx| contacts::peer(tx, to_bob)).unwrap().card_due;
    let under_way = bob.send(to_alice, &alice, &["written before"]);
    moves(&alice, &another());
    furnish(&mut alice);
    let lost = deliver(&alice, to_bob, &bob);
    alice.receive(&under_way);
    assert!(due(&alice) > 0, "what came to the old mailbox proves nothing");
    bob.receive(&alice.send(to_bob, &bob, &["the first of these was lost"]));
    alice.receive(&bob.send(to_alice, &alice, &["where?"]));
    assert_eq!(due(&alice), 0);
    drop(lost);
}

#[test]
fn what_is_under_way_to_the_old_relay_arrives_until_it_is_closed() {
    let (mut alice, to_bob, bob, to_alice) = acquainted();
    moves(&alice, &another());
    furnish(&mut alice);
    let told = deliver(&alice, to_bob, &bob);
    for day in 0..15 {
        passes(&mut alice, 1);
        alice.receive(&bob.send(to_alice, &alice, &[&format!("day {day}, to the old one")]));
    }
    bob.receive(&told);
    alice.receive(&bob.send(to_alice, &alice, &["to the new one"]));
    assert_eq!(alice.shown().len(), 17);
}

#[test]
fn the_old_relay_is_closed_after_a_time_to_live_and_its_statements_are_kept() {
    let (mut alice, to_bob, bob, _) = acquainted();
    let old = OperatorSecret::from_seed(&[1; 32]);
    moves(&alice, &another());
    furnish(&mut alice);
    deliver(&alice, to_bob, &bob);
    passes(&mut alice, 14);
    assert_eq!((state(&alice).stage, close_all(&alice, &old)), (MoveStage::Waiting, 0));
    passes(&mut alice, 1);
    // Two shelves, and the mailbox for Bob; whoever took an item from a shelf has one more day to use it.
    assert_eq!((state(&alice).stage, close_all(&alice, &old)), (MoveStage::Closing, 3));
    passes(&mut alice, 1);
    assert_eq!((state(&alice).stage, close_all(&alice, &old)), (MoveStage::Closing, 2));
    let Moving { stage, closing: OptOutReport { confirmed, already_gone, pending, .. }, .. } = state(&alice);
    assert_eq!((stage, confirmed.len(), already_gone, pending), (MoveStage::Done, 5, 0, 0));
    assert!(confirmed.iter().all(|(_, statement)| statement.verify(&old.public()).is_some()));
    let left = alice.client.0.store.read(relays::in_use).unwrap();
    assert_eq!(left.len(), 1, "nothing is kept up at the old relay");
    assert!(alice.client.0.store.read(mailboxes::all).unwrap().iter().all(|mailbox| mailbox.relay == another()));
}

#[test]
fn nothing_is_closed_that_has_not_been_collected_after_the_time_was_over() {
    let (mut alice, to_bob, bob, to_alice) = acquainted();
    moves(&alice, &another());
    furnish(&mut alice);
    deliver(&alice, to_bob, &bob);
    alice.drain();
    // Bob hears nothing of it, and writes. Alice is away for weeks; the first thing that she does is not to close.
    let sealed = bob.send(to_alice, &alice, &["are you there?"]);
    alice.now += 20 * DAY;
    let now = alice.now;
    alice.write(|tx| moving::close_left_behind(tx, Day::of(now)));
    let is_mailbox = |closing: &Closing| matches!(closing.target, Target::Mailbox(..));
    let pending = || alice.client.0.store.read(closings::pending).unwrap();
    assert_eq!(pending().iter().filter(|closing| is_mailbox(closing)).count(), 0);
    alice.receive(&sealed);
    alice.drain();
    assert!(alice.client.0.store.read(|tx| moving::is_to_be_closed(tx, Day::of(now))).unwrap());
    alice.write(|tx| moving::close_left_behind(tx, Day::of(now)));
    assert_eq!(pending().iter().filter(|closing| is_mailbox(closing)).count(), 3);
    assert_eq!(alice.shown(), ["hello yourself", "are you there?"]);
    // Until the relay says that it is closed, it is collected.
    let collected = alice.client.0.store.read(mailboxes::collected).unwrap();
    assert_eq!(collected.len(), 6);
}

#[test]
fn what_was_left_is_kept_until_a_time_to_live_after_everybody_was_told() {
    let (mut alice, to_bob, bob, to_alice) = acquainted();
    moves(&alice, &another());
    // The new relay is away for weeks, then Bob's is.
    let away = |alice: &mut Side| {
        alice.now += DAY;
        alice.drain();
        let now = alice.now;
        alice.write(|tx| by_the_day(tx, now, PACE));
        alice.write(|tx| moving::close_left_behind(tx, Day::of(now)));
    };
    (0..20).for_each(|_| away(&mut alice));
    furnish(&mut alice);
    (0..20).for_each(|_| away(&mut alice));
    assert_eq!(close_all(&alice, &OperatorSecret::from_seed(&[1; 32])), 0);
    alice.receive(&bob.send(to_alice, &alice, &["to the old one"]));
    bob.receive(&deliver(&alice, to_bob, &bob));
    (0..14).for_each(|_| away(&mut alice));
    assert_eq!(state(&alice).stage, MoveStage::Waiting);
    (0..2).for_each(|_| away(&mut alice));
    assert_eq!(state(&alice).stage, MoveStage::Closing);
}

#[test]
fn both_can_move_at_once_and_each_direction_has_a_relay_of_its_own() {
    let (mut alice, to_bob, mut bob, to_alice) = acquainted();
    let third = RelayRef { host: "third.example.org:443".parse().unwrap(), ..another() };
    moves(&alice, &another());
    moves(&bob, &third);
    furnish(&mut alice);
    furnish(&mut bob);
    let (hers, his) = (deliver(&alice, to_bob, &bob), deliver(&bob, to_alice, &alice));
    assert!(hers.iter().chain(&his).all(|row| row.target.relay == relay()));
    bob.receive(&hers);
    alice.receive(&his);
    let (to_third, to_second) = (alice.send(to_bob, &bob, &["to yours"]), bob.send(to_alice, &alice, &["to yours"]));
    assert!(to_third[0].target.relay == third && to_second[0].target.relay == another());
    bob.receive(&to_third);
    alice.receive(&to_second);
    assert_eq!((alice.shown().len(), bob.shown().len()), (2, 2));
}

#[test]
fn a_move_and_back_again_closes_what_was_there_before_and_no_more() {
    let (mut alice, to_bob, bob, to_alice) = acquainted();
    moves(&alice, &another());
    furnish(&mut alice);
    bob.receive(&deliver(&alice, to_bob, &bob));
    passes(&mut alice, 2);
    moves(&alice, &relay());
    furnish(&mut alice);
    bob.receive(&deliver(&alice, to_bob, &bob));
    passes(&mut alice, 30);
    let old = OperatorSecret::from_seed(&[1; 32]);
    while close_all(&alice, &old) > 0 {
        passes(&mut alice, 1);
    }
    assert!(alice.client.moves().unwrap().iter().all(|state| state.stage == MoveStage::Done));
    alice.receive(&bob.send(to_alice, &alice, &["back at the first"]));
    assert_eq!(alice.shown().pop().as_deref(), Some("back at the first"));
    assert!(alice.card().relay == relay());
}

#[test]
fn who_was_away_for_longer_than_a_time_to_live_hears_of_it_all_the_same() {
    let (mut alice, to_bob, bob, to_alice) = acquainted();
    moves(&alice, &another());
    furnish(&mut alice);
    let lapsed = deliver(&alice, to_bob, &bob);
    let mut told = Vec::new();
    for _ in 0..12 {
        passes(&mut alice, 7);
        let now = alice.now + DAY;
        alice.write(|tx| rotation::announce(tx, now));
        assert_eq!((state(&alice).told, alice.seal_for(to_bob, &bob).len()), (1, 1), "one each week");
        told.extend(deliver(&alice, to_bob, &bob));
    }
    assert!(told.iter().all(|row| row.envelope.class() == sealpost_wire::SizeClass::Small));
    bob.receive(told.last());
    alice.receive(&bob.send(to_alice, &alice, &["back from the journey"]));
    passes(&mut alice, 14);
    alice.write(|tx| rotation::announce(tx, alice.now + DAY));
    let after = deliver(&alice, to_bob, &bob);
    assert!(after.len() <= 1, "no more than the weekly change of the mailbox");
    drop(lapsed);
}

#[test]
fn a_published_number_is_said_to_be_left_behind_until_the_old_relay_is_closed() {
    let mut alice = Side::new();
    let number = PhoneNumber::parse("+49 1512 3456789", None).unwrap();
    alice.write(|tx| {
        let number = numbers::ensure_key(tx, &mut rand::rng())?.hash(&number);
        let card = add_card(tx, CardKind::Directory)?;
        entries::publish(tx, &Publication { number, card })
    });
    moves(&alice, &another());
    furnish(&mut alice);
    assert!(state(&alice).number_left_behind);
    passes(&mut alice, 15);
    assert!(!state(&alice).number_left_behind);
    assert!(alice.client.0.store.read(entries::publication).unwrap().is_none());
    // Three shelves of the old relay, that of the number's card with them.
    assert_eq!(close_all(&alice, &OperatorSecret::from_seed(&[1; 32])), 3);
}

#[test]
fn one_cannot_move_to_where_one_is() {
    let alice = Side::new();
    let outcome = alice.client.0.store.write(|tx| moving::begin(tx, &relay(), alice.now, Duration::ZERO));
    assert_eq!(outcome.unwrap_err().kind(), crate::ErrorKind::AlreadyThere);
    assert!(alice.client.moves().unwrap().is_empty());
}

#[test]
fn who_opts_out_in_the_middle_closes_everything_on_both_relays_once() {
    let (mut alice, to_bob, bob, _) = acquainted();
    moves(&alice, &another());
    furnish(&mut alice);
    deliver(&alice, to_bob, &bob);
    passes(&mut alice, 15);
    let begun = alice.client.0.store.read(closings::pending).unwrap().len();
    assert!(begun > 0);
    let client = alice.client.clone();
    let pending = client.opt_out().unwrap().report().unwrap().pending;
    // Three mailboxes and two shelves on each relay.
    let spares = 3;
    assert_eq!(pending, 10 + spares);
}
