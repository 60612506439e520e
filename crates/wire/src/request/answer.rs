//! How a request can end.

use minicbor::{Decode, Encode};

/// What became of a deposit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Outcome {
    /// Durable, or already acknowledged by the owner, or a repeat of one that was accepted.
    #[n(0)]
    Accepted,
    /// The mailbox is at its quota. Nothing was stored.
    #[n(1)]
    Full,
    /// There is no such mailbox. Nothing was stored.
    #[n(2)]
    Gone,
    /// Too fast, or the relay is overloaded. Nothing was stored.
    #[n(3)]
    TryLater,
    /// The ticket is spent, or none of this relay's for this day. Nothing was stored; without it, or with another one, it
    /// may be.
    #[n(4)]
    TicketRefused,
}

/// Where a published entry stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Listing {
    /// In its bucket.
    #[n(0)]
    Listed,
    /// Nowhere yet: another entry stands under this tag. From the day that is told on, publishing again replaces it.
    #[n(1)]
    Waiting,
}

/// Why a request was not carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Refusal {
    /// The body is not one that this relay reads.
    #[n(0)]
    Malformed,
    /// The key is not the one of this mailbox or shelf, or there is none of that id: the two look alike.
    #[n(1)]
    Denied,
    /// The connection is on the other side.
    #[n(2)]
    WrongSide,
    /// A ticket is needed, or the one that was shown is not of this server, this kind or this day.
    #[n(3)]
    TicketNeeded,
    /// A limit of the relay's manifest is reached.
    #[n(4)]
    Limit,
    /// To a take: there is no such shelf, or nothing was ever put on it.
    #[n(5)]
    Gone,
    /// Too fast, or the relay is overloaded or its store is out.
    #[n(6)]
    TryLater,
    /// The body is too long.
    #[n(7)]
    TooLarge,
    /// The relay does not speak this version.
    #[n(8)]
    Version,
    /// There is nothing at this path.
    #[n(9)]
    NoSuchRequest,
    /// The epoch is not open here.
    #[n(10)]
    NoEpoch,
    /// To a bucket: the directory has another number of buckets by now; its manifest says how many.
    #[n(11)]
    OtherBits,
    /// To publishing: there is no attestation, or it is not the attester's, or of another entry.
    #[n(12)]
    NotAttested,
    /// The ticket or voucher was spent on another request.
    #[n(13)]
    TicketSpent,
    /// To a request for tickets: no voucher is there, or the one that was shown is not of this server, or not good today.
    #[n(14)]
    VoucherNeeded,
    /// To a request for tickets: it wants some under a key that is not in use now; the manifest of today says which are.
    #[n(15)]
    OtherKeys,
}
