//! Guard 4: no key that is not canonical or has a component of low order. Guard 7: Kyber-1024 and no other KEM.

use libsignal_protocol::{PublicKey, kem};

use crate::OpenError;
use crate::tests::conversation::acquainted;
use crate::tests::craft::{first_around, front_door, peel, remade};
use crate::tests::people::Person;

/// Points of order 1, 2, 4 and 8, and their other spellings (RFC 7748, section 6.1; cr.yp.to/ecdh.html).
fn bad_points() -> Vec<PublicKey> {
    let mut points = vec![[0; 32], with_first(1), with_first(2)];
    points.push(hex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"));
    points.push(hex("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"));
    points.push(hex("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"));
    points.push(hex("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"));
    points.push(hex("f6ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"));
    let mut nine_with_high_bit = with_first(9);
    nine_with_high_bit[31] = 0x80;
    points.push(nine_with_high_bit);
    points.iter().map(|point| PublicKey::from_djb_public_key_bytes(point).unwrap()).collect()
}

fn with_first(byte: u8) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes[0] = byte;
    bytes
}

fn hex(text: &str) -> [u8; 32] {
    std::array::from_fn(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap())
}

#[test]
fn a_first_message_with_a_bad_base_key_is_refused() {
    let (mut alice, mut bob) = (Person::new(1), Person::new(2));
    let item = bob.item();
    alice.begin(&bob, &item);
    let peeled = peel(&bob, &alice.write(&bob, "hello"));
    let first = peeled.first();
    for point in bad_points() {
        let forged = first_around(&first, first.message().clone(), &alice.key(), point);
        let forged = peeled.with(forged.serialized()).seal(&alice.local, &bob);
        assert_eq!(bob.read(&forged).err(), Some(OpenError::Invalid));
    }
    assert!(bob.sessions.is_empty() && bob.prekeys.len() == 1);
}

#[test]
fn a_message_with_a_bad_ratchet_key_is_refused() {
    let (mut alice, mut bob) = (Person::new(1), Person::new(2));
    acquainted(&mut alice, &mut bob);
    let peeled = peel(&bob, &alice.write(&bob, "hello"));
    let later = peeled.later();
    for point in bad_points() {
        let forged = remade(&later, point, later.pq_ratchet(), &alice.key(), &bob.key());
        let forged = peeled.with(forged.serialized()).seal(&alice.local, &bob);
        assert_eq!(bob.read(&forged).err(), Some(OpenError::Invalid));
    }
}

#[test]
fn a_senders_seal_with_a_bad_ephemeral_key_is_refused() {
    let (mut alice, mut bob) = (Person::new(1), Person::new(2));
    acquainted(&mut alice, &mut bob);
    let letter = peel(&bob, &alice.write(&bob, "hello")).letter(&alice.local, &bob.key());
    assert!(bob.read(&front_door(&letter, &bob.front_door)).is_ok(), "as it is, it opens");
    for point in bad_points() {
        let mut forged = letter.clone();
        forged[3..36].copy_from_slice(&point.serialize());
        assert_eq!(bob.read(&front_door(&forged, &bob.front_door)).err(), Some(OpenError::SenderSeal));
    }
}

/// Were the feature `mlkem1024` on anywhere in the build, libsignal would read keys of that type.
#[test]
fn libsignal_knows_no_kem_but_kyber_1024() {
    const LENGTHS: [(u8, usize); 2] = [(0x07, 1_184), (0x0A, 1_568)];
    for (kind, length) in LENGTHS {
        let key = [vec![kind], vec![0; length]].concat();
        assert!(kem::PublicKey::deserialize(&key).is_err());
    }
    let key = [vec![0x08], vec![0; 1_568]].concat();
    assert_eq!(kem::PublicKey::deserialize(&key).unwrap().key_type(), kem::KeyType::Kyber1024);
}
