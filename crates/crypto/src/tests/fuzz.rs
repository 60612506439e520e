//! Mutations of good envelopes, at every layer, from a fixed seed.
//!
//! What fails the run: a mutated envelope that makes opening panic past its guard, that opens to another text than was
//! written, or that changes a record without opening. The budget is 400 mutations at each of four layers.

use rand::Rng;
use rand::SeedableRng;
use rand::rngs::StdRng;
use sealpost_wire::Envelope;

use super::conversation::acquainted;
use super::craft::{Peeled, front_door, peel};
use super::people::{Person, text};

const BUDGET: usize = 400;

/// Changes one to four places: a bit, a byte, a run of bytes, the length.
fn mutate(bytes: &[u8], rng: &mut StdRng) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..rng.random_range(1..=4) {
        let at = rng.random_range(0..bytes.len().max(1));
        match rng.random_range(0..6) {
            0 => bytes[at] ^= 1 << rng.random_range(0..8),
            1 => bytes[at] = rng.random(),
            2 => bytes[at] = [0, 1, 0x7F, 0x80, 0xFF][rng.random_range(0..5)],
            3 => bytes.truncate(at.max(1)),
            4 => bytes.insert(at, rng.random()),
            _ => drop(bytes.drain(at..(at + rng.random_range(1..9)).min(bytes.len()).max(at))),
        }
        if bytes.is_empty() {
            bytes.push(0);
        }
    }
    bytes
}

/// Opens without committing, and holds what opens to what was written.
fn try_open(bob: &mut Person, envelope: &Envelope) {
    let before: Vec<_> = bob.sessions.values().map(|session| session.as_bytes().to_vec()).collect();
    let (sessions, prekeys) = (bob.sessions.clone(), bob.prekeys.clone());
    match bob.read(envelope) {
        // The signature's and the protobuf's spellings have some slack; what is written inside has none.
        Ok(opened) => assert_eq!(text(&opened), "genuine"),
        Err(_) => {
            let after: Vec<_> = bob.sessions.values().map(|session| session.as_bytes().to_vec()).collect();
            assert_eq!((before, prekeys.len()), (after, bob.prekeys.len()));
        }
    }
    (bob.sessions, bob.prekeys) = (sessions, prekeys);
}

/// A first message and a later one, each genuine.
fn genuine() -> [(Person, Person, Envelope); 2] {
    let (mut alice, mut bob) = (Person::new(1), Person::new(2));
    let item = bob.item();
    alice.begin(&bob, &item);
    let first = alice.write(&bob, "genuine");
    let (mut carol, mut dave) = (Person::new(3), Person::new(4));
    acquainted(&mut carol, &mut dave);
    let later = carol.write(&dave, "genuine");
    [(alice, bob, first), (carol, dave, later)]
}

#[test]
fn mutated_envelopes_neither_panic_nor_lie() {
    let mut rng = StdRng::seed_from_u64(0x5EA1);
    for (alice, mut bob, envelope) in genuine() {
        let peeled = peel(&bob, &envelope);
        let letter = peeled.letter(&alice.local, &bob.key());
        for _ in 0..BUDGET / 2 {
            let mutated = [
                Envelope::new(flip(envelope.as_bytes(), &mut rng).into()).unwrap(),
                front_door(&mutate(&letter, &mut rng), &bob.front_door),
                peeled.with(&mutate(&peeled.contents, &mut rng)).seal(&alice.local, &bob),
                mutate_pq_ratchet(&peeled, &alice, &bob, &mut rng).seal(&alice.local, &bob),
            ];
            mutated.iter().for_each(|envelope| try_open(&mut bob, envelope));
        }
    }
}

fn flip(bytes: &[u8], rng: &mut StdRng) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let at = rng.random_range(0..bytes.len());
    bytes[at] ^= 1 << rng.random_range(0..8);
    bytes
}

/// The field that panics gets mutations of its own: in the whole message they would hardly ever hit it.
fn mutate_pq_ratchet(peeled: &Peeled, alice: &Person, bob: &Person, rng: &mut StdRng) -> Peeled {
    use super::craft::{first_around, with_pq_ratchet};
    use libsignal_protocol::CiphertextMessageType;
    let (from, to) = (alice.key(), bob.key());
    let mut mutated = |message| {
        let message: &libsignal_protocol::SignalMessage = message;
        let field = [&[1], mutate(&message.pq_ratchet()[1..], rng).as_slice()].concat();
        with_pq_ratchet(message, &field, &from, &to)
    };
    match peeled.kind {
        CiphertextMessageType::PreKey => {
            let first = peeled.first();
            let message = mutated(first.message());
            peeled.with(first_around(&first, message, &from, *first.base_key()).serialized())
        }
        _ => peeled.with(mutated(&peeled.later()).serialized()),
    }
}
