//! What was received before is not received again.

use super::conversation::acquainted;
use super::people::{Person, text};
use crate::OpenError;

#[test]
fn a_repeated_message_is_a_duplicate() {
    let (mut alice, mut bob) = (Person::new(1), Person::new(2));
    acquainted(&mut alice, &mut bob);
    let envelope = alice.write(&bob, "once");
    bob.read(&envelope).unwrap();
    assert_eq!(bob.read(&envelope).err(), Some(OpenError::Duplicate));
}

#[test]
fn a_replayed_first_message_is_a_duplicate_while_its_session_lives() {
    let (mut alice, mut bob) = (Person::new(1), Person::new(2));
    let item = bob.item();
    alice.begin(&bob, &item);
    let first = alice.write(&bob, "once");
    bob.read(&first).unwrap();
    assert_eq!(bob.read(&first).err(), Some(OpenError::Duplicate));
}

#[test]
fn a_replayed_first_message_finds_no_prekeys_after_its_session_is_gone() {
    let (mut alice, mut bob) = (Person::new(1), Person::new(2));
    let item = bob.item();
    alice.begin(&bob, &item);
    let first = alice.write(&bob, "once");
    bob.read(&first).unwrap();
    bob.sessions.clear();
    assert_eq!(bob.read(&first).err(), Some(OpenError::NoPrekey));
}

#[test]
fn a_last_item_begins_a_session_for_each_who_takes_it() {
    let (mut alice, mut carol, mut bob) = (Person::new(1), Person::new(3), Person::new(2));
    let item = bob.last_item();
    for writer in [&mut alice, &mut carol] {
        assert!(writer.begin(&bob, &item).last);
        let first = writer.write(&bob, "hello");
        assert_eq!(text(&bob.read(&first).unwrap()), "hello");
    }
    assert_eq!((bob.prekeys.len(), bob.used.len()), (1, 2));
}

/// Guard 6. The prekeys of a last item stay, so a replay would begin the session again and show its message again, once
/// the session is gone.
#[test]
fn a_last_item_and_a_base_key_begin_one_session_only() {
    let (mut alice, mut bob) = (Person::new(1), Person::new(2));
    let item = bob.last_item();
    alice.begin(&bob, &item);
    let (first, second) = (alice.write(&bob, "once"), alice.write(&bob, "twice"));
    bob.read(&first).unwrap();
    assert_eq!(text(&bob.read(&second).unwrap()), "twice", "the same base key, in the session that it began");
    bob.sessions.clear();
    assert_eq!(bob.read(&first).err(), Some(OpenError::Replayed));
    assert_eq!(bob.read(&second).err(), Some(OpenError::Replayed));
}

#[test]
fn a_last_item_that_was_erased_begins_nothing() {
    let (mut alice, mut bob) = (Person::new(1), Person::new(2));
    let item = bob.last_item();
    alice.begin(&bob, &item);
    bob.prekeys.clear();
    let first = alice.write(&bob, "too late");
    assert_eq!(bob.read(&first).err(), Some(OpenError::NoPrekey));
}

#[test]
fn a_message_of_a_session_that_is_gone_has_no_session() {
    let (mut alice, mut bob) = (Person::new(1), Person::new(2));
    acquainted(&mut alice, &mut bob);
    bob.sessions.clear();
    let envelope = alice.write(&bob, "lost");
    assert_eq!(bob.read(&envelope).err(), Some(OpenError::NoSession));
}
