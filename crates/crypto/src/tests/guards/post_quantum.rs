//! Guard 3: no session without the post-quantum ratchet, before sending and after opening.

use std::time::Duration;

use crate::ratchet::is_post_quantum;
use crate::tests::conversation::acquainted;
use crate::tests::craft::{peel, with_pq_ratchet};
use crate::tests::people::{Person, now};
use crate::{OpenError, Route, SealError, Session};

/// The field of libsignal's session that holds the post-quantum ratchet.
const PQ_RATCHET_STATE: u64 = 15;

#[test]
fn a_session_that_lost_the_post_quantum_ratchet_sends_nothing() {
    let (mut alice, mut bob) = (Person::new(1), Person::new(2));
    acquainted(&mut alice, &mut bob);
    let stripped = without_post_quantum(&alice.sessions[&bob.id()]);
    assert!(alice.sessions[&bob.id()].is_usable(now()) && !stripped.is_usable(now()));
    alice.sessions.insert(bob.id(), stripped);
    let (content, door) = (alice.content("in the clear to a quantum computer"), bob.front_door.clone());
    let sealed = alice.seal(bob.id(), &content, Route::FrontDoor(&door));
    assert_eq!(sealed.err(), Some(SealError::SessionUnusable));
}

/// libsignal would take both, and go on without the post-quantum ratchet or without its key in the message.
#[test]
fn a_message_without_the_post_quantum_ratchet_is_refused() {
    let (mut alice, mut bob) = (Person::new(1), Person::new(2));
    acquainted(&mut alice, &mut bob);
    let peeled = peel(&bob, &alice.write(&bob, "hello"));
    for field in [&[][..], &[0], &[2, 1, 1, 0]] {
        let stripped = with_pq_ratchet(&peeled.later(), field, &alice.key(), &bob.key());
        let stripped = peeled.with(stripped.serialized()).seal(&alice.local, &bob);
        assert_eq!(bob.read(&stripped).err(), Some(OpenError::NotPostQuantum));
    }
}

/// The second line of defence, should the first one be passed.
#[test]
fn a_session_that_opened_without_the_post_quantum_ratchet_is_seen() {
    let (mut alice, mut bob) = (Person::new(1), Person::new(2));
    acquainted(&mut alice, &mut bob);
    let session = bob.sessions[&alice.id()].clone();
    let stripped = without_post_quantum(&session);
    assert!(is_post_quantum(&session.record().unwrap()));
    assert!(!is_post_quantum(&stripped.record().unwrap()));
    bob.sessions.insert(alice.id(), stripped);
    let envelope = alice.write(&bob, "hello");
    assert_eq!(bob.read(&envelope).err(), Some(OpenError::Invalid), "and its keys are not those of the other end");
}

#[test]
fn a_session_unanswered_for_30_days_sends_nothing() {
    let (mut alice, mut bob) = (Person::new(1), Person::new(2));
    let item = bob.item();
    alice.begin(&bob, &item);
    let session = &alice.sessions[&bob.id()];
    let days = |days: u64| Duration::from_secs(days * 86_400);
    assert!(session.is_unanswered() && session.is_usable(now() + days(30)));
    assert!(!session.is_usable(now() + days(31)));
    acquainted(&mut alice, &mut bob);
    let session = &alice.sessions[&bob.id()];
    assert!(!session.is_unanswered() && session.is_usable(now() + days(3_000)));
}

/// The session with the field taken out of its current state, as protobuf lets one.
fn without_post_quantum(session: &Session) -> Session {
    let (header, record) = session.as_bytes().split_at(35);
    let mut edited = Vec::new();
    for (number, bytes) in fields(record) {
        let bytes = if number == 1 { stripped(bytes) } else { bytes.to_vec() };
        put_field(number, &bytes, &mut edited);
    }
    Session::from_bytes(&[header, &edited].concat()).unwrap()
}

fn stripped(state: &[u8]) -> Vec<u8> {
    let mut rest = state;
    let mut kept = Vec::new();
    while !rest.is_empty() {
        let start = rest;
        let number = skip_field(&mut rest);
        if number != PQ_RATCHET_STATE {
            kept.extend_from_slice(&start[..start.len() - rest.len()]);
        }
    }
    kept
}

fn fields(mut rest: &[u8]) -> Vec<(u64, &[u8])> {
    let mut fields = Vec::new();
    while !rest.is_empty() {
        let number = varint(&mut rest) >> 3;
        let length = varint(&mut rest) as usize;
        let (bytes, after) = rest.split_at(length);
        fields.push((number, bytes));
        rest = after;
    }
    fields
}

/// Passes over one field, a varint or a string of bytes, and gives its number.
fn skip_field(rest: &mut &[u8]) -> u64 {
    let tag = varint(rest);
    let value = varint(rest);
    if tag & 7 == 2 {
        *rest = &rest[value as usize..];
    }
    tag >> 3
}

fn varint(rest: &mut &[u8]) -> u64 {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (byte, after) = rest.split_first().unwrap();
        *rest = after;
        value |= u64::from(byte & 0x7F) << shift;
        if byte & 0x80 == 0 {
            break;
        }
    }
    value
}

fn put_field(number: u64, bytes: &[u8], to: &mut Vec<u8>) {
    put_varint(number << 3 | 2, to);
    put_varint(bytes.len() as u64, to);
    to.extend_from_slice(bytes);
}

fn put_varint(mut value: u64, to: &mut Vec<u8>) {
    while value >= 0x80 {
        to.push((value & 0x7F) as u8 | 0x80);
        value >>= 7;
    }
    to.push(value as u8);
}
