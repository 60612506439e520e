//! That an attester has seen a number's owner prove it.

use minicbor::{Decode, Encode};

use super::{BucketPrefix, Epoch, Tag};
use crate::capability::EntryHash;
use crate::codec::V1;
use crate::operator::Purpose;
use crate::signed::{Signed, Statement};
use crate::time::Day;

/// "Whoever has this entry key has proved the number that belongs under this tag", without the number.
///
/// **Relay learns:** that the attester vouches for this entry; the attester's word, not the number.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Attestation {
    /// The protocol's version.
    #[n(0)]
    pub version: V1,
    /// In which epoch's directory.
    #[n(1)]
    pub epoch: Epoch,
    /// The first four bytes of what was derived for the number, so that nobody can fill a bucket of their choice.
    #[n(2)]
    pub prefix: BucketPrefix,
    /// The tag.
    #[n(3)]
    pub tag: Tag,
    /// The hash of the entry key.
    #[n(4)]
    pub entry: EntryHash,
    /// When the number was proved.
    #[n(5)]
    pub issued: Day,
}

/// An [`Attestation`] and the attester's signature over its exact bytes, not yet checked.
pub type SignedAttestation = Signed<Attestation>;

impl Statement for Attestation {
    const PURPOSE: Purpose = Purpose::Attestation;
    const LONGEST: usize = 96;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::to_bytes;

    #[test]
    fn the_longest_attestation_fits_its_limit() {
        let longest = Attestation {
            version: V1,
            epoch: Epoch(u32::MAX),
            prefix: BucketPrefix(u32::MAX),
            tag: Tag::from_bytes([1; 16]),
            entry: EntryHash::from_bytes([2; 32]),
            issued: Day(u32::MAX),
        };
        assert!(to_bytes(&longest).len() <= Attestation::LONGEST);
    }
}
