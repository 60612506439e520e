//! What the layers add, and what a class holds.

use sealpost_wire::{Envelope, SizeClass};

use super::conversation::acquainted;
use super::people::{Person, now, return_address};
use crate::content::{MAX_TEXT, Parties, TextTooLong, write};
use crate::size::{FIRST_OVERHEAD, LATER_OVERHEAD, class_of};
use crate::{Body, Content, Route, SealError, Text, ratchet};

/// What session and sender's seal add to a plaintext of this length now.
fn added(alice: &mut Person, bob: &Person, length: usize) -> usize {
    let session = &alice.sessions[&bob.id()];
    let (letter, _) = ratchet::seal(&alice.local, session, &vec![7; length], now(), &mut alice.rng).unwrap();
    letter.len() - length
}

#[test]
fn the_first_overhead_is_as_measured() {
    let (mut alice, mut bob) = (Person::new(1), Person::new(2));
    let item = bob.item();
    alice.begin(&bob, &item);
    let added: Vec<_> =
        (100..132).chain([3_000, 16_000, 60_000]).map(|length| added(&mut alice, &bob, length)).collect();
    let (least, most) = (*added.iter().min().unwrap(), *added.iter().max().unwrap());
    assert!(least > 2_080 && most <= FIRST_OVERHEAD - 32, "{least} to {most}");
}

/// Over enough rounds for every kind of message that the post-quantum ratchet sends.
#[test]
fn the_later_overhead_is_as_measured() {
    let (mut alice, mut bob) = (Person::new(1), Person::new(2));
    acquainted(&mut alice, &mut bob);
    let (to_alice, to_bob) = (return_address(&mut alice.rng), return_address(&mut bob.rng));
    let mut measured = Vec::new();
    for round in 0..150 {
        measured.push(added(&mut alice, &bob, 100 + round));
        measured.push(added(&mut bob, &alice, 60_000));
        let content = alice.content("ping");
        let envelope = alice.seal(bob.id(), &content, Route::Pairwise(&to_bob)).unwrap();
        bob.read_pairwise(&envelope, &to_bob, alice.key()).unwrap();
        let envelope = bob.seal(alice.id(), &content, Route::Pairwise(&to_alice)).unwrap();
        alice.read_pairwise(&envelope, &to_alice, bob.key()).unwrap();
    }
    let (least, most) = (*measured.iter().min().unwrap(), *measured.iter().max().unwrap());
    assert!(least > 400 && most <= LATER_OVERHEAD - 32, "{least} to {most}");
}

/// All that a first message can carry besides its text.
fn full(alice: &mut Person, text: usize) -> Content {
    let mut content = alice.content(&"t".repeat(text));
    content.counter = u64::MAX;
    content.return_address = Some(return_address(&mut alice.rng));
    content.card = Some(alice.card.clone());
    content
}

fn sealed_first(content: impl FnOnce(&mut Person) -> Content) -> (Envelope, Option<SizeClass>) {
    let (mut alice, mut bob) = (Person::new(1), Person::new(2));
    let item = bob.item();
    alice.begin(&bob, &item);
    let content = content(&mut alice);
    let route = Route::FrontDoor(&bob.front_door);
    let told = class_of(&content, &alice.sessions[&bob.id()], &route);
    (alice.seal(bob.id(), &content, route).unwrap(), told)
}

#[test]
fn a_first_contact_with_200_bytes_of_text_fits_the_smallest_class() {
    assert_eq!(sealed_first(|alice| full(alice, 200)).0.class(), SizeClass::Small);
}

#[test]
fn the_class_is_told_before_and_kept() {
    for (text, expected) in [(0, SizeClass::Small), (400, SizeClass::Medium), (MAX_TEXT, SizeClass::Large)] {
        let (envelope, told) = sealed_first(|alice| full(alice, text));
        assert_eq!((envelope.class(), told), (expected, Some(expected)), "{text} bytes");
    }
}

#[test]
fn later_messages_of_up_to_3000_bytes_fit_the_smallest_class() {
    let (mut alice, mut bob) = (Person::new(1), Person::new(2));
    acquainted(&mut alice, &mut bob);
    let mailbox = return_address(&mut bob.rng);
    let content = full(&mut alice, 3_000);
    let envelope = alice.seal(bob.id(), &content, Route::Pairwise(&mailbox)).unwrap();
    assert_eq!(envelope.class(), SizeClass::Small);
}

#[test]
fn a_longer_text_is_refused_before_anything_is_sealed() {
    assert_eq!(Text::new("t".repeat(MAX_TEXT + 1)).err(), Some(TextTooLong { length: MAX_TEXT + 1 }));
    assert!(Text::new("t".repeat(MAX_TEXT)).is_ok());
}

/// No content that the types allow is too long; the error is for a class table that shrinks.
#[test]
fn the_longest_content_leaves_room_in_the_largest_class() {
    let (mut alice, bob) = (Person::new(1), Person::new(2));
    let content = full(&mut alice, MAX_TEXT);
    let length = write(&content, &Parties::new(alice.id(), bob.id())).len();
    let room = crate::outer::room(SizeClass::Large, &Route::FrontDoor(&bob.front_door));
    assert!(length + FIRST_OVERHEAD <= room);
    assert!(matches!(content.body, Body::Text(_)));
    assert!(SealError::TooLong.to_string().contains(&MAX_TEXT.to_string()));
}
