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
