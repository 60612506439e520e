//! Prekeys: the private halves of shelf items, as their owner stores them.
//!
//! One item is one set of prekeys with one id: a signed X25519 key, a Kyber-1024 key and, unless it is the shelf's last
//! item, a one-time X25519 key ([PQXDH](https://signal.org/docs/specifications/pqxdh/), section 3.2).

use std::collections::HashSet;
use std::time::Duration;

use libsignal_protocol::{KeyPair, PrivateKey, kem};
use minicbor::{Decode, Encode};
use rand::CryptoRng;
use sealpost_wire::codec::{DecodeError, exact};
use sealpost_wire::time::Day;
use thiserror::Error;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::redacted::redacted;

/// Names the prekeys of one item. Drawn at random, so that it does not tell the taker how many there were before.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Encode, Decode)]
#[cbor(transparent)]
pub struct PrekeyId(#[n(0)] u32);

impl PrekeyId {
    /// Draws one that is not among those in use.
    pub fn fresh(in_use: &HashSet<Self>, rng: &mut impl CryptoRng) -> Self {
        let mut candidate = Self(rng.next_u32());
        while in_use.contains(&candidate) {
            candidate = Self(rng.next_u32());
        }
        candidate
    }

    /// Wraps a number that was read from a store.
    #[must_use]
    pub const fn from_u32(number: u32) -> Self {
        Self(number)
    }

    /// The number, for a store.
    #[must_use]
    pub const fn as_u32(self) -> u32 {
        self.0
    }
}

/// The private halves of one item: a row in the owner's store, wiped when dropped.
///
/// A row is kept until [`PrivatePrekey::kept_until`], also when its item was thrown away on the relay: someone may have
/// taken it before.
#[derive(Clone)]
pub struct PrivatePrekey(Form);

#[derive(Clone, Encode, Decode, Zeroize, ZeroizeOnDrop)]
#[cbor(array)]
struct Form {
    #[n(0)]
    id: u32,
    #[n(1)]
    expires: u32,
    #[cbor(n(2), with = "minicbor::bytes")]
    signed: Vec<u8>,
    #[cbor(n(3), with = "minicbor::bytes")]
    one_time: Option<Vec<u8>>,
    #[cbor(n(4), with = "minicbor::bytes")]
    kyber_public: Vec<u8>,
    #[cbor(n(5), with = "minicbor::bytes")]
    kyber_secret: Vec<u8>,
}

/// Room for any row: a Kyber-1024 pair has 4,738 bytes.
const ROW: usize = 5_120;

/// A stored row is not the private half of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PrekeyError {
    /// It is not the encoding of one.
    #[error("the stored prekey is malformed")]
    Malformed(#[from] DecodeError),
    /// One of its keys is none.
    #[error("the stored prekey holds something that is not a key of its type")]
    Key,
}

/// The three key pairs of one item, in libsignal's types, which are not wiped: drop them soon.
pub(crate) struct KeyPairs {
    pub(crate) signed: KeyPair,
    pub(crate) one_time: Option<KeyPair>,
    pub(crate) kyber: kem::KeyPair,
}

impl PrivatePrekey {
    /// Reads a row as [`PrivatePrekey::to_bytes`] gave it.
    ///
    /// # Errors
    /// [`PrekeyError`]; the store is corrupt.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, PrekeyError> {
        let prekey = Self(exact(bytes)?);
        prekey.key_pairs()?;
        Ok(prekey)
    }

    /// The row, for a store that is encrypted as a whole.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        // Room beforehand, so that growing leaves no copies behind; writing into a vector cannot fail.
        let mut bytes = Vec::with_capacity(ROW);
        let _infallible = minicbor::encode(&self.0, &mut bytes);
        Zeroizing::new(bytes)
    }

    /// The item's id.
    #[must_use]
    pub const fn id(&self) -> PrekeyId {
        PrekeyId(self.0.id)
    }

    /// Whether this is of a shelf's last item, which many may take.
    #[must_use]
    pub const fn is_last(&self) -> bool {
        self.0.one_time.is_none()
    }

    /// The item's last day.
    #[must_use]
    pub const fn expires(&self) -> Day {
        Day(self.0.expires)
    }

    /// The day on which this row, and what was remembered of its uses, is erased; see [`kept_until`].
    #[must_use]
    pub fn kept_until(&self, time_to_live: Duration) -> Day {
        kept_until(self.expires(), time_to_live)
    }

    pub(crate) fn new(id: PrekeyId, expires: Day, pairs: &KeyPairs) -> Self {
        let secret = |pair: &KeyPair| pair.private_key.serialize();
        Self(Form {
            id: id.0,
            expires: expires.0,
            signed: secret(&pairs.signed),
            one_time: pairs.one_time.as_ref().map(secret),
            kyber_public: pairs.kyber.public_key.serialize().into_vec(),
            kyber_secret: pairs.kyber.secret_key.serialize().into_vec(),
        })
    }

    pub(crate) fn key_pairs(&self) -> Result<KeyPairs, PrekeyError> {
        let pair = |secret: &[u8]| {
            let secret = PrivateKey::deserialize(secret).map_err(|_| PrekeyError::Key)?;
            KeyPair::try_from(secret).map_err(|_| PrekeyError::Key)
        };
        let Form { signed, one_time, kyber_public, kyber_secret, .. } = &self.0;
        Ok(KeyPairs {
            signed: pair(signed)?,
            one_time: one_time.as_deref().map(pair).transpose()?,
            kyber: kem::KeyPair::from_public_and_private(kyber_public, kyber_secret).map_err(|_| PrekeyError::Key)?,
        })
    }
}

/// When private halves whose public halves are given out until `expires` are erased: a time to live and one day later,
/// so that whatever was sealed on the last day and lay on the relay to its end can still be opened.
#[must_use]
pub fn kept_until(expires: Day, time_to_live: Duration) -> Day {
    const DAY: u64 = 86_400;
    let days = u32::try_from(time_to_live.as_secs().div_ceil(DAY)).unwrap_or(u32::MAX);
    expires.plus(days).plus(1)
}

/// That a first message used up a prekey. To be committed together with the session that it began.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum UsedPrekey {
    /// A one-time item: erase its [`PrivatePrekey`].
    OneTime(PrekeyId),
    /// A last item: keep its [`PrivatePrekey`], remember this use of it for as long.
    Last {
        /// The item.
        id: PrekeyId,
        /// The hash of the base key that the sender drew for this session. Together with the item it is used once.
        base_key: [u8; 32],
    },
}

redacted!(KeyPairs, PrekeyId, PrivatePrekey, UsedPrekey);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_halves_are_kept_for_a_time_to_live_and_a_day_more() {
        let hours = |hours: u64| Duration::from_secs(hours * 3_600);
        assert_eq!(kept_until(Day(100), hours(14 * 24)), Day(115));
        assert_eq!(kept_until(Day(100), hours(14 * 24 + 1)), Day(116), "a day that has begun counts");
        assert_eq!(kept_until(Day(u32::MAX), hours(1)), Day(u32::MAX));
    }
}
