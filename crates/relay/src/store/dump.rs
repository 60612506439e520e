//! What a store holds, as it is carried to another one: each thing once, in an order in which it can be put back.
//!
//! Any backend gives it and any takes it. It is read from a store that nothing else changes, and put into an empty one.

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
        }
    }
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
    /// What is given or taken elsewhere failed.
    #[error("the archive cannot be read or written to its end")]
    Archive(#[source] std::io::Error),
}

/// Takes what a store gives.
pub(crate) type Taker<'a> = &'a mut dyn FnMut(Record) -> std::io::Result<()>;
/// Gives what a store takes, until there is no more.
pub(crate) type Giver<'a> = &'a mut dyn FnMut() -> std::io::Result<Option<Record>>;

#[cfg(test)]
mod tests;
