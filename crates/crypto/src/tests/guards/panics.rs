//! Guard 1: a malformed field of the post-quantum ratchet panics before any MAC is checked, and is an invalid message.

use std::cell::Cell;
use std::panic::{panic_any, set_hook, take_hook};

use futures_util::FutureExt;
use libsignal_protocol::{InMemIdentityKeyStore, InMemSessionStore, SessionStore, message_decrypt_signal};

use crate::OpenError;
use crate::ratchet::address;
use crate::ratchet::quiet::{caught, quiet_panics};
use crate::tests::conversation::acquainted;
use crate::tests::craft::{first_around, peel, with_pq_ratchet};
use crate::tests::people::{Person, text};

/// Version 1, an epoch, an index, and the type of message that must follow is missing.
const THREE_BYTES: [u8; 3] = [1, 1, 0];

/// The premise of the guard: should this fail, a newer publication has mended it, and the guard stays all the same.
#[test]
fn the_three_bytes_do_panic_inside_the_ratchet() {
    let (mut alice, mut bob) = (Person::new(1), Person::new(2));
    acquainted(&mut alice, &mut bob);
    let later = peel(&bob, &alice.write(&bob, "hello")).later();
    let malformed = with_pq_ratchet(&later, &THREE_BYTES, &alice.key(), &bob.key());
    let (mut sessions, mut identities) = (InMemSessionStore::new(), identities(&bob));
    let address = address(&alice.key());
    let record = bob.sessions[&alice.id()].record().unwrap();
    sessions.store_session(&address, &record).now_or_never().unwrap().unwrap();
    let opened = caught(|| {
        message_decrypt_signal(&malformed, &address, &mut sessions, &mut identities, &mut bob.rng).now_or_never()
    });
    assert!(opened.is_none());
}

fn identities(of: &Person) -> InMemIdentityKeyStore {
    InMemIdentityKeyStore::new(of.local.identity().libsignal(), 1)
}

#[test]
fn a_malformed_field_in_a_first_message_is_an_invalid_message() {
    let (mut alice, mut bob) = (Person::new(1), Person::new(2));
    let item = bob.item();
    alice.begin(&bob, &item);
    let genuine = alice.write(&bob, "genuine");
    let peeled = peel(&bob, &genuine);
    let first = peeled.first();
    let message = with_pq_ratchet(first.message(), &THREE_BYTES, &alice.key(), &bob.key());
    let malformed = first_around(&first, message, &alice.key(), *first.base_key());
    let malformed = peeled.with(malformed.serialized()).seal(&alice.local, &bob);
    let before = bob.prekeys.values().next().unwrap().to_bytes();

    assert_eq!(bob.read(&malformed).err(), Some(OpenError::Invalid));
    assert!(bob.sessions.is_empty());
    assert_eq!(bob.prekeys.values().next().unwrap().to_bytes(), before);
    assert_eq!(text(&bob.read(&genuine).unwrap()), "genuine");
}

#[test]
fn a_malformed_field_in_a_later_message_is_an_invalid_message() {
    let (mut alice, mut bob) = (Person::new(1), Person::new(2));
    acquainted(&mut alice, &mut bob);
    let genuine = alice.write(&bob, "genuine");
    let peeled = peel(&bob, &genuine);
    let malformed = with_pq_ratchet(&peeled.later(), &THREE_BYTES, &alice.key(), &bob.key());
    let malformed = peeled.with(malformed.serialized()).seal(&alice.local, &bob);
    let before = bob.sessions[&alice.id()].as_bytes().to_vec();

    assert_eq!(bob.read(&malformed).err(), Some(OpenError::Invalid));
    assert_eq!(bob.sessions[&alice.id()].as_bytes(), before);
    assert_eq!(text(&bob.read(&genuine).unwrap()), "genuine");
}

thread_local! {
    static PRINTED: Cell<u32> = const { Cell::new(0) };
}

/// The hook is the process's and tests run in one, so what it would have printed is counted for this thread.
#[test]
fn a_caught_panic_is_not_printed_and_all_others_are() {
    let before = take_hook();
    set_hook(Box::new(move |panic| {
        PRINTED.set(PRINTED.get() + 1);
        before(panic);
    }));
    quiet_panics();
    quiet_panics();
    assert_eq!(caught(|| panic_any("a key")), None::<()>);
    assert_eq!(PRINTED.get(), 0);
    assert_eq!(caught(|| caught(|| panic_any("a key"))), Some(None::<()>));
    assert_eq!(PRINTED.get(), 0);
    assert!(std::panic::catch_unwind(|| panic_any("a fault of our own")).is_err());
    assert_eq!(PRINTED.get(), 1);
}
