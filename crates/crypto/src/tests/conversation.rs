//! People converse.

use rand::seq::SliceRandom;
use sealpost_wire::Envelope;

use super::people::{Person, return_address, text};
use crate::{Content, OpenError, Route};

/// Alice has written first, Bob has answered.
pub(super) fn acquainted(alice: &mut Person, bob: &mut Person) {
    let item = bob.item();
    alice.begin(bob, &item);
    let hello = alice.write(bob, "hello");
    bob.read(&hello).unwrap();
    let answer = bob.write(alice, "hello yourself");
    alice.read(&answer).unwrap();
}

#[test]
fn the_first_message_opens() {
    let (mut alice, mut bob) = (Person::new(1), Person::new(2));
    let item = bob.item();
    alice.begin(&bob, &item);
    let envelope = alice.write(&bob, "hello");
    let opened = bob.read(&envelope).unwrap();
    assert_eq!(text(&opened), "hello");
    assert!(opened.sender == alice.key());
    assert!(opened.used.is_some());
}

/// 300 rounds: each side writes up to three messages, which arrive in any order, some of them rounds later. The run fails
/// if one does not open, or opens to something else. Every session goes through its stored form after every step.
#[test]
fn two_people_converse_for_300_rounds_out_of_order() {
    let (mut alice, mut bob) = (Person::new(1), Person::new(2));
    acquainted(&mut alice, &mut bob);
    let mailboxes = (return_address(&mut alice.rng), return_address(&mut bob.rng));
    let (mut to_alice, mut to_bob) = (Vec::new(), Vec::new());
    for round in 0..300 {
        write_some(&mut alice, &bob, round, &Route::Pairwise(&mailboxes.1), &mut to_bob);
        deliver(&mut to_bob, round, &mut alice, |envelope, alice| {
            let opened = bob.read_pairwise(envelope, &mailboxes.1, alice.key());
            opened.map(|opened| opened.content)
        });
        write_some(&mut bob, &alice, round, &Route::Pairwise(&mailboxes.0), &mut to_alice);
        deliver(&mut to_alice, round, &mut bob, |envelope, bob| {
            let opened = alice.read_pairwise(envelope, &mailboxes.0, bob.key());
            opened.map(|opened| opened.content)
        });
    }
    assert!(to_alice.is_empty() && to_bob.is_empty());
}

fn write_some(from: &mut Person, to: &Person, round: usize, route: &Route<'_>, sent: &mut Vec<(Envelope, Content)>) {
    for part in 0..=(round % 3) {
        let content = from.content(&format!("round {round}, part {part}"));
        sent.push((from.seal(to.id(), &content, *route).unwrap(), content));
    }
}

/// Every seventh round nothing arrives, and in the last everything does.
fn deliver(
    sent: &mut Vec<(Envelope, Content)>,
    round: usize,
    from: &mut Person,
    mut open: impl FnMut(&Envelope, &Person) -> Result<Content, OpenError>,
) {
    if round % 7 == 3 && round < 299 {
        return;
    }
    sent.shuffle(&mut from.rng);
    for (envelope, content) in sent.drain(..) {
        assert!(open(&envelope, from) == Ok(content));
    }
}

#[test]
fn all_messages_before_the_first_answer_open_in_any_order() {
    let (mut alice, mut bob) = (Person::new(1), Person::new(2));
    let item = bob.item();
    alice.begin(&bob, &item);
    let envelopes: Vec<_> = ["one", "two", "three"].map(|text| alice.write(&bob, text)).into();
    for (envelope, expected) in [(2, "three"), (0, "one"), (1, "two")].map(|(at, text)| (&envelopes[at], text)) {
        assert_eq!(text(&bob.read(envelope).unwrap()), expected);
    }
    assert!(bob.prekeys.is_empty());
}

/// Both write before either has read. Both messages open, and after one more each they use one session.
#[test]
fn simultaneous_first_messages_converge() {
    let (mut alice, mut bob) = (Person::new(1), Person::new(2));
    let (alices, bobs) = (alice.item(), bob.item());
    alice.begin(&bob, &bobs);
    bob.begin(&alice, &alices);
    let (to_bob, to_alice) = (alice.write(&bob, "from alice"), bob.write(&alice, "from bob"));
    assert_eq!(text(&bob.read(&to_bob).unwrap()), "from alice");
    assert_eq!(text(&alice.read(&to_alice).unwrap()), "from bob");
    assert_ne!(current(&alice, &bob), current(&bob, &alice));

    let next = alice.write(&bob, "and now");
    assert_eq!(text(&bob.read(&next).unwrap()), "and now");
    let answer = bob.write(&alice, "in one session");
    assert_eq!(text(&alice.read(&answer).unwrap()), "in one session");
    assert_eq!(current(&alice, &bob), current(&bob, &alice));
}

/// What tells sessions apart: the base key that they began with.
fn current(of: &Person, with: &Person) -> Vec<u8> {
    of.sessions[&with.id()].record().unwrap().alice_base_key().unwrap().to_vec()
}

#[test]
fn a_session_begun_anew_still_opens_what_was_under_way() {
    let (mut alice, mut bob) = (Person::new(1), Person::new(2));
    acquainted(&mut alice, &mut bob);
    let under_way = bob.write(&alice, "under way");
    let item = bob.item();
    alice.begin(&bob, &item);
    assert_eq!(text(&alice.read(&under_way).unwrap()), "under way");
    let anew = alice.write(&bob, "anew");
    assert_eq!(text(&bob.read(&anew).unwrap()), "anew");
}

#[test]
fn return_address_and_card_arrive_as_they_were_sent() {
    let (mut alice, mut bob) = (Person::new(1), Person::new(2));
    let item = bob.item();
    alice.begin(&bob, &item);
    let mut content = alice.content("");
    content.return_address = Some(return_address(&mut alice.rng));
    content.card = Some(alice.card.clone());
    content.body = crate::Body::Control;
    let route = bob.front_door.clone();
    let envelope = alice.seal(bob.id(), &content, Route::FrontDoor(&route)).unwrap();
    assert!(bob.read(&envelope).unwrap().content == content);
}

#[test]
fn nothing_changes_while_the_store_is_locked() {
    let (mut alice, mut bob) = (Person::new(1), Person::new(2));
    let item = bob.item();
    alice.begin(&bob, &item);
    let envelope = alice.write(&bob, "later");
    bob.locked = true;
    assert_eq!(bob.read(&envelope).err(), Some(OpenError::Unavailable(crate::Unavailable)));
    bob.locked = false;
    assert_eq!(text(&bob.read(&envelope).unwrap()), "later");
}
