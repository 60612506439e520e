//! What a directory's store is asked and answers.

pub(super) mod rows;

use sealpost_wire::EntryHash;
use sealpost_wire::directory::{BucketBits, BucketPrefix, Epoch, Slot, Tag};
use sealpost_wire::time::Day;

/// What the store knows of an epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EpochState {
    /// It has a directory.
    Open(OpenEpoch),
    /// Its directory was erased.
    Retired,
}

/// An epoch's directory, without its entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenEpoch {
    /// How many buckets it has.
    pub bits: BucketBits,
    /// What it was opened with, which the store does not read.
    pub descriptor: Vec<u8>,
}

/// An entry to be listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEntry {
    /// In which epoch.
    pub epoch: Epoch,
    /// Which bucket, however many there are.
    pub prefix: BucketPrefix,
    /// The slot, which begins with its tag.
    pub slot: Slot,
    /// The hash of the key that was presented.
    pub owner: EntryHash,
    /// The day on which the number was proved; none where the directory asks for no proof.
    pub proved: Option<Day>,
}

/// What became of a [`NewEntry`] that was not refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placed {
    /// Where it is.
    pub place: Place,
    /// How many buckets the epoch has now.
    pub bits: BucketBits,
}

/// Where an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In its bucket.
    Listed {
        /// The day from which another may take its place, if another waits for it.
        contested: Option<Day>,
    },
    /// Nowhere. Published again from that day on, it takes the place of the one that stands there.
    Waiting(Day),
}

/// Why an entry was not placed. Nothing was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotPlaced {
    /// The epoch has no directory.
    NoEpoch,
    /// It takes a newer proof.
    NotProved,
    /// Another stands there, and there are no proofs.
    Denied,
    /// Its bucket is full, and buckets do not split any more.
    Full,
}

/// What an owner shows of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntryOwner {
    /// In which epoch.
    pub epoch: Epoch,
    /// Which bucket, however many there are.
    pub prefix: BucketPrefix,
    /// Its tag.
    pub tag: Tag,
    /// The hash of the key that was presented.
    pub owner: EntryHash,
}

/// Why there is no such bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoBucket {
    /// The epoch has no directory.
    NoEpoch,
    /// It has another number of buckets.
    OtherBits,
}
