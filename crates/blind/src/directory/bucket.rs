//! What a directory hands out: always a whole bucket.

use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{CryptoRng, SeedableRng};
use thiserror::Error;

use super::record::{NotOpened, Record};
use super::{BUCKET_LENGTH, SLOT_LENGTH, SLOTS, Slot};
use crate::discovery::Lookup;
use crate::redacted::redacted;

/// [`SLOTS`] slots, taken and free ones mixed.
///
/// **Relay learns:** which bucket was read, and when. Not which slot of it was wanted, nor whether one was found.
#[derive(Clone, PartialEq, Eq)]
pub struct Bucket(Box<[u8]>);

/// More entries than a bucket has slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a bucket has {SLOTS} slots")]
pub struct TooManySlots;

/// Bytes are not as long as a bucket is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a bucket has {BUCKET_LENGTH} bytes")]
pub struct WrongLength;

redacted!(Bucket);

impl Bucket {
    /// Fills up with random slots what `taken` leaves free, in random order.
    ///
    /// From a generator with the same seed comes the same bucket, so that it can be cached until an entry changes. That
    /// one has changed, everyone can see who reads the bucket before and after: how often, but not for whom.
    ///
    /// # Errors
    /// [`TooManySlots`] if `taken` has more than [`SLOTS`].
    pub fn fill(taken: &[Slot], rng: &mut impl CryptoRng) -> Result<Self, TooManySlots> {
        let free = SLOTS.checked_sub(taken.len()).ok_or(TooManySlots)?;
        // At once, since that is how generators are fast.
        let mut random = vec![0; free * SLOT_LENGTH];
        rng.fill_bytes(&mut random);
        let taken = taken.iter().map(|slot| slot.as_bytes().as_slice());
        let mut slots: Vec<&[u8]> = taken.chain(random.chunks_exact(SLOT_LENGTH)).collect();
        slots.shuffle(&mut StdRng::from_rng(rng));
        Ok(Self(slots.concat().into()))
    }

    /// Reads a bucket. Any bytes of the right length are one.
    ///
    /// # Errors
    /// [`WrongLength`] unless there are [`BUCKET_LENGTH`].
    pub fn from_bytes(bytes: Box<[u8]>) -> Result<Self, WrongLength> {
        if bytes.len() == BUCKET_LENGTH { Ok(Self(bytes)) } else { Err(WrongLength) }
    }

    /// The bytes, as sent.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The slots, in the order in which they are sent.
    pub fn slots(&self) -> impl Iterator<Item = Slot> {
        let (slots, _) = self.0.as_chunks();
        slots.iter().map(|slot| Slot::new(*slot))
    }

    /// Looks for a number's record: `None` if no slot has its tag.
    ///
    /// Should several have it, the first that opens counts.
    ///
    /// # Errors
    /// [`NotOpened`] if there are slots with the tag but none opens: the directory has changed one, or lets others publish
    /// what it should have refused.
    pub fn find(&self, lookup: &Lookup) -> Result<Option<Record>, NotOpened> {
        let found: Vec<_> = self.slots().filter(|slot| slot.tag().matches(&lookup.tag)).collect();
        if found.is_empty() {
            return Ok(None);
        }
        found.iter().find_map(|slot| Record::open(slot, &lookup.key).ok()).map(Some).ok_or(NotOpened)
    }
}
