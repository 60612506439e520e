//! What the layers add.

use super::people::{Person, now};
use crate::ratchet;

#[test]
fn measure() {
    let (mut alice, mut bob) = (Person::new(1), Person::new(2));
    let item = bob.item();
    alice.begin(&bob, &item);
    let mut first = (usize::MAX, 0);
    let mut later = (usize::MAX, 0);
    for round in 0..400 {
        let plain = vec![7; 100 + round];
        let session = alice.sessions.get(&bob.id()).unwrap().clone();
        let (sealed, _) = ratchet::seal(&alice.local, &session, &plain, now(), &mut alice.rng).unwrap();
        let add = sealed.len() - plain.len();
        let slot = if session.is_unanswered() { &mut first } else { &mut later };
        slot.0 = slot.0.min(add);
        slot.1 = slot.1.max(add);
        let e = alice.write(&bob, "x");
        if round > 5 {
            bob.read(&e).unwrap();
            let e = bob.write(&alice, "y");
            alice.read(&e).unwrap();
        }
        if round % 50 == 0 {
            println!("{round} session {} first {first:?} later {later:?}", session.as_bytes().len());
        }
    }
    let plain = vec![7; 60_000];
    let session = alice.sessions.get(&bob.id()).unwrap().clone();
    let (sealed, _) = ratchet::seal(&alice.local, &session, &plain, now(), &mut alice.rng).unwrap();
    println!("large {}", sealed.len() - plain.len());
    println!("first {first:?} later {later:?}");
}
