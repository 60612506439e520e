//! Safety numbers: the same on both sides, and another one for every other pair of keys.

use sealpost_identity::safety::SafetyMismatch;
use sealpost_identity::{IdentityKey, IdentityKeyPair, SafetyNumber};
use sealpost_wire::Secret;

fn key(seed: u8) -> IdentityKey {
    *IdentityKeyPair::from_secret(Secret::new([seed; 32])).public()
}

fn both_sides(a: u8, b: u8) -> (SafetyNumber, SafetyNumber) {
    (SafetyNumber::of(&key(a), &key(b)), SafetyNumber::of(&key(b), &key(a)))
}

#[test]
fn both_sides_see_the_same_sixty_digits_in_twelve_groups() {
    let (alice, bob) = both_sides(1, 2);
    assert_eq!(alice.to_string(), bob.to_string());
    let shown = alice.to_string();
    let groups: Vec<_> = shown.split(' ').collect();
    assert_eq!(groups.len(), 12);
    assert!(groups.iter().all(|group| group.len() == 5 && group.bytes().all(|digit| digit.is_ascii_digit())));
    assert_eq!(groups.concat(), alice.digits());
}

/// As computed by another implementation of X25519, BLAKE3 and the fingerprint.
#[test]
fn the_number_of_two_keys_never_changes() {
    let (alice, _) = both_sides(1, 2);
    assert_eq!(alice.to_string(), "92124 34709 29809 00368 05186 01358 94833 75839 39083 98947 74064 02952");
}

#[test]
fn a_scanned_code_confirms_the_other_side() {
    let (alice, bob) = both_sides(1, 2);
    assert_eq!(alice.compare(bob.scannable()), Ok(()));
    assert_eq!(bob.compare(alice.scannable()), Ok(()));
}

#[test]
fn somebody_in_between_is_noticed_by_both() {
    let (alice, bob) = (SafetyNumber::of(&key(1), &key(3)), SafetyNumber::of(&key(2), &key(3)));
    assert_eq!(alice.compare(bob.scannable()), Err(SafetyMismatch::Different));
    assert_eq!(bob.compare(alice.scannable()), Err(SafetyMismatch::Different));
    assert_ne!(alice.to_string(), bob.to_string());
}

#[test]
fn a_code_that_cannot_confirm_says_why() {
    let (alice, bob) = both_sides(1, 2);
    assert_eq!(alice.compare(alice.scannable()), Err(SafetyMismatch::Own));
    assert_eq!(alice.compare(b"sealpost:"), Err(SafetyMismatch::Unreadable));
    assert_eq!(alice.compare(&bob.scannable()[..40]), Err(SafetyMismatch::Unreadable));
    let mut newer = bob.scannable().to_vec();
    assert_eq!(newer[..2], [0x08, 2], "the version comes first");
    newer[1] = 3;
    assert_eq!(alice.compare(&newer), Err(SafetyMismatch::Version { theirs: 3 }));
}
