//! Binary-coded decimals.
//!
//! What stands in the half byte beside the first or the last digit is not known: a filler, a type, another digit. So
//! the whole bytes in between are looked for, from either half; where those are too few, the digits with the fillers
//! that are in use.

use zeroize::Zeroizing;

use super::Pattern;

const FILLER: u8 = 0xF;

/// Which digit of two stands in the high half of a byte.
#[derive(Clone, Copy)]
pub(super) enum Nibbles {
    FirstHigh,
    FirstLow,
}

/// The patterns by which `digits`, ASCII, are found; too short ones among them.
pub(super) fn packings(digits: &[u8], nibbles: Nibbles) -> Vec<Zeroizing<Vec<u8>>> {
    let digits: Zeroizing<Vec<u8>> = Zeroizing::new(digits.iter().map(|digit| digit & 0x0F).collect());
    let from_second = digits.get(1..).unwrap_or_default();
    [whole_or_padded(&digits, false, nibbles), whole_or_padded(from_second, true, nibbles)].concat()
}

/// The whole bytes that `digits` fill, or, if those are too few, what they fill with the usual fillers.
fn whole_or_padded(digits: &[u8], after_first: bool, nibbles: Nibbles) -> Vec<Zeroizing<Vec<u8>>> {
    let whole = pack(digits, nibbles);
    if whole.len() >= Pattern::LEAST || after_first {
        return vec![whole];
    }
    let padded = |head: &[u8], tail: &[u8]| pack(&Zeroizing::new([head, digits, tail].concat()), nibbles);
    if digits.len().is_multiple_of(2) {
        vec![whole, padded(&[0], &[FILLER]), padded(&[0], &[0])]
    } else {
        vec![padded(&[], &[FILLER]), padded(&[], &[0]), padded(&[0], &[])]
    }
}

/// Two digits to a byte; a last one without its pair is left out.
fn pack(digits: &[u8], nibbles: Nibbles) -> Zeroizing<Vec<u8>> {
    let byte = |pair: &[u8; 2]| match (nibbles, pair) {
        (Nibbles::FirstHigh, [first, second]) => first << 4 | second,
        (Nibbles::FirstLow, [first, second]) => second << 4 | first,
    };
    let (pairs, _) = digits.as_chunks::<2>();
    Zeroizing::new(pairs.iter().map(byte).collect())
}
