//! Decoders are total, and what they read has one encoding.

use proptest::prelude::*;
use sealpost_blind::{
    BlindState, BlindedBatch, BlindedElement, Epoch, EvaluatedBatch, EvaluatedElement, Malformed, Proof, PublicKey,
    Purpose, ServerKey,
};
use sealpost_wire::Secret;

const PURPOSE: Purpose = Purpose::Discovery(Epoch(1));
/// The order of the group, 2^252 + 27742317777372353535851937790883648493: the first scalar that is not canonical.
const ORDER: [u8; 32] = [
    0xED, 0xD3, 0xF5, 0x5C, 0x1A, 0x63, 0x12, 0x58, 0xD6, 0x9C, 0xF7, 0xA2, 0xDE, 0xF9, 0xDE, 0x14, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];
/// The base point (RFC 9496, appendix A.1).
const BASE: [u8; 32] = [
    0xE2, 0xF2, 0xAE, 0x0A, 0x6A, 0xBC, 0x4E, 0x71, 0xA8, 0x84, 0xA9, 0x61, 0xC5, 0x00, 0x51, 0x5F, 0x58, 0xE3, 0x0B,
    0x6A, 0xA5, 0x82, 0xDD, 0x8D, 0xB6, 0xA6, 0x59, 0x45, 0xE0, 0x8D, 0x2D, 0x76,
];

/// 2^255 - 19 + `n`, little-endian.
fn prime_plus(n: u8) -> [u8; 32] {
    let mut bytes = [0xFF; 32];
    (bytes[0], bytes[31]) = (0xED + n, 0x7F);
    bytes
}

fn changed(mut bytes: [u8; 32], index: usize, bits: u8) -> [u8; 32] {
    bytes[index] ^= bits;
    bytes
}

fn small(n: u8) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes[0] = n;
    bytes
}

fn joined(first: [u8; 32], second: [u8; 32]) -> [u8; 64] {
    *[first, second].as_flattened().first_chunk().unwrap()
}

/// One of the three kinds of element, decoded and encoded again.
type Recode = fn(&[u8; 32]) -> Result<[u8; 32], Malformed>;
const KINDS: [Recode; 3] = [
    |bytes| BlindedElement::from_bytes(bytes).map(|element| element.to_bytes()),
    |bytes| EvaluatedElement::from_bytes(bytes).map(|element| element.to_bytes()),
    |bytes| PublicKey::from_bytes(bytes).map(|key| key.to_bytes()),
];

#[test]
fn an_element_is_read_in_its_one_form() {
    for recode in KINDS {
        assert_eq!(recode(&BASE), Ok(BASE));
        let refused = [
            ("the identity", [0; 32]),
            ("the identity, not reduced", prime_plus(0)),
            ("not reduced", prime_plus(18)),
            ("negative", prime_plus(1)),
            ("one, negative", small(1)),
            ("the base point with the highest bit", changed(BASE, 31, 0x80)),
            ("all bits", [0xFF; 32]),
        ];
        for (name, bytes) in refused {
            assert_eq!(recode(&bytes), Err(Malformed::Element), "{name}");
        }
    }
}

#[test]
fn a_proof_is_two_canonical_scalars_that_are_not_zero() {
    let recode = |first, second| Proof::from_bytes(&joined(first, second)).map(|proof| proof.to_bytes());
    let last = changed(ORDER, 0, 0x01);
    assert_eq!(recode(small(1), last), Ok(joined(small(1), last)));
    for bad in [[0; 32], ORDER, [0xFF; 32]] {
        assert_eq!(recode(bad, small(1)), Err(Malformed::Scalar));
        assert_eq!(recode(small(1), bad), Err(Malformed::Scalar));
    }
}

#[test]
fn batches_have_exact_lengths() {
    for length in [0, 1, 31, 33, 63, 65, 64 * 32 + 1, 65 * 32] {
        let bytes: Vec<_> = BASE.into_iter().cycle().take(length).collect();
        assert_eq!(BlindedBatch::from_bytes(&bytes), Err(Malformed::Length), "{length}");
        let bytes = [bytes.as_slice(), &joined(small(1), small(1))].concat();
        assert_eq!(EvaluatedBatch::from_bytes(&bytes), Err(Malformed::Length), "{length} and a proof");
    }
    assert_eq!(BlindedBatch::from_bytes(&BASE.repeat(64)).unwrap().elements().len(), 64);
    assert_eq!(EvaluatedBatch::from_bytes(&[1; 63]), Err(Malformed::Length));
}

#[test]
fn one_bad_element_spoils_a_batch() {
    let bytes = [BASE, [0; 32], BASE].concat();
    assert_eq!(BlindedBatch::from_bytes(&bytes), Err(Malformed::Element));
}

#[test]
fn batches_survive_the_network() {
    let (values, rng) = ([1, 2, 3].map(|value| Secret::new([value; 32])), &mut rand::rng());
    let (_, batch) = BlindState::blind_padded(PURPOSE, &values, rng).unwrap();
    assert_eq!(BlindedBatch::from_bytes(&batch.to_bytes()), Ok(batch.clone()));
    let answer = ServerKey::derive(&Secret::new([1; 32]), PURPOSE).evaluate(&batch, rng);
    assert_eq!(EvaluatedBatch::from_bytes(&answer.to_bytes()), Ok(answer));
}

proptest! {
    #[test]
    fn what_is_read_is_written_the_same(bytes: [u8; 32]) {
        for recode in KINDS {
            prop_assert!(recode(&bytes).is_err() || recode(&bytes) == Ok(bytes));
        }
    }

    #[test]
    fn no_bytes_make_a_decoder_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(batch) = BlindedBatch::from_bytes(&bytes) {
            prop_assert_eq!(batch.to_bytes(), bytes.clone());
        }
        if let Ok(batch) = EvaluatedBatch::from_bytes(&bytes) {
            prop_assert_eq!(batch.to_bytes(), bytes);
        }
    }
}
