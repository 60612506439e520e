//! libsignal reads any 32 bytes as a public key. None of these may become an [`IdentityKey`].
//!
//! The run fails when a key of low order, with a component of low order, off the curve, or in another encoding than its
//! canonical one is read; or when one of the 200 honest keys is not.

use curve25519_dalek::constants::{ED25519_BASEPOINT_POINT, EIGHT_TORSION};
use curve25519_dalek::montgomery::MontgomeryPoint;
use curve25519_dalek::scalar::Scalar;
use data_encoding::HEXLOWER;
use sealpost_identity::keys::{IdentityKey, IdentityKeyPair, KeyError};

/// The coordinates of all points of order 1, 2, 4 and 8, on the curve and on its twist, in every encoding of 255 bits.
const LOW_ORDER: [&str; 7] = [
    // 0: order 2 (and what the point at infinity is encoded as)
    "0000000000000000000000000000000000000000000000000000000000000000",
    // 1: order 4
    "0100000000000000000000000000000000000000000000000000000000000000",
    // order 8
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    // order 8
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    // p - 1: order 4, on the twist
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    // p = 0 and p + 1 = 1 again; no other of them has a second encoding of 255 bits
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
];

fn read(coordinate: [u8; 32]) -> Result<IdentityKey, KeyError> {
    IdentityKey::from_bytes(&[&[5][..], &coordinate].concat())
}

fn honest_keys() -> impl Iterator<Item = IdentityKey> {
    (0..200).map(|_| *IdentityKeyPair::generate(&mut rand::rng()).public())
}

fn coordinate(key: &IdentityKey) -> [u8; 32] {
    key.as_bytes()[1..].try_into().unwrap()
}

fn with_high_bit(mut coordinate: [u8; 32]) -> [u8; 32] {
    coordinate[31] |= 0x80;
    coordinate
}

#[test]
fn honest_keys_are_read() {
    for key in honest_keys() {
        assert_eq!(IdentityKey::from_bytes(key.as_bytes()), Ok(key));
    }
}

#[test]
fn points_of_low_order_are_refused_in_every_encoding() {
    for hex in LOW_ORDER {
        let low: [u8; 32] = HEXLOWER.decode(hex.as_bytes()).unwrap().try_into().unwrap();
        assert_eq!(read(low), Err(KeyError::NotCanonical), "{hex}");
        assert_eq!(read(with_high_bit(low)), Err(KeyError::NotCanonical), "{hex} with its high bit");
    }
    for point in EIGHT_TORSION {
        assert_eq!(read(point.to_montgomery().to_bytes()), Err(KeyError::NotCanonical));
    }
}

#[test]
fn every_coordinate_from_p_on_is_refused() {
    for last in 0xED..=0xFF {
        let mut above = [0xFF; 32];
        above[0] = last;
        assert_eq!(read(above), Err(KeyError::NotCanonical));
        above[31] = 0x7F;
        assert_eq!(read(above), Err(KeyError::NotCanonical));
    }
}

#[test]
fn an_honest_key_with_its_unused_bit_set_is_refused() {
    for key in honest_keys() {
        assert_eq!(read(with_high_bit(coordinate(&key))), Err(KeyError::NotCanonical));
    }
}

#[test]
fn an_honest_key_plus_a_point_of_low_order_is_refused() {
    for torsion in &EIGHT_TORSION[1..] {
        let point = ED25519_BASEPOINT_POINT * Scalar::from(rand::random::<u64>()) + torsion;
        assert_eq!(read(point.to_montgomery().to_bytes()), Err(KeyError::NotCanonical));
    }
}

#[test]
fn coordinates_of_the_twist_are_refused() {
    let small = (2..=255).map(|low: u8| std::array::from_fn(|index| if index == 0 { low } else { 0 }));
    let off_curve = small.filter(|bytes| MontgomeryPoint(*bytes).to_edwards(0).is_none());
    assert!(off_curve.map(read).filter(|read| *read == Err(KeyError::NotCanonical)).count() > 100);
}

#[test]
fn other_lengths_and_types_are_refused() {
    let key = *IdentityKeyPair::generate(&mut rand::rng()).public();
    let bytes = key.as_bytes();
    assert_eq!(IdentityKey::from_bytes(&[]), Err(KeyError::Form));
    assert_eq!(IdentityKey::from_bytes(&bytes[..32]), Err(KeyError::Form));
    assert_eq!(IdentityKey::from_bytes(&bytes[1..]), Err(KeyError::Form));
    assert_eq!(IdentityKey::from_bytes(&[&bytes[..], &[0]].concat()), Err(KeyError::Form));
    assert_eq!(IdentityKey::from_bytes(&[&[4], &bytes[1..]].concat()), Err(KeyError::Form));
}

/// What is skipped is the check of the point and nothing else.
#[test]
fn a_key_of_ones_own_store_is_read_without_the_check_of_its_point() {
    for key in honest_keys().take(3) {
        assert_eq!(IdentityKey::dangerously_assume_checked(key.as_bytes()), Ok(key));
    }
    let low = [&[5][..], &[0; 32]].concat();
    assert!(IdentityKey::dangerously_assume_checked(&low).is_ok());
    for bytes in [&low[..32], &[&low[..], &[0]].concat(), &[&[6][..], &low[1..]].concat()] {
        assert_eq!(IdentityKey::dangerously_assume_checked(bytes), Err(KeyError::Form));
    }
}
