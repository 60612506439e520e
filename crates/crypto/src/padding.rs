//! Padding: one byte 0x80, then zeros to the wanted length (ISO/IEC 7816-4).

use zeroize::Zeroizing;

/// What padding adds at least.
pub(crate) const OVERHEAD: usize = 1;
const MARK: u8 = 0x80;

/// Pads to exactly `length`; `None` if there is no room for the mark.
pub(crate) fn pad(bytes: &[u8], length: usize) -> Option<Zeroizing<Vec<u8>>> {
    if bytes.len() >= length {
        return None;
    }
    let mut padded = Zeroizing::new(Vec::with_capacity(length));
    padded.extend_from_slice(bytes);
    padded.push(MARK);
    padded.resize(length, 0);
    Some(padded)
}

/// Takes padding off; `None` if there is none. Only for bytes that an AEAD has authenticated: its timing tells lengths.
pub(crate) fn unpad(padded: &[u8]) -> Option<&[u8]> {
    let end = padded.iter().rposition(|byte| *byte != 0)?;
    let (bytes, rest) = padded.split_at_checked(end)?;
    (rest.first() == Some(&MARK)).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_padded_comes_back(bytes in proptest::collection::vec(any::<u8>(), 0..300), more in 1_usize..300) {
            let padded = pad(&bytes, bytes.len() + more).unwrap();
            prop_assert_eq!(padded.len(), bytes.len() + more);
            prop_assert_eq!(unpad(&padded), Some(bytes.as_slice()));
        }

        #[test]
        fn bytes_without_a_mark_are_not_padded(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            match unpad(&bytes) {
                Some(inner) => prop_assert_eq!(&*pad(inner, bytes.len()).unwrap(), &bytes),
                None => prop_assert!(bytes.iter().rev().find(|byte| **byte != 0) != Some(&MARK)),
            }
        }
    }

    #[test]
    fn there_is_always_room_for_the_mark() {
        assert!(pad(&[1, 2, 3], 3).is_none());
        assert_eq!(*pad(&[1, 2, 3], 4).unwrap(), [1, 2, 3, MARK]);
        assert_eq!(unpad(&[]), None);
        assert_eq!(unpad(&[MARK]), Some(&[][..]));
    }
}
