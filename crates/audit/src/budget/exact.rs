//! Whether bytes are one CBOR value in its one encoding (RFC 8949, section 4.2.1): the shortest heads, known lengths, keys in
//! order, nothing behind it. How a client writes could mark it as well as what it writes; and bytes that announce more than
//! they have must not reach a decoder that believes them.

use std::cmp::Ordering;

/// The budgets have nothing deeper.
const DEEPEST: usize = 16;

/// Whether `bytes` are exactly one value.
pub(super) fn is_exact(bytes: &[u8]) -> bool {
    value(bytes, DEEPEST).is_some_and(<[u8]>::is_empty)
}

/// What follows the value that `bytes` begin with.
fn value(bytes: &[u8], depth: usize) -> Option<&[u8]> {
    let (major, argument, rest) = head(bytes)?;
    let depth = depth.checked_sub(1)?;
    match major {
        0 | 1 | 7 => Some(rest),
        2 | 3 => {
            let (string, rest) = rest.split_at_checked(usize::try_from(argument).ok()?)?;
            (major == 2 || std::str::from_utf8(string).is_ok()).then_some(rest)
        }
        // Each has a byte at least, so that a count beyond them ends soon.
        4 => (0..argument).try_fold(rest, |rest, _| value(rest, depth)),
        5 => map(argument, rest, depth),
        _ => value(rest, depth),
    }
}

/// What follows the entries of a map, if their keys rise.
fn map(count: u64, mut rest: &[u8], depth: usize) -> Option<&[u8]> {
    let mut before: &[u8] = &[];
    for _ in 0..count {
        let behind = value(rest, depth)?;
        let key = rest.get(..rest.len() - behind.len())?;
        if key.cmp(before) != Ordering::Greater {
            return None;
        }
        before = key;
        rest = value(behind, depth)?;
    }
    Some(rest)
}

/// A head: its major type, its argument in the shortest form, and what follows.
fn head(bytes: &[u8]) -> Option<(u8, u64, &[u8])> {
    let (&first, rest) = bytes.split_first()?;
    let (major, short) = (first >> 5, first & 0x1F);
    let (argument, least, rest) = match short {
        // Of simple values, the budgets have none but false, true and null.
        0..24 => return (major != 7 || (20..=22).contains(&short)).then_some((major, short.into(), rest)),
        24 => rest.split_first().map(|(byte, rest)| (u64::from(*byte), 24, rest))?,
        25 => rest.split_first_chunk().map(|(bytes, rest)| (u16::from_be_bytes(*bytes).into(), 1 << 8, rest))?,
        26 => rest.split_first_chunk().map(|(bytes, rest)| (u32::from_be_bytes(*bytes).into(), 1 << 16, rest))?,
        27 => rest.split_first_chunk().map(|(bytes, rest)| (u64::from_be_bytes(*bytes), 1 << 32, rest))?,
        _ => return None,
    };
    // The bytes of a floating-point number are no argument; the budgets have none.
    (major != 7 && argument >= least).then_some((major, argument, rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_value_has_one_encoding() {
        let exact: [&[u8]; 6] =
            [&[0], &[0x18, 24], &[0xA2, 0, 1, 1, 0x41, 9], &[0x82, 0xF5, 0x60], &[0x19, 1, 0], &[0xA1, 0, 0xF6]];
        for bytes in exact {
            assert!(is_exact(bytes), "{bytes:02x?}");
        }
        let others: [&[u8]; 11] = [
            &[0x61, 0x80],
            &[],
            &[0, 0],
            &[0x18, 23],
            &[0x19, 0, 255],
            &[0xA2, 1, 1, 0, 1],
            &[0xA2, 0, 1, 0, 1],
            &[0x9F, 0xFF],
            &[0x41],
            &[0xF9, 0, 0],
            &[0xBB, 0, 0, 0, 1, 0, 0, 0, 0],
        ];
        for bytes in others {
            assert!(!is_exact(bytes), "{bytes:02x?}");
        }
    }

    #[test]
    fn what_announces_more_than_it_has_or_is_deep_costs_nothing() {
        let huge = [&[0x9B][..], &[0xFF; 8], &[0; 64]].concat();
        assert!(!is_exact(&huge) && !is_exact(&vec![0x81; 1 << 20]) && !is_exact(&vec![0xD8; 1 << 20]));
        let mut deep = vec![0x81; DEEPEST - 1];
        deep.push(0);
        assert!(is_exact(&deep));
    }

    proptest! {
        #[test]
        fn what_is_exact_can_be_decoded(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let mut decoder = minicbor::Decoder::new(&bytes);
            prop_assert!(!is_exact(&bytes) || (decoder.skip().is_ok() && decoder.position() == bytes.len()));
        }
    }
}
