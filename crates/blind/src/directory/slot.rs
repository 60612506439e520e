//! What a directory keeps of an entry, and what names and opens it.

use sealpost_wire::Secret;
use subtle::ConstantTimeEq;
use thiserror::Error;

use crate::redacted::redacted;

/// The length of a slot, taken or free.
pub const SLOT_LENGTH: usize = 256;

const TAG: usize = 16;

/// Names a number's slot within its bucket; compared in constant time.
///
/// **Relay learns:** it when the slot is published, never when it is looked up.
#[derive(Clone, Copy)]
pub struct Tag([u8; TAG]);

/// Opens a number's record. Everyone who knows the number can derive it by asking the key services, so it proves no
/// authorship: a card is believed for the key that it names, once that key has signed.
#[derive(Clone, PartialEq, Eq)]
pub struct RecordKey(Secret<32>);

/// A tag and a sealed record, or random bytes that look the same.
///
/// **Relay learns:** the tag. Not the card, and not whose.
#[derive(Clone, PartialEq, Eq)]
pub struct Slot(Box<[u8; SLOT_LENGTH]>);

/// Bytes are not as long as what they should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the bytes are of another length")]
pub struct WrongLength;

redacted!(Tag, RecordKey, Slot);

impl Tag {
    /// Wraps bytes of a slot or a request.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; TAG]) -> Self {
        Self(bytes)
    }

    /// The bytes, as stored and sent.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; TAG] {
        &self.0
    }
}

impl PartialEq for Tag {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Tag {}

impl RecordKey {
    /// Takes over 32 secret bytes.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(Secret::new(bytes))
    }

    /// The bytes, for a cipher or a store that is encrypted as a whole.
    #[must_use]
    pub const fn expose(&self) -> &[u8; 32] {
        self.0.expose()
    }
}

impl Slot {
    /// Reads a slot. Any bytes of the right length are one; whether it is taken shows to whoever can open it.
    ///
    /// # Errors
    /// [`WrongLength`] unless there are [`SLOT_LENGTH`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, WrongLength> {
        bytes.try_into().map(|slot: [u8; SLOT_LENGTH]| Self(Box::new(slot))).map_err(|_| WrongLength)
    }

    pub(crate) fn new(bytes: [u8; SLOT_LENGTH]) -> Self {
        Self(Box::new(bytes))
    }

    /// The bytes, as stored and sent.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; SLOT_LENGTH] {
        &self.0
    }

    /// The tag under which the slot is found; of a free slot, random bytes.
    #[must_use]
    pub fn tag(&self) -> Tag {
        let (tags, _) = self.0.as_chunks();
        Tag(tags.first().copied().unwrap_or_default())
    }
}
