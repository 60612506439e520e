//! How far a conversation's other side has come.

use minicbor::{Decode, Encode};
use sealpost_wire::codec::List;

use crate::redacted::redacted;

/// How many lost messages one receipt names at most: the newest.
pub const MAX_MISSING: usize = 16;

/// What of the other side's messages has arrived and was read, by their counters.
///
/// It says no time, and it is no transport's: it goes inside a message like any other, or along with one.
#[derive(Clone, PartialEq, Eq, Default, Encode, Decode)]
#[cbor(array)]
pub struct Receipt {
    /// All up to this counter have arrived, but for [`Receipt::missing`].
    #[n(0)]
    pub received: u64,
    /// All of these up to this counter were read; never more than have arrived.
    #[n(1)]
    pub read: u64,
    /// Counters of messages that were waited for and given up.
    #[n(2)]
    pub missing: List<u64, MAX_MISSING>,
}

impl Receipt {
    /// Whether it can be: nothing is read, or missing, that has not had its turn, and what is missing is in order.
    pub(crate) fn is_possible(&self) -> bool {
        let missing = self.missing.iter();
        let ascending = missing.clone().zip(missing.clone().skip(1)).all(|(lower, higher)| lower < higher);
        ascending && self.read <= self.received && missing.last().is_none_or(|last| *last <= self.received)
    }
}

redacted!(Receipt);
