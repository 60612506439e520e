//! What an envelope's id says to those who made it: which one it is, and when it was to be sent.
//!
//! ```text
//! id = scrambled number[4] ‖ mailbox[4] ‖ nanoseconds since the run began[8]
//! ```
//!
//! A relay takes ids for random and looks at their beginnings, so the number comes first, spread over all values.

use sealpost_wire::EnvelopeId;

/// Odd, so that multiplying by it can be undone; its inverse is below.
const SPREAD: u32 = 0x9E37_79B1;
const GATHER: u32 = inverse(SPREAD);

/// One envelope of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// Its mailbox, counted from 0.
    pub mailbox: u32,
    /// Its place among those that were sent to the mailbox, counted from 0.
    pub number: u32,
    /// When it was to be sent, in nanoseconds since the run began.
    pub due: u64,
}

impl Mark {
    /// The id under which it is deposited.
    #[must_use]
    pub fn id(self) -> [u8; 16] {
        let number = u128::from(self.number.wrapping_mul(SPREAD));
        (number | u128::from(self.mailbox) << 32 | u128::from(self.due) << 64).to_le_bytes()
    }

    /// Which envelope has that id.
    #[must_use]
    pub fn of(id: &EnvelopeId) -> Self {
        let bits = u128::from_le_bytes(*id.as_bytes());
        let word = |at: u32| (bits >> at) as u32;
        Self { mailbox: word(32), number: word(0).wrapping_mul(GATHER), due: (bits >> 64) as u64 }
    }
}

/// The inverse of an odd number modulo 2^32, by Newton's method, which doubles the bits that are right.
const fn inverse(odd: u32) -> u32 {
    let mut inverse = odd;
    let mut step = 0;
    while step < 5 {
        inverse = inverse.wrapping_mul(2_u32.wrapping_sub(odd.wrapping_mul(inverse)));
        step += 1;
    }
    inverse
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_tells_its_mark() {
        for number in [0, 1, 77, u32::MAX] {
            let mark = Mark { mailbox: 123_456, number, due: 9_876_543_210_123 };
            assert_eq!(Mark::of(&EnvelopeId::from_bytes(mark.id())), mark);
        }
    }

    #[test]
    fn ids_of_one_mailbox_begin_apart() {
        let begins = |number| Mark { mailbox: 1, number, due: 0 }.id()[..4].to_vec();
        let beginnings: std::collections::HashSet<_> = (0..1_000).map(begins).collect();
        assert_eq!(beginnings.len(), 1_000);
    }
}
