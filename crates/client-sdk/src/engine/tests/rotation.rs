//! Mailboxes over weeks: what is opened when, what is named when, and what is closed when.

use std::collections::BTreeSet;
use std::time::Duration;

use rand::SeedableRng;
use rand::rngs::StdRng;
use sealpost_wire::time::Day;

use super::side::{DAY, Side, acquainted};
use crate::ContactId;
use crate::engine::calendar::by_the_day;
use crate::engine::poller::attention;
use crate::engine::rotation::{self, Pace};
use crate::engine::sealing::{self, Plan};
use crate::policy::Attention;
use crate::store::mailboxes::{OwnMailbox, Purpose};
use crate::store::outbox::SealedRow;
use crate::store::{contacts, mailboxes, outbox, relays};

const PACE: Pace = Pace { spare: Duration::from_secs(3_600), announce: Duration::from_secs(43_200) };

/// A day in which upkeep finds the relay, and nobody writes.
fn passes(side: &mut Side, days: u32) {
    for _ in 0..days {
        side.now += DAY;
        let now = side.now;
        side.write(|tx| by_the_day(tx, now, PACE));
        side.upkeep();
        // Whatever was to be named within this day.
        side.write(|tx| rotation::announce(tx, now + DAY));
    }
}

fn of(side: &Side, contact: ContactId) -> Vec<(u32, OwnMailbox)> {
    let all = side.client.0.store.read(mailboxes::all).unwrap().into_iter();
    all.filter_map(|mailbox| match mailbox.purpose {
        Purpose::Pairwise { contact: whose, generation, .. } if whose == contact => Some((generation, mailbox)),
        _ => None,
    })
    .collect()
}

fn generations(side: &Side, contact: ContactId) -> Vec<u32> {
    of(side, contact).into_iter().map(|(generation, _)| generation).collect()
}

fn known(side: &Side, contact: ContactId) -> u32 {
    side.client.0.store.read(|tx| contacts::peer(tx, contact)).unwrap().generation
}

/// What is sealed for a contact without anybody having written.
fn control(side: &Side, contact: ContactId, peer: &Side) -> Vec<SealedRow> {
    let batch = side.seal_for(contact, peer);
    side.accepted(&batch);
    batch.into_iter().map(|(_, sealed)| sealed).collect()
}

#[test]
fn a_used_mailbox_is_replaced_after_a_week_and_named_by_a_message_made_for_it() {
    let (mut alice, to_bob, bob, to_alice) = acquainted();
    passes(&mut alice, 6);
    assert_eq!(generations(&alice, to_bob), [1]);
    assert!(control(&alice, to_bob, &bob).is_empty());
    passes(&mut alice, 1);
    assert_eq!(generations(&alice, to_bob), [1, 2]);
    let sealed = control(&alice, to_bob, &bob);
    assert_eq!(sealed.len(), 1);
    bob.receive(&sealed);
    assert_eq!((known(&bob, to_alice), bob.shown().len()), (2, 1), "nothing is shown of it");
    passes(&mut alice, 1);
    assert!(control(&alice, to_bob, &bob).is_empty(), "it is named once");
}

#[test]
fn a_message_that_goes_anyway_names_the_fresh_mailbox_and_no_other_is_made() {
    let (mut alice, to_bob, bob, to_alice) = acquainted();
    alice.now += 7 * DAY;
    let now = alice.now;
    alice.write(|tx| by_the_day(tx, now, PACE));
    alice.upkeep();
    alice.write(|tx| rotation::rotate(tx, now + 3 * DAY, PACE, &mut rand::rng()));
    alice.upkeep();
    bob.receive(&alice.send(to_bob, &bob, &["by the way"]));
    assert_eq!(known(&bob, to_alice), 2);
    alice.write(|tx| rotation::announce(tx, now + 4 * DAY));
    assert!(alice.seal_for(to_bob, &bob).is_empty());
}

#[test]
fn what_is_sealed_already_names_the_old_one_and_a_message_is_made_besides() {
    let (mut alice, to_bob, bob, to_alice) = acquainted();
    passes(&mut alice, 6);
    alice.client.send(to_bob, "sealed before, accepted after").unwrap();
    let before = alice.seal_for(to_bob, &bob);
    passes(&mut alice, 1);
    bob.receive(before.iter().map(|(_, sealed)| sealed));
    assert_eq!(known(&bob, to_alice), 1);
    alice.accepted(&before);
    bob.receive(&control(&alice, to_bob, &bob));
    assert_eq!(known(&bob, to_alice), 2);
}

/// The generations of the mailboxes that are asked for every few seconds while somebody looks at the conversation.
fn in_front(side: &Side, contact: ContactId) -> Vec<u32> {
    let rows = side.client.0.store.read(mailboxes::collected).unwrap();
    let attention = attention(&rows, &BTreeSet::from([contact]));
    let is_front = |row: &i64| attention.get(row) == Some(&Attention::Foreground);
    of(side, contact).into_iter().filter(|(_, one)| is_front(&one.row)).map(|(generation, _)| generation).collect()
}

#[test]
fn of_an_open_conversation_one_mailbox_is_in_front_the_old_one_until_the_new_one_is_named() {
    let (mut alice, to_bob, bob, _) = acquainted();
    assert_eq!(in_front(&alice, to_bob), [1]);
    alice.now += 7 * DAY;
    let now = alice.now;
    alice.write(|tx| by_the_day(tx, now, PACE));
    alice.upkeep();
    alice.write(|tx| rotation::rotate(tx, now + 3 * DAY, PACE, &mut rand::rng()));
    alice.upkeep();
    assert_eq!((generations(&alice, to_bob), in_front(&alice, to_bob)), (vec![1, 2], vec![1]), "Bob cannot know of it");
    alice.send(to_bob, &bob, &["by the way"]);
    assert_eq!(in_front(&alice, to_bob), [2]);
    let rows = alice.client.0.store.read(mailboxes::collected).unwrap();
    let unseen = attention(&rows, &BTreeSet::new());
    assert!(!unseen.values().any(|attention| *attention == Attention::Foreground), "nobody looks at it");
}

#[test]
fn a_mailbox_that_was_never_used_is_kept() {
    let (mut alice, bob) = (Side::new(), Side::new());
    let to_bob = alice.client.add(&bob.card(), "Bob").unwrap();
    alice.send(to_bob, &bob, &["hello?"]);
    passes(&mut alice, 40);
    assert_eq!(generations(&alice, to_bob), [1]);
}

#[test]
fn the_old_one_is_collected_until_a_time_to_live_after_the_first_use_of_the_new_one() {
    let (mut alice, to_bob, mut bob, to_alice) = acquainted();
    passes(&mut alice, 7);
    let before = bob.send(to_alice, &alice, &["to the old one"]);
    bob.receive(&control(&alice, to_bob, &bob));
    passes(&mut alice, 6);
    alice.receive(&before);
    // The new one is used on the 13th day, so the old one is closed after the 27th.
    alice.receive(&bob.send(to_alice, &alice, &["to the new one"]));
    assert_eq!(alice.shown(), ["hello yourself", "to the old one", "to the new one"]);
    passes(&mut alice, 13);
    assert!(of(&alice, to_bob).iter().any(|(generation, mailbox)| *generation == 1 && !mailbox.closing));
    passes(&mut alice, 3);
    assert!(!generations(&alice, to_bob).contains(&1));
    bob.now = alice.now;
}

#[test]
fn spares_are_opened_at_times_of_their_own_and_given_without_the_relay_seeing_it() {
    let (mut alice, to_bob, bob, _) = acquainted();
    let (now, mut rng) = (alice.now, StdRng::seed_from_u64(1));
    alice.write(|tx| rotation::make_spares(tx, now, PACE, &mut rng));
    let home = alice.client.0.store.read(relays::home).unwrap();
    let next = || alice.client.0.store.read(|tx| mailboxes::next_due(tx, home, now)).unwrap();
    let first = next().expect("one is to be opened");
    assert!(first > now && alice.client.0.store.read(|tx| mailboxes::spare(tx, home)).unwrap().is_none());
    let mut times = Vec::new();
    while let Some(due) = alice.client.0.store.read(|tx| mailboxes::next_due(tx, home, alice.now)).unwrap() {
        times.push(due);
        alice.now = due;
        alice.upkeep();
    }
    assert_eq!(times.len(), 3, "each at a time of its own");
    assert!(times.iter().all(|due| *due <= now + 7 * PACE.spare));
    // The next mailbox is one that the relay has known all along, and there is nothing to open.
    let collected = alice.client.0.store.read(mailboxes::collected).unwrap().len();
    let today = Day::of(alice.now + 7 * DAY);
    alice.now += 7 * DAY;
    let now = alice.now;
    alice.write(|tx| rotation::rotate(tx, now, PACE, &mut rand::rng()));
    let newest = alice.client.0.store.read(|tx| mailboxes::newest_of(tx, to_bob)).unwrap().unwrap();
    assert!(newest.opened.is_some_and(|opened| opened < today));
    assert_eq!(alice.client.0.store.read(mailboxes::collected).unwrap().len(), collected);
    let carol = Side::new();
    let to_carol = alice.client.add(&carol.card(), "Carol").unwrap();
    alice.client.send(to_carol, "hello").unwrap();
    let item = carol.take();
    alice.seal(|sealer, tx| sealer.introduce(tx, to_carol, &carol.card(), &item));
    assert!(matches!(alice.seal(|sealer, tx| sealer.plan(tx, to_carol)), Plan::Deposit(_)), "a spare was there");
    drop(bob);
}

#[test]
fn without_a_spare_a_conversation_waits_two_days_for_one_and_a_message_waits_for_none() {
    let (mut alice, to_bob, _, _) = acquainted();
    let rotate = |alice: &Side| alice.write(|tx| rotation::rotate(tx, alice.now, PACE, &mut rand::rng()));
    alice.now += 8 * DAY;
    rotate(&alice);
    assert_eq!(generations(&alice, to_bob), [1]);
    alice.now += DAY;
    rotate(&alice);
    assert_eq!(generations(&alice, to_bob), [1, 2]);
}

#[test]
fn an_older_address_that_comes_late_is_not_applied() {
    let (mut alice, to_bob, bob, to_alice) = acquainted();
    let old = alice.send(to_bob, &bob, &["names the first"]);
    passes(&mut alice, 7);
    bob.receive(&alice.send(to_bob, &bob, &["names the second"]));
    assert_eq!(known(&bob, to_alice), 2);
    bob.receive(&old);
    assert_eq!(known(&bob, to_alice), 2);
    assert_eq!(bob.shown(), ["hello", "names the first", "names the second"]);
}

#[test]
fn a_year_of_weeks_keeps_a_bounded_number_of_mailboxes_and_loses_nothing() {
    let (mut alice, to_bob, mut bob, to_alice) = acquainted();
    let (mut from_bob, mut from_alice) = (vec!["hello yourself".to_owned()], vec!["hello".to_owned()]);
    for week in 0..52 {
        let text = format!("week {week}");
        passes(&mut alice, 7);
        alice.stock();
        bob.receive(&alice.send(to_bob, &bob, &[&text]));
        from_alice.push(text.clone());
        passes(&mut bob, 7);
        bob.stock();
        alice.receive(&bob.send(to_alice, &alice, &[&text]));
        from_bob.push(text);
        assert!(generations(&alice, to_bob).len() <= 4, "{:?}", generations(&alice, to_bob));
    }
    assert_eq!((alice.shown(), bob.shown()), (from_bob, from_alice));
    assert!(known(&bob, to_alice) > 40);
    let spares = alice.client.0.store.read(|tx| mailboxes::count_spares(tx, relays::home(tx)?)).unwrap();
    assert!((1..=6).contains(&spares), "{spares}");
}

#[test]
fn who_is_blocked_gets_no_mailbox_any_more() {
    let (mut alice, to_bob, _, _) = acquainted();
    alice.client.block(to_bob).unwrap();
    passes(&mut alice, 30);
    assert!(generations(&alice, to_bob).is_empty());
    assert_eq!(alice.client.0.store.read(outbox::count).unwrap(), 0);
}

#[test]
fn an_address_that_is_gone_is_not_named_again_by_an_old_message() {
    let (alice, to_bob, bob, to_alice) = acquainted();
    let old = alice.send(to_bob, &bob, &["old"]);
    alice.write(|tx| rotation::add_mailbox(tx, to_bob, Day::of(alice.now)));
    alice.open_mailboxes();
    bob.receive(&alice.send(to_bob, &bob, &["new"]));
    let address = bob.client.0.store.read(|tx| contacts::peer(tx, to_alice)).unwrap().address.unwrap();
    bob.write(|tx| sealing::address_is_gone(tx, to_alice, &address.address));
    bob.receive(&old);
    assert!(bob.client.0.store.read(|tx| contacts::peer(tx, to_alice)).unwrap().address.is_none());
}
