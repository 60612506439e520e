//! Statements of deletion: what a relay signs when it has erased something.

use minicbor::{Decode, Encode};

use crate::capability::{MailboxId, ShelfId};
use crate::codec::V1;
use crate::directory::{Epoch, Tag};
use crate::operator::{OperatorSecret, Purpose};
use crate::signed::{Signed, Statement};
use crate::time::Day;

/// What was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub enum Closed {
    /// A mailbox, with every envelope in it.
    #[n(0)]
    Mailbox(#[n(0)] MailboxId),
    /// A shelf, with every item on it.
    #[n(1)]
    Shelf(#[n(0)] ShelfId),
    /// An entry of a directory.
    #[n(2)]
    Entry(#[n(0)] Epoch, #[n(1)] Tag),
}

/// "On this day the relay closed this object and erased all that it held": a claim that can be shown to others.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Deletion {
    /// The protocol's version.
    #[n(0)]
    pub version: V1,
    /// What was closed.
    #[n(1)]
    pub closed: Closed,
    /// When, by the relay's clock.
    #[n(2)]
    pub day: Day,
}

impl Statement for Deletion {
    const PURPOSE: Purpose = Purpose::Deletion;
    const LONGEST: usize = 64;
}

/// A [`Deletion`] and the operator's signature over its exact bytes, not yet checked.
pub type SignedDeletion = Signed<Deletion>;

impl SignedDeletion {
    /// States that `closed` was closed on `day`.
    #[must_use]
    pub fn sign(closed: Closed, day: Day, operator: &OperatorSecret) -> Self {
        Self::of(&Deletion { version: V1, closed, day }, operator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::{exact, to_bytes};

    fn operator() -> OperatorSecret {
        OperatorSecret::from_seed(&[1; 32])
    }

    #[test]
    fn a_statement_counts_only_under_its_operators_key() {
        let other = OperatorSecret::from_seed(&[2; 32]);
        let closed = Closed::Shelf(ShelfId::from_bytes([3; 32]));
        let signed = SignedDeletion::sign(closed, Day(20_000), &operator());
        assert_eq!(signed.verify(&operator().public()), Some(Deletion { version: V1, closed, day: Day(20_000) }));
        assert_eq!(signed.verify(&other.public()), None);
    }

    #[test]
    fn a_changed_statement_is_none() {
        let signed = SignedDeletion::sign(Closed::Mailbox(MailboxId::from_bytes([3; 32])), Day(20_000), &operator());
        let mut bytes = to_bytes(&signed);
        let last_of_statement = bytes.len() - 67;
        bytes[last_of_statement] ^= 1;
        let changed: SignedDeletion = exact(&bytes).unwrap();
        assert_eq!(changed.verify(&operator().public()), None);
    }

    #[test]
    fn the_longest_statement_fits_its_limit() {
        let mailbox = Closed::Mailbox(MailboxId::from_bytes([3; 32]));
        let entry = Closed::Entry(Epoch(u32::MAX), Tag::from_bytes([3; 16]));
        for closed in [mailbox, entry] {
            let longest = Deletion { version: V1, closed, day: Day(u32::MAX) };
            assert!(to_bytes(&longest).len() <= Deletion::LONGEST);
        }
    }
}
