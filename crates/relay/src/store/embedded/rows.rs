//! The rows on disk. This is all that a store holds, byte for byte.
//!
//! ```text
//! relay      "format" → 1 · "reserved" → sequence[8] · "boundary" → (nothing)
//!            "filled" → mark[32] ‖ records[8] ‖ sequence[8] ‖ item[8]      only while an archive is being imported
//! mailboxes  mailbox[32] → collect hash[32] ‖ kind[1] ‖ last day of the lease[4]
//! queue      mailbox[32] ‖ sequence[8] → envelope id[16] ‖ hour of expiry[4] ‖ class[1]
//! day-N      mailbox[32] ‖ sequence[8] → envelope at rest               N: the day of expiry, one keyspace each
//! shelves    shelf[32] → stock hash[32] ‖ last day of the lease[4]
//! items      shelf[32] ‖ number[8] → sealed item                        number 2⁶⁴-1: the last one
//! epochs     epoch[4] → bucket bits[1] ‖ descriptor                      nothing, once it is retired
//! entries-N  prefix[4] ‖ tag[16] → slot[256] ‖ entry hash[32] ‖ day of the proof[4]      N: the epoch, one keyspace each
//! claims-N   prefix[4] ‖ tag[16] → entry hash[32] ‖ day of the claim[4]
//! spent      last day[4] ‖ hash of a ticket or voucher[16] → hash of the request that spent it[16]
//! ```
//!
//! Integers are big-endian. No row holds a sender, an address, a version, a time finer than an hour, or a count.

use sealpost_wire::directory::Epoch;
use sealpost_wire::request::MailboxKind;
use sealpost_wire::time::{Day, Hour};
use sealpost_wire::{CollectHash, EnvelopeId, MailboxId, ShelfId, SizeClass, StockHash};

use crate::store::Spend;
pub(super) use crate::store::directory::rows::{
    EntryRow, bucket_keys, claim_from_bytes, claim_to_bytes, epoch_from_bytes, epoch_key, epoch_to_bytes, listing_key,
};
use crate::store::queue::Entry;

/// Where a row lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Space {
    Mailboxes,
    Shelves,
    Items,
    Epochs,
    Spent,
    Entries(Epoch),
    Claims(Epoch),
}

pub(super) const FORMAT: &[u8] = b"format";
pub(super) const RESERVED: &[u8] = b"reserved";
pub(super) const BOUNDARY: &[u8] = b"boundary";
pub(super) const FILLED: &[u8] = b"filled";

/// The format that this program reads and writes.
pub(super) const FORMAT_1: [u8; 1] = [1];

/// The number of a shelf's last item.
pub(super) const LAST_ITEM: u64 = u64::MAX;

/// How far a store is filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Progress {
    /// With what.
    pub(super) mark: [u8; 32],
    /// So many records of it; [`u64::MAX`] when it is all of them.
    pub(super) records: u64,
    /// The last sequence that was given.
    pub(super) sequence: u64,
    /// The last number of an item.
    pub(super) item: u64,
}

impl Progress {
    pub(super) const fn new(mark: [u8; 32]) -> Self {
        Self { mark, records: 0, sequence: 0, item: 0 }
    }

    pub(super) const fn done(self) -> Self {
        Self { records: u64::MAX, ..self }
    }

    pub(super) const fn is_done(&self) -> bool {
        self.records == u64::MAX
    }

    /// Sequences and numbers go on.
    pub(super) const fn followed_by(self, mark: [u8; 32]) -> Self {
        Self { mark, records: 0, ..self }
    }

    pub(super) fn to_bytes(self) -> Vec<u8> {
        let numbers = [self.records, self.sequence, self.item].map(u64::to_be_bytes);
        [self.mark.as_slice(), numbers.as_flattened()].concat()
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (mark, rest) = bytes.split_first_chunk::<32>()?;
        let (records, rest) = rest.split_first_chunk::<8>()?;
        let (sequence, item) = rest.split_first_chunk::<8>()?;
        let [records, sequence] = [*records, *sequence].map(u64::from_be_bytes);
        Some(Self { mark: *mark, records, sequence, item: number(item)? })
    }
}

/// A mailbox's row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct MailboxRow {
    pub(super) collect: CollectHash,
    pub(super) kind: MailboxKind,
    pub(super) lease: Day,
}

/// A shelf's row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ShelfRow {
    pub(super) stock: StockHash,
    pub(super) lease: Day,
}

impl MailboxRow {
    pub(super) fn to_bytes(self) -> Vec<u8> {
        let kind = match self.kind {
            MailboxKind::FrontDoor => 0,
            MailboxKind::Pairwise => 1,
        };
        [self.collect.as_bytes().as_slice(), &[kind], &self.lease.0.to_be_bytes()].concat()
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (collect, rest) = bytes.split_first_chunk::<32>()?;
        let (kind, lease) = rest.split_first_chunk::<1>()?;
        let kind = match kind {
            [0] => MailboxKind::FrontDoor,
            [1] => MailboxKind::Pairwise,
            _ => return None,
        };
        Some(Self { collect: CollectHash::from_bytes(*collect), kind, lease: day(lease)? })
    }
}

impl ShelfRow {
    pub(super) fn to_bytes(self) -> Vec<u8> {
        [self.stock.as_bytes().as_slice(), &self.lease.0.to_be_bytes()].concat()
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (stock, lease) = bytes.split_first_chunk::<32>()?;
        Some(Self { stock: StockHash::from_bytes(*stock), lease: day(lease)? })
    }
}

/// The key of an envelope's two rows.
pub(super) fn envelope_key(mailbox: &MailboxId, sequence: u64) -> [u8; 40] {
    place_key(mailbox.as_bytes(), sequence)
}

/// The mailbox in the key of an envelope.
pub(super) fn mailbox_of(key: &[u8; 40]) -> Option<MailboxId> {
    key.first_chunk().map(|mailbox| MailboxId::from_bytes(*mailbox))
}

/// The key of an item's row.
pub(super) fn item_key(shelf: &ShelfId, number: u64) -> [u8; 40] {
    place_key(shelf.as_bytes(), number)
}

fn place_key(object: &[u8; 32], place: u64) -> [u8; 40] {
    let mut key = [0; 40];
    let (left, right) = key.split_at_mut(32);
    left.copy_from_slice(object);
    right.copy_from_slice(&place.to_be_bytes());
    key
}

/// The key of the row of something spent: rows sort by their last day.
pub(super) fn spent_key(spend: &Spend) -> [u8; 20] {
    let mut key = [0; 20];
    let parts = spend.until.0.to_be_bytes().into_iter().chain(spend.id);
    key.iter_mut().zip(parts).for_each(|(to, from)| *to = from);
    key
}

/// What [`envelope_key`] and [`item_key`] put together.
pub(super) fn split_key(key: &[u8]) -> Option<([u8; 32], u64)> {
    let (object, place) = key.split_first_chunk::<32>()?;
    Some((*object, number(place)?))
}

/// The value of an envelope's row in the queue.
pub(super) fn entry_to_bytes(entry: &Entry) -> [u8; 21] {
    let mut bytes = [0; 21];
    let (id, rest) = bytes.split_at_mut(16);
    let (hour, class) = rest.split_at_mut(4);
    id.copy_from_slice(entry.id.as_bytes());
    hour.copy_from_slice(&entry.expires.0.to_be_bytes());
    class.fill(entry.class as u8);
    bytes
}

pub(super) fn entry_from_bytes(sequence: u64, bytes: &[u8]) -> Option<Entry> {
    let (id, rest) = bytes.split_first_chunk::<16>()?;
    let (hour, class) = rest.split_first_chunk::<4>()?;
    let class = SizeClass::ALL.into_iter().find(|known| [*known as u8] == class)?;
    Some(Entry { sequence, id: EnvelopeId::from_bytes(*id), expires: Hour(u32::from_be_bytes(*hour)), class })
}

pub(super) fn number(bytes: &[u8]) -> Option<u64> {
    bytes.try_into().ok().map(u64::from_be_bytes)
}

fn day(bytes: &[u8]) -> Option<Day> {
    bytes.try_into().ok().map(u32::from_be_bytes).map(Day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back_as_they_were_written() {
        for kind in [MailboxKind::FrontDoor, MailboxKind::Pairwise] {
            let row = MailboxRow { collect: CollectHash::from_bytes([7; 32]), kind, lease: Day(20_000) };
            assert_eq!(MailboxRow::from_bytes(&row.to_bytes()), Some(row));
        }
        let row = ShelfRow { stock: StockHash::from_bytes([7; 32]), lease: Day(20_000) };
        assert_eq!(ShelfRow::from_bytes(&row.to_bytes()), Some(row));
        for class in SizeClass::ALL {
            let entry = Entry { sequence: 5, id: EnvelopeId::from_bytes([8; 16]), expires: Hour(480_000), class };
            assert_eq!(entry_from_bytes(5, &entry_to_bytes(&entry)), Some(entry));
        }
    }

    #[test]
    fn no_row_has_room_for_more_than_it_says() {
        let mailbox =
            MailboxRow { collect: CollectHash::from_bytes([7; 32]), kind: MailboxKind::Pairwise, lease: Day(1) };
        let shelf = ShelfRow { stock: StockHash::from_bytes([7; 32]), lease: Day(1) };
        assert_eq!((mailbox.to_bytes().len(), shelf.to_bytes().len()), (32 + 1 + 4, 32 + 4));
    }

    #[test]
    fn damaged_rows_are_no_rows() {
        assert_eq!(MailboxRow::from_bytes(&[0; 36]), None);
        assert_eq!(MailboxRow::from_bytes(&[9; 37]), None);
        assert_eq!(ShelfRow::from_bytes(&[0; 37]), None);
        assert_eq!(entry_from_bytes(1, &[3; 21]), None);
        assert_eq!(entry_from_bytes(1, &[0; 22]), None);
    }

    #[test]
    fn keys_sort_as_their_sequences_do() {
        let mailbox = MailboxId::from_bytes([1; 32]);
        assert!(envelope_key(&mailbox, 255) < envelope_key(&mailbox, 256));
        assert_eq!(split_key(&envelope_key(&mailbox, 256)), Some(([1; 32], 256)));
    }
}
