//! Statements of deletion: what a relay signs when it has closed something.

use minicbor::decode::Error;
use minicbor::{Decode, Decoder, Encode};

use crate::capability::{MailboxId, ShelfId};
use crate::codec::{V1, from_bytes, redacted, to_bytes};
use crate::operator::{OperatorKey, OperatorSecret, Purpose};
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

/// A [`Deletion`] and the operator's signature over its exact bytes, not yet checked.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct SignedDeletion {
    #[n(0)]
    #[cbor(encode_with = "minicbor::bytes::encode", decode_with = "short")]
    statement: Vec<u8>,
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    signature: [u8; 64],
}

redacted!(SignedDeletion);

/// The longest statement, in bytes.
const MAX_STATEMENT: usize = 64;

fn short<C>(d: &mut Decoder<'_>, _: &mut C) -> Result<Vec<u8>, Error> {
    let bytes = d.bytes()?;
    if bytes.len() <= MAX_STATEMENT { Ok(bytes.to_vec()) } else { Err(Error::message("too long a statement")) }
}

impl SignedDeletion {
    /// States that `closed` was closed on `day`.
    #[must_use]
    pub fn sign(closed: Closed, day: Day, operator: &OperatorSecret) -> Self {
        let statement = to_bytes(&Deletion { version: V1, closed, day });
        let signature = operator.sign(Purpose::Deletion, &statement);
        Self { statement, signature }
    }

    /// The statement, if `operator` signed it.
    #[must_use]
    pub fn verify(&self, operator: &OperatorKey) -> Option<Deletion> {
        let signed = operator.verifies(Purpose::Deletion, &self.statement, &self.signature);
        signed.then(|| from_bytes(&self.statement).ok()).flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_counts_only_under_its_operators_key() {
        let (ours, other) = (OperatorSecret::from_seed(&[1; 32]), OperatorSecret::from_seed(&[2; 32]));
        let closed = Closed::Shelf(ShelfId::from_bytes([3; 32]));
        let signed = SignedDeletion::sign(closed, Day(20_000), &ours);
        assert_eq!(signed.verify(&ours.public()), Some(Deletion { version: V1, closed, day: Day(20_000) }));
        assert_eq!(signed.verify(&other.public()), None);
    }

    #[test]
    fn a_changed_statement_is_none() {
        let operator = OperatorSecret::from_seed(&[1; 32]);
        let mut signed = SignedDeletion::sign(Closed::Mailbox(MailboxId::from_bytes([3; 32])), Day(20_000), &operator);
        *signed.statement.last_mut().unwrap() ^= 1;
        assert_eq!(signed.verify(&operator.public()), None);
    }

    #[test]
    fn the_longest_statement_fits_its_limit() {
        let longest =
            Deletion { version: V1, closed: Closed::Mailbox(MailboxId::from_bytes([3; 32])), day: Day(u32::MAX) };
        assert!(to_bytes(&longest).len() <= MAX_STATEMENT);
    }
}
