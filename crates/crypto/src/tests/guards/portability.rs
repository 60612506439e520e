//! Guard 2: stored ratchet state opens on every machine, because it is made without vector units everywhere.

use crate::tests::people::{Person, return_address, text};
use crate::{Route, Session};

#[test]
fn the_build_keeps_libcrux_from_vector_units() {
    assert_eq!(option_env!("LIBCRUX_DISABLE_SIMD256"), Some("1"));
    assert_eq!(option_env!("LIBCRUX_DISABLE_SIMD128"), Some("1"));
}

/// Two sessions that a portable build stored in the middle of a key exchange of the post-quantum ratchet, while parts of
/// an ML-KEM key were under way. A build with another layout of that state decapsulates something else and cannot go on.
const ALICE: &[u8] = include_bytes!("sessions/alice.bin");
const BOB: &[u8] = include_bytes!("sessions/bob.bin");

#[test]
fn sessions_stored_by_an_earlier_build_go_on() {
    let (mut alice, mut bob) = (Person::new(1), Person::new(2));
    alice.sessions.insert(bob.id(), Session::from_bytes(ALICE).unwrap());
    bob.sessions.insert(alice.id(), Session::from_bytes(BOB).unwrap());
    go_on(&mut alice, &mut bob, 150);
}

/// Enough rounds for the ratchet to finish the exchange that was under way and a whole one more.
fn go_on(alice: &mut Person, bob: &mut Person, rounds: usize) {
    let (to_alice, to_bob) = (return_address(&mut alice.rng), return_address(&mut bob.rng));
    for round in 0..rounds {
        let content = alice.content(&format!("ping {round}"));
        let envelope = alice.seal(bob.id(), &content, Route::Pairwise(&to_bob)).unwrap();
        let opened = bob.read_pairwise(&envelope, &to_bob, alice.key()).unwrap();
        assert_eq!(text(&opened), format!("ping {round}"));
        let content = bob.content("pong");
        let envelope = bob.seal(alice.id(), &content, Route::Pairwise(&to_alice)).unwrap();
        assert_eq!(text(&alice.read_pairwise(&envelope, &to_alice, bob.key()).unwrap()), "pong");
    }
}

/// Makes the two sessions anew: for a change of the stored form, by hand.
#[test]
#[ignore = "writes the files that the test above reads"]
fn write_the_stored_sessions() {
    let (mut alice, mut bob) = (Person::new(1), Person::new(2));
    super::super::conversation::acquainted(&mut alice, &mut bob);
    go_on(&mut alice, &mut bob, 25);
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/tests/guards/sessions");
    std::fs::create_dir_all(folder).unwrap();
    std::fs::write(format!("{folder}/alice.bin"), alice.sessions[&bob.id()].as_bytes()).unwrap();
    std::fs::write(format!("{folder}/bob.bin"), bob.sessions[&alice.id()].as_bytes()).unwrap();
}
