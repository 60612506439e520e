//! The right to make a server work: to have a key service evaluate, or to get a relay's tickets.

use minicbor::{Decode, Encode};

use super::{Epoch, VoucherId};
use crate::codec::V1;
use crate::operator::{OperatorKey, Purpose};
use crate::signed::{Signed, Statement};

/// "Whoever shows this has proved some number": the attester's word to one key service or relay, for one epoch, without the
/// number and without a tag.
///
/// **Server learns:** which requests are of one person, who has proved some number. The attester drew the id, so both together
/// can tell whose.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Voucher {
    /// The protocol's version.
    #[n(0)]
    pub version: V1,
    /// Drawn for this voucher alone.
    #[n(1)]
    pub id: VoucherId,
    /// The operator of the server that it is for.
    #[n(2)]
    pub service: OperatorKey,
    /// The epoch in which it counts.
    #[n(3)]
    pub epoch: Epoch,
}

/// A [`Voucher`] and the attester's signature over its exact bytes, not yet checked.
pub type SignedVoucher = Signed<Voucher>;

impl Statement for Voucher {
    const PURPOSE: Purpose = Purpose::Voucher;
    const LONGEST: usize = 80;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::to_bytes;
    use crate::operator::OperatorSecret;

    #[test]
    fn the_longest_voucher_fits_its_limit() {
        let service = OperatorSecret::from_seed(&[1; 32]).public();
        let longest = Voucher { version: V1, id: VoucherId::from_bytes([1; 16]), service, epoch: Epoch(u32::MAX) };
        assert!(to_bytes(&longest).len() <= Voucher::LONGEST);
    }
}
