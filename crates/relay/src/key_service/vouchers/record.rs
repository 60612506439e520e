//! One line of the file: that a voucher paid for a batch.
//!
//! ```text
//! record  48   voucher[16] ‖ hash of the batch[12] ‖ first day[4] ‖ number[4] ‖ previous[4] ‖ settled[4] ‖ check[4]
//! ```
//!
//! `first day` is that of the voucher's first use, `number` says which of the voucher's batches this is, from 1, and
//! `previous` where the one before it stands, of the first: 2³²-1. `settled` is how many records were durable when this one
//! was written. `check` is of the record's place and all that stands before. Integers are big-endian.

use sealpost_wire::directory::VoucherId;
use sealpost_wire::time::Day;

pub(super) const LENGTH: usize = 48;

/// The place of a record: how many stand before it.
pub(super) type Place = u32;

/// No place: nothing comes before the first.
const NOWHERE: Place = Place::MAX;

/// What tells a batch from another that is asked for with the same voucher.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BatchHash([u8; 12]);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) voucher: VoucherId,
    pub(super) batch: BatchHash,
    pub(super) first: Day,
    pub(super) number: u32,
    pub(super) previous: Option<Place>,
    pub(super) settled: u32,
}

impl BatchHash {
    /// Of a batch as it is sent.
    pub(super) fn of(elements: &[u8]) -> Self {
        Self(first_bytes(blake3::hash(elements).as_bytes()))
    }
}

impl Record {
    /// The record as it stands at `place`.
    pub(super) fn to_bytes(self, place: Place) -> [u8; LENGTH] {
        let mut bytes = [0; LENGTH];
        let numbers = [self.first.0, self.number, self.previous.unwrap_or(NOWHERE), self.settled];
        let parts = [self.voucher.as_bytes().as_slice(), &self.batch.0].concat();
        let parts = parts.into_iter().chain(numbers.into_iter().flat_map(u32::to_be_bytes));
        bytes.iter_mut().zip(parts).for_each(|(to, from)| *to = from);
        let check = check(&bytes, place);
        bytes.iter_mut().rev().zip(check.into_iter().rev()).for_each(|(to, from)| *to = from);
        bytes
    }

    /// Reads what stands at `place`; none if it is not a record that was written there.
    pub(super) fn from_bytes(bytes: &[u8; LENGTH], place: Place) -> Option<Self> {
        let (_, given) = bytes.split_last_chunk()?;
        if *given != check(bytes, place) {
            return None;
        }
        let (voucher, rest) = bytes.split_first_chunk()?;
        let (batch, rest) = rest.split_first_chunk()?;
        let [first, number, previous, settled, _] = *rest.as_chunks::<4>().0 else { return None };
        let previous = u32::from_be_bytes(previous);
        Some(Self {
            voucher: VoucherId::from_bytes(*voucher),
            batch: BatchHash(*batch),
            first: Day(u32::from_be_bytes(first)),
            number: u32::from_be_bytes(number),
            previous: (previous != NOWHERE).then_some(previous),
            settled: u32::from_be_bytes(settled),
        })
    }
}

fn check(bytes: &[u8; LENGTH], place: Place) -> [u8; 4] {
    let (checked, _) = bytes.split_last_chunk::<4>().unwrap_or((bytes, &[0; 4]));
    let mut hasher = blake3::Hasher::new();
    hasher.update(&place.to_be_bytes()).update(checked);
    first_bytes(hasher.finalize().as_bytes())
}

fn first_bytes<const N: usize>(hash: &[u8; 32]) -> [u8; N] {
    hash.first_chunk().copied().unwrap_or([0; N])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record {
        Record {
            voucher: VoucherId::from_bytes([1; 16]),
            batch: BatchHash::of(b"elements"),
            first: Day(20_700),
            number: 3,
            previous: Some(7),
            settled: 8,
        }
    }

    #[test]
    fn a_record_is_read_as_it_was_written_and_at_its_place_alone() {
        for record in [record(), Record { previous: None, number: 1, ..record() }] {
            assert_eq!(Record::from_bytes(&record.to_bytes(9), 9), Some(record));
            assert_eq!(Record::from_bytes(&record.to_bytes(9), 10), None);
        }
    }

    #[test]
    fn a_record_with_a_changed_bit_is_none() {
        let bytes = record().to_bytes(9);
        for bit in 0..LENGTH * 8 {
            let mut changed = bytes;
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Record::from_bytes(&changed, 9), None, "bit {bit}");
        }
        assert_eq!(Record::from_bytes(&[0; LENGTH], 0), None);
    }

    #[test]
    fn a_record_has_the_layout_that_is_written_above() {
        let bytes = record().to_bytes(9);
        assert_eq!(bytes[..16], [1; 16]);
        assert_eq!(bytes[16..28], blake3::hash(b"elements").as_bytes()[..12]);
        let numbers = [20_700, 3, 7, 8].map(u32::to_be_bytes).concat();
        assert_eq!(bytes[28..44], numbers);
        let checked = [9_u32.to_be_bytes().as_slice(), &bytes[..44]].concat();
        assert_eq!(bytes[44..], blake3::hash(&checked).as_bytes()[..4]);
    }
}
