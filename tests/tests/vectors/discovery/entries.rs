//! Entry keys, and an attester's signatures.

use sealpost_wire::codec::exact;
use sealpost_wire::directory::{Attestation, Voucher};
use sealpost_wire::operator::{OperatorKey, OperatorSecret, Purpose};
use sealpost_wire::signed::{Signed, Statement};
use sealpost_wire::{EntryKey, to_bytes};
use serde::{Deserialize, Serialize};

use super::vectors;
use crate::groups::{entries, of_bytes, to_array, to_bytes as bytes_of};
use crate::samples::parts;

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Hashed {
    entry_key: String,
    entry_hash: String,
}

/// A signed attestation or voucher, and whether it counts.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Vouched {
    shows: String,
    attester: String,
    signed: String,
    /// The statement's fields from the second on, as CBOR, if the attester's signature is good.
    says: Option<Vec<String>>,
}

pub(super) fn hashes() -> Vec<Hashed> {
    let hashed = |key: [u8; 32]| Hashed {
        entry_key: of_bytes(&key),
        entry_hash: of_bytes(EntryKey::new(key).hash().as_bytes()),
    };
    [[0; 32], [0xe5; 32], std::array::from_fn(|n| n as u8)].map(hashed).into()
}

/// `[statement, signature]` for any bytes and purpose.
fn signed_as(signer: &OperatorSecret, purpose: Purpose, text: &[u8]) -> Vec<u8> {
    let signature = signer.sign(purpose, text);
    let mut bytes = Vec::new();
    minicbor::Encoder::new(&mut bytes).array(2).unwrap().bytes(text).unwrap().bytes(&signature).unwrap();
    bytes
}

fn fields(text: &[u8]) -> Vec<String> {
    entries(text).1.into_iter().skip(1).map(|field| of_bytes(&field[1..])).collect()
}

fn vouched<T: Statement>(good: &Signed<T>, says: &T, other: Purpose) -> Vec<Vouched> {
    let (attester, text) = (parts::operator(), to_bytes(says));
    let stranger = OperatorSecret::from_seed(&[0x5c; 32]);
    let case = |shows: &str, signed: Vec<u8>, says: Option<&[u8]>| Vouched {
        shows: shows.into(),
        attester: of_bytes(attester.public().as_bytes()),
        signed: of_bytes(&signed),
        says: says.map(fields),
    };
    let whole = to_bytes(good);
    // The statement stands between a head of three bytes and the 66 of the signature.
    let middle = whole.len() - 66;
    let changed = |place: usize| {
        let mut bytes = whole.clone();
        bytes[place] ^= 1;
        bytes
    };
    let other_version = [&[text[0], 0, 2], &text[3..]].concat();
    vec![
        case("the attester's", whole.clone(), Some(&text)),
        case("a changed statement", changed(middle - 1), None),
        case("a changed signature", changed(whole.len() - 1), None),
        case("signed by another key", signed_as(&stranger, T::PURPOSE, &text), None),
        case("signed for another purpose", signed_as(&attester, other, &text), None),
        case("signed as a manifest", signed_as(&attester, Purpose::Manifest, &text), None),
        case("of another version, and signed", signed_as(&attester, T::PURPOSE, &other_version), None),
        case("with a byte left over, and signed", signed_as(&attester, T::PURPOSE, &[&text[..], &[0]].concat()), None),
        case("nothing, and signed", signed_as(&attester, T::PURPOSE, &[]), None),
    ]
}

pub(super) fn attestations() -> Vec<Vouched> {
    let good = parts::attestation();
    vouched(&good, &good.verify(&parts::operator().public()).unwrap(), Purpose::Voucher)
}

pub(super) fn vouchers() -> Vec<Vouched> {
    let good = parts::voucher();
    vouched(&good, &good.verify(&parts::operator().public()).unwrap(), Purpose::Attestation)
}

fn assert_counts<T: Statement>(vector: &Vouched) {
    let signed: Signed<T> = exact(&bytes_of(&vector.signed)).unwrap();
    let attester = OperatorKey::from_bytes(&bytes_of(&vector.attester)).unwrap();
    let says = signed.verify(&attester).map(|statement| fields(&to_bytes(&statement)));
    assert_eq!(says, vector.says, "{}", vector.shows);
}

#[test]
fn an_attestation_counts_only_as_its_attester_signed_it() {
    vectors().attestations.iter().for_each(assert_counts::<Attestation>);
}

#[test]
fn a_voucher_counts_only_as_its_attester_signed_it() {
    vectors().vouchers.iter().for_each(assert_counts::<Voucher>);
}

#[test]
fn an_entry_hash_is_a_hash_of_the_entry_key() {
    for vector in vectors().entry_hashes {
        let key: [u8; 32] = to_array(&vector.entry_key);
        assert_eq!(of_bytes(EntryKey::new(key).hash().as_bytes()), vector.entry_hash);
        assert_eq!(of_bytes(&blake3::derive_key("sealpost v1 entry", &key)), vector.entry_hash);
    }
}
