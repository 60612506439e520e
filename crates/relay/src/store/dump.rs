//! What a store holds, as it is carried to another one: each thing once, in an order in which it can be put back.
//!
//! Any backend gives it and any takes it: at once, from a store that nothing else changes, into an empty one; or in two parts.
//! The first is of mailboxes and shelves alone, each as it is at some moment while relays run; the rest, of a store that
//! nothing else changes any more, is what came to them since, what went, and everything else.

mod changes;
mod pipe;

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};
use sealpost_wire::directory::Epoch;
use sealpost_wire::request::MailboxKind;
use sealpost_wire::time::{Day, Hour};
use sealpost_wire::{AtRest, CollectHash, EnvelopeId, MailboxId, SealedItem, ShelfId, StockHash};
use thiserror::Error;

use super::lease;

/// One thing that a store holds.
///
/// A mailbox comes before its envelopes, which come together and in their order; a shelf before its items, an epoch before
/// its entries. Sequences are not carried: another store gives its own, in the same order.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) enum Record {
    /// A mailbox.
    #[n(0)]
    Mailbox {
        #[n(0)]
        id: MailboxId,
        #[n(1)]
        collect: CollectHash,
        #[n(2)]
        kind: MailboxKind,
        /// The last day of its lease.
        #[n(3)]
        lease: Day,
    },
    /// An envelope, under its seal at rest.
    #[n(1)]
    Envelope {
        #[n(0)]
        mailbox: MailboxId,
        #[n(1)]
        id: EnvelopeId,
        #[cbor(n(2), with = "hour")]
        expires: Hour,
        #[n(3)]
        sealed: AtRest,
    },
    /// A shelf.
    #[n(2)]
    Shelf {
        #[n(0)]
        id: ShelfId,
        #[n(1)]
        stock: StockHash,
        #[n(2)]
        lease: Day,
    },
    /// An item on it.
    #[n(3)]
    Item {
        #[n(0)]
        shelf: ShelfId,
        /// Whether it is the one that stays.
        #[n(1)]
        is_last: bool,
        #[n(2)]
        item: SealedItem,
    },
    /// An epoch, as rows hold it: nothing, once it is retired.
    #[n(4)]
    Epoch {
        #[n(0)]
        epoch: Epoch,
        #[n(1)]
        state: ByteVec,
    },
    /// An entry of a directory: the key of its row, and the row.
    #[n(5)]
    Entry {
        #[n(0)]
        epoch: Epoch,
        #[n(1)]
        key: ByteVec,
        #[n(2)]
        row: ByteVec,
    },
    /// A claim to the place of an entry.
    #[n(6)]
    Claim {
        #[n(0)]
        epoch: Epoch,
        #[n(1)]
        key: ByteVec,
        #[n(2)]
        row: ByteVec,
    },
    /// Something that was spent.
    #[n(7)]
    Spent {
        #[n(0)]
        id: ByteVec,
        #[n(1)]
        until: Day,
        #[n(2)]
        request: ByteVec,
    },
    /// A mailbox of the first part is no more, with all that was in it.
    #[n(8)]
    MailboxGone {
        #[n(0)]
        id: MailboxId,
    },
    /// An envelope of the first part is no more.
    #[n(9)]
    EnvelopeGone {
        #[n(0)]
        mailbox: MailboxId,
        #[n(1)]
        id: EnvelopeId,
    },
    /// A shelf of the first part is no more, with all that was on it.
    #[n(10)]
    ShelfGone {
        #[n(0)]
        id: ShelfId,
    },
    /// A one-time item of the first part is no more.
    #[n(11)]
    ItemGone {
        #[n(0)]
        shelf: ShelfId,
        #[n(1)]
        item: ItemName,
    },
}

/// An hour, which no message of the protocol has.
mod hour {
    use minicbor::decode::{Decoder, Error};
    use minicbor::encode::{self, Encoder, Write};
    use sealpost_wire::time::Hour;

    pub(super) fn encode<C, W: Write>(
        hour: &Hour,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        e.u32(hour.0)?.ok()
    }

    pub(super) fn decode<C>(d: &mut Decoder<'_>, _: &mut C) -> Result<Hour, Error> {
        d.u32().map(Hour)
    }
}

impl Record {
    /// Whether it is of any use from `now` on. What is not, no archive keeps.
    pub(crate) fn is_live(&self, now: Hour) -> bool {
        match self {
            Self::Mailbox { lease, .. } | Self::Shelf { lease, .. } => lease::holds(*lease, now.day()),
            Self::Envelope { expires, .. } => now < *expires,
            Self::Spent { until, .. } => now.day() <= *until,
            Self::Item { .. } | Self::Epoch { .. } | Self::Entry { .. } | Self::Claim { .. } => true,
            Self::MailboxGone { .. } | Self::EnvelopeGone { .. } => true,
            Self::ShelfGone { .. } | Self::ItemGone { .. } => true,
        }
    }
}

/// What an item is called: BLAKE3 of it, cut off.
#[derive(Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub(crate) struct ItemName(#[cbor(n(0), with = "minicbor::bytes")] [u8; 16]);

impl ItemName {
    pub(crate) fn of(item: &SealedItem) -> Self {
        let mut name = [0; 16];
        blake3::Hasher::new().update(item.as_bytes()).finalize_xof().fill(&mut name);
        Self(name)
    }
}

/// What a store is filled with, in one filling or in two.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Filling {
    /// What all that is given hashes to: who comes again with the same goes on where it was.
    pub(crate) mark: [u8; 32],
    pub(crate) part: Part,
}

/// Which part of a server something is.
#[derive(Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub(crate) enum Part {
    /// All of it.
    #[n(0)]
    Whole,
    /// What is in mailboxes and on shelves, to be followed by the rest.
    #[n(1)]
    First,
    /// The rest.
    #[n(2)]
    Rest {
        /// The mark of the first part.
        #[cbor(n(0), with = "minicbor::bytes")]
        of: [u8; 32],
    },
}

impl std::fmt::Debug for Record {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Record(..)")
    }
}

/// Why a store could not be read, or filled.
#[derive(Debug, Error)]
pub(crate) enum DumpError<E: std::error::Error + 'static> {
    /// It cannot be opened.
    #[error(transparent)]
    Open(E),
    /// It failed, or holds a row that no program of ours writes.
    #[error("the store cannot be read or written to its end")]
    Store,
    /// It is not empty, and so is not to be filled.
    #[error("the store is not empty; nothing was changed")]
    NotEmpty,
    /// The rest is given without the first part, or after another one.
    #[error("this is the rest of an archive whose first part was not imported here; nothing was changed")]
    NoFirst,
    /// What is given or taken elsewhere failed.
    #[error("the archive cannot be read or written to its end")]
    Archive(#[source] std::io::Error),
}

/// Takes what a store gives.
pub(crate) type Taker<'a> = &'a mut dyn FnMut(Record) -> std::io::Result<()>;
/// Gives what a store takes, until there is no more.
pub(crate) type Giver<'a> = &'a mut dyn FnMut() -> std::io::Result<Option<Record>>;

pub(crate) use changes::Known;
pub(crate) use pipe::{Pipe, Writer};

#[cfg(test)]
mod tests;
