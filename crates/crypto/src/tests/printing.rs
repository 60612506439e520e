//! Printing is a privilege: what holds a key, an id or a text prints as its name, and errors name no one.

use std::collections::HashSet;

use super::people::{Person, TODAY, return_address};
use crate::{Door, Route, Sealed, Stocker, Text, UsedPrekey};

#[test]
fn secrets_print_as_their_names() {
    let (mut alice, mut bob) = (Person::new(1), Person::new(2));
    let item = bob.item();
    let verified = alice.begin(&bob, &item);
    let mailbox = return_address(&mut alice.rng);
    let prekey = bob.prekeys.values().next().unwrap();
    let content = alice.content("secret");
    let printed = [
        format!("{:?}", alice.local),
        format!("{:?}", alice.door),
        format!("{:?}", alice.front_door.key),
        format!("{:?}", alice.front_door),
        format!("{mailbox:?}"),
        format!("{:?}", mailbox.outer),
        format!("{:?}", Route::Pairwise(&mailbox)),
        format!("{:?}", Door::FrontDoor { mailbox: &mailbox.address.mailbox(), keys: &[] }),
        format!("{:?}", alice.sessions[&bob.id()]),
        format!("{verified:?}"),
        format!("{prekey:?}"),
        format!("{:?}", prekey.id()),
        format!("{:?}", UsedPrekey::OneTime(prekey.id())),
        format!("{content:?}"),
        format!("{:?}", content.message),
        format!("{:?}", content.body),
        format!("{:?}", Text::new("secret".into()).unwrap()),
        format!("{:?}", Stocker::new(&bob.local, &bob.card, &bob.front_door, TODAY).unwrap()),
    ];
    let named: HashSet<_> = printed.iter().map(|text| text.split('(').next().unwrap().to_owned()).collect();
    for text in &printed {
        assert!(text.ends_with("(..)") && text.len() < 20, "{text}");
    }
    assert_eq!(named.len(), printed.len());
}

#[test]
fn sealed_and_opened_print_as_their_names() {
    let (mut alice, mut bob) = (Person::new(1), Person::new(2));
    let item = bob.item();
    alice.begin(&bob, &item);
    let envelope = alice.write(&bob, "secret");
    let session = alice.sessions[&bob.id()].clone();
    assert_eq!(format!("{:?}", Sealed { envelope: envelope.clone(), session }), "Sealed(..)");
    assert_eq!(format!("{:?}", bob.read(&envelope).unwrap()), "Opened(..)");
}

/// Sealing and opening belong on threads that may block.
#[test]
fn everything_crosses_threads() {
    fn crosses<T: Send + Sync>() {}
    crosses::<crate::Local>();
    crosses::<crate::Session>();
    crosses::<crate::VerifiedItem>();
    crosses::<crate::PrivatePrekey>();
    crosses::<crate::Opened>();
    crosses::<Sealed>();
}
