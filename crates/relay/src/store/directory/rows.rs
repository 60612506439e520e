//! Rows of a directory, as every backend keeps them.

use sealpost_wire::EntryHash;
use sealpost_wire::directory::{BucketBits, BucketPrefix, Epoch, Slot, Tag};
use sealpost_wire::time::Day;

use crate::store::listing::{Claim, Entry};
use crate::store::{EpochState, OpenEpoch};

/// An entry's row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) struct EntryRow {
    pub(in crate::store) slot: Slot,
    pub(in crate::store) entry: Entry,
}

impl EntryRow {
    pub(in crate::store) fn to_bytes(&self) -> Vec<u8> {
        [self.slot.as_bytes().as_slice(), &entry_to_bytes(&self.entry)].concat()
    }

    pub(in crate::store) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (slot, entry) = bytes.split_first_chunk::<{ Slot::LENGTH }>()?;
        Some(Self { slot: Slot::new(*slot), entry: entry_from_bytes(entry)? })
    }
}

/// What of an entry's row is not its slot.
pub(in crate::store) fn entry_to_bytes(entry: &Entry) -> Vec<u8> {
    [entry.owner.as_bytes().as_slice(), &entry.proved.0.to_be_bytes()].concat()
}

pub(in crate::store) fn entry_from_bytes(bytes: &[u8]) -> Option<Entry> {
    let (owner, proved) = bytes.split_first_chunk::<32>()?;
    Some(Entry { owner: EntryHash::from_bytes(*owner), proved: day(proved)? })
}

pub(in crate::store) fn claim_to_bytes(claim: &Claim) -> Vec<u8> {
    [claim.owner.as_bytes().as_slice(), &claim.since.0.to_be_bytes()].concat()
}

pub(in crate::store) fn claim_from_bytes(bytes: &[u8]) -> Option<Claim> {
    let (owner, since) = bytes.split_first_chunk::<32>()?;
    Some(Claim { owner: EntryHash::from_bytes(*owner), since: day(since)? })
}

pub(in crate::store) fn epoch_to_bytes(open: &OpenEpoch) -> Vec<u8> {
    [&[open.bits.bits()], open.descriptor.as_slice()].concat()
}

pub(in crate::store) fn epoch_from_bytes(bytes: &[u8]) -> Option<EpochState> {
    let Some((bits, descriptor)) = bytes.split_first() else { return Some(EpochState::Retired) };
    let bits = BucketBits::new(*bits).ok()?;
    Some(EpochState::Open(OpenEpoch { bits, descriptor: descriptor.to_vec() }))
}

pub(in crate::store) const fn epoch_key(Epoch(number): Epoch) -> [u8; 4] {
    number.to_be_bytes()
}

/// The key of an entry's row, and of that of a claim to its place: a bucket is one range of them.
pub(in crate::store) fn listing_key(prefix: BucketPrefix, tag: &Tag) -> [u8; 20] {
    let mut key = [0; 20];
    let (left, right) = key.split_at_mut(4);
    left.copy_from_slice(&prefix.0.to_be_bytes());
    right.copy_from_slice(tag.as_bytes());
    key
}

/// The first and the last key that a bucket can have.
pub(in crate::store) fn bucket_keys(number: u32, bits: BucketBits) -> ([u8; 20], [u8; 20]) {
    let (first, last) = BucketPrefix::range(number, bits);
    (listing_key(first, &Tag::from_bytes([0; 16])), listing_key(last, &Tag::from_bytes([0xFF; 16])))
}

fn day(bytes: &[u8]) -> Option<Day> {
    bytes.try_into().ok().map(u32::from_be_bytes).map(Day)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWNER: EntryHash = EntryHash::from_bytes([7; 32]);

    fn row() -> EntryRow {
        EntryRow { slot: Slot::new([8; 256]), entry: Entry { owner: OWNER, proved: Day(20_000) } }
    }

    fn open(bits: u8) -> OpenEpoch {
        OpenEpoch { bits: BucketBits::new(bits).unwrap(), descriptor: vec![1, 2, 3] }
    }

    #[test]
    fn rows_come_back_as_they_were_written() {
        assert_eq!(EntryRow::from_bytes(&row().to_bytes()), Some(row()));
        let claim = Claim { owner: OWNER, since: Day(20_000) };
        assert_eq!(claim_from_bytes(&claim_to_bytes(&claim)), Some(claim));
        assert_eq!(epoch_from_bytes(&epoch_to_bytes(&open(24))), Some(EpochState::Open(open(24))));
        assert_eq!(epoch_from_bytes(&[]), Some(EpochState::Retired));
    }

    #[test]
    fn no_row_has_room_for_more_than_it_says() {
        let claim = Claim { owner: OWNER, since: Day(1) };
        assert_eq!((row().to_bytes().len(), claim_to_bytes(&claim).len()), (256 + 32 + 4, 32 + 4));
    }

    #[test]
    fn damaged_rows_are_no_rows() {
        assert_eq!(EntryRow::from_bytes(&[0; 291]), None);
        assert_eq!(EntryRow::from_bytes(&[0; 293]), None);
        assert_eq!(claim_from_bytes(&[0; 35]), None);
        assert_eq!(epoch_from_bytes(&[25]), None);
    }

    #[test]
    fn a_buckets_keys_are_those_of_its_prefixes() {
        let bits = open(4).bits;
        let key = |prefix, tag| listing_key(BucketPrefix(prefix), &Tag::from_bytes([tag; 16]));
        let (first, last) = bucket_keys(0xB, bits);
        assert_eq!((first, last), (key(0xB000_0000, 0), key(0xBFFF_FFFF, 0xFF)));
        assert!(key(0xAFFF_FFFF, 0xFF) < first && last < key(0xC000_0000, 0));
    }
}
