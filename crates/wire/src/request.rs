//! Requests and replies, one type each; [`Request`] says by which path and from which side.
//!
//! The complete list of what a relay can observe is `docs/protocol/relay.cddl`; the types here say the same, and a test
//! holds the two together.

use minicbor::{Decode, Encode};

use crate::capability::{
    CollectHash, CollectKey, DepositKey, EntryKey, EnvelopeId, MailboxId, ShelfId, StockHash, StockKey, TakeKey,
};
use crate::codec::{List, V1};
use crate::directory::{
    BlindedElements, BucketPrefix, Epoch, EvaluatedElements, SignedAttestation, SignedVoucher, Slot, Tag,
};
use crate::envelope::{AtRest, Envelope};
use crate::shelf::SealedItem;
use crate::statement::SignedDeletion;
use crate::ticket::{BlindedTickets, EvaluatedTickets, InviteCode, Ticket, TicketKind};
use crate::time::Day;

mod answer;

pub use answer::{Listing, Outcome, Refusal};

/// Which side of a mailbox or shelf a connection is on. A connection has one, told by its first request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// Opens, collects, acknowledges, closes, stocks.
    Owner,
    /// Takes, deposits.
    Sender,
    /// Neither: gets tickets, has something evaluated, publishes, withdraws, reads buckets.
    Neither,
}

/// A request: its path, its side and what answers it.
pub trait Request: Encode<()> + for<'b> Decode<'b, ()> {
    /// Where it is posted.
    const PATH: &'static str;
    /// The side of the connection that it belongs to.
    const SIDE: Side;
    /// The body of an answer with status 200; any other status carries a [`Refused`].
    type Reply: Encode<()> + for<'b> Decode<'b, ()>;
}

/// The longest list of envelope ids in one acknowledgement, and of envelopes in one reply.
pub const MAX_BATCH: usize = 512;
/// The most keys, by kind and day, that one request wants tickets under.
pub const MAX_WANTED: usize = 64;
/// The most items on one shelf, besides its last one.
pub const MAX_ITEMS: usize = 100;

/// What a mailbox is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum MailboxKind {
    /// For first contact through a published card.
    #[n(0)]
    FrontDoor,
    /// For one conversation and direction.
    #[n(1)]
    Pairwise,
}

macro_rules! messages {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $n:literal $field:ident: $type:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
        #[cbor(map)]
        pub struct $name {
            /// The protocol's version.
            #[n(0)]
            pub version: V1,
            $($(#[$field_doc])* #[n($n)] pub $field: $type,)*
        }
    )*};
}

messages! {
    /// Opens a mailbox. The same again changes nothing; with another collect key it is refused.
    ///
    /// **Relay learns:** that someone owns a mailbox of this kind.
    OpenMailbox {
        /// The mailbox.
        1 mailbox: MailboxId,
        /// Its owner's key, of which the relay keeps the hash.
        2 collect: CollectKey,
        /// What it is for.
        3 kind: MailboxKind,
        /// The right to open one.
        4 ticket: Option<Ticket>,
    }
    /// Deposits one envelope. A repeat of the same id is accepted again and stored once.
    ///
    /// **Relay learns:** the mailbox, the size class, the hour.
    Deposit {
        /// The right to deposit, and the secret that the at-rest key comes from.
        1 deposit: DepositKey,
        /// The other half of the mailbox's id.
        2 collect: CollectHash,
        /// Names this deposit.
        3 id: EnvelopeId,
        /// What is deposited.
        4 envelope: Envelope,
        /// At a front door: the right to the normal rate.
        5 ticket: Option<Ticket>,
    }
    /// What became of a deposit.
    Deposited {
        /// The outcome.
        1 outcome: Outcome,
        /// With [`Outcome::TryLater`]: seconds to wait at least.
        2 retry_after: Option<u16>,
    }
    /// Erases what was received before, and asks for what lies in a mailbox then, oldest first.
    ///
    /// **Relay learns:** that the mailbox's owner is there now, and that these envelopes have arrived.
    Collect {
        /// The mailbox.
        1 mailbox: MailboxId,
        /// Its owner's key.
        2 collect: CollectKey,
        /// Only envelopes with a greater sequence; 0 for all. Valid within one connection.
        3 after: u64,
        /// At most so many, and at most [`MAX_BATCH`].
        4 max: u16,
        /// What to erase first, as [`Acknowledge`] does: so one request does both, and who sees requests go by cannot tell
        /// one who has received something from one who has not.
        5 received: List<EnvelopeId, MAX_BATCH>,
    }
    /// Envelopes in order of their sequence.
    Collected {
        /// The envelopes.
        1 envelopes: List<Stored, MAX_BATCH>,
        /// Whether more lie behind them.
        2 more: bool,
    }
    /// Erases what has been received. Unknown ids are passed over.
    ///
    /// **Relay learns:** that these envelopes have arrived.
    Acknowledge {
        /// The mailbox.
        1 mailbox: MailboxId,
        /// Its owner's key.
        2 collect: CollectKey,
        /// What to erase.
        3 ids: List<EnvelopeId, MAX_BATCH>,
    }
    /// Closes a mailbox and erases everything in it.
    ///
    /// **Relay learns:** that this mailbox is wanted no more.
    CloseMailbox {
        /// The mailbox.
        1 mailbox: MailboxId,
        /// Its owner's key.
        2 collect: CollectKey,
    }
    /// Opens a shelf. The same again changes nothing; with another stock key it is refused.
    ///
    /// **Relay learns:** that someone owns a shelf.
    OpenShelf {
        /// The shelf.
        1 shelf: ShelfId,
        /// Its owner's key, of which the relay keeps the hash.
        2 stock: StockKey,
        /// The right to open one.
        3 ticket: Option<Ticket>,
    }
    /// Puts items on a shelf.
    ///
    /// **Relay learns:** how many items the shelf now has.
    Stock {
        /// The shelf.
        1 shelf: ShelfId,
        /// Its owner's key.
        2 stock: StockKey,
        /// One-time items, each given out once.
        3 items: List<SealedItem, MAX_ITEMS>,
        /// Takes the place of the last item, which is given out when the others are used up, and never used up itself.
        4 last: Option<SealedItem>,
        /// Whether the one-time items that lie there are thrown away first.
        5 replace: bool,
    }
    /// Asks how many one-time items are left.
    ///
    /// **Relay learns:** that the shelf's owner is there now.
    CountItems {
        /// The shelf.
        1 shelf: ShelfId,
        /// Its owner's key.
        2 stock: StockKey,
    }
    /// How many one-time items lie on the shelf.
    ItemCount {
        /// Their number, without the last one.
        1 items: u16,
    }
    /// Closes a shelf and erases everything on it.
    ///
    /// **Relay learns:** that this shelf is wanted no more.
    CloseShelf {
        /// The shelf.
        1 shelf: ShelfId,
        /// Its owner's key.
        2 stock: StockKey,
    }
    /// Takes one item: a one-time one, or the last one when they are used up.
    ///
    /// **Relay learns:** that someone who has the card may be about to write to its owner.
    Take {
        /// The right to take.
        1 take: TakeKey,
        /// The other half of the shelf's id.
        2 stock: StockHash,
    }
    /// One item.
    Taken {
        /// The item.
        1 item: SealedItem,
    }
    /// Asks a key service to evaluate elements under its key of an epoch.
    ///
    /// **Key service learns:** that someone looks for up to 64 numbers, and with a voucher, that it is the one who did
    /// before with the same.
    Evaluate {
        /// The epoch whose key is wanted.
        1 epoch: Epoch,
        /// What is to be evaluated.
        2 elements: BlindedElements,
        /// The right to have it done, in a ticket's place.
        3 voucher: Option<SignedVoucher>,
        /// The right to have it done.
        4 ticket: Option<Ticket>,
    }
    /// Evaluated elements with their proof.
    Evaluated {
        /// Both.
        1 elements: EvaluatedElements,
    }
    /// Puts an entry into the directory, or another slot into the place of one's own.
    ///
    /// **Relay learns:** that someone can be found under this tag; not their number, and not their card.
    Publish {
        /// The epoch.
        1 epoch: Epoch,
        /// Which bucket, however many there are.
        2 prefix: BucketPrefix,
        /// The slot, which begins with its tag.
        3 slot: Slot,
        /// The right to replace and withdraw the entry, of which the directory keeps the hash.
        4 entry: EntryKey,
        /// That the number was proved, where the directory wants that.
        5 attestation: Option<SignedAttestation>,
        /// The right to publish.
        6 ticket: Option<Ticket>,
    }
    /// What became of an entry.
    Published {
        /// Whether it stands in its bucket now.
        1 listing: Listing,
        /// With [`Listing::Waiting`]: the first day on which to publish it again. With [`Listing::Listed`]: the day from
        /// which someone else who has proved the number may take its place, unless it is published again with an
        /// attestation of today.
        2 day: Option<Day>,
    }
    /// Takes one's entry out of the directory.
    ///
    /// **Relay learns:** that the entry is wanted no more.
    Withdraw {
        /// The epoch.
        1 epoch: Epoch,
        /// Which bucket.
        2 prefix: BucketPrefix,
        /// The tag.
        3 tag: Tag,
        /// The right to do so.
        4 entry: EntryKey,
    }
    /// Asks for tickets. At most one of the first three pays for them; where the server is open, none.
    ///
    /// **Relay learns:** that someone has this voucher, and how many tickets of each kind are wanted. Not what they will look
    /// like when they are spent.
    IssueTickets {
        /// A code of the operator.
        1 invite: Option<InviteCode>,
        /// The attester's word.
        2 attested: Option<SignedVoucher>,
        /// A renewal ticket.
        3 renewal: Option<Ticket>,
        /// What is wanted, each kind and day once, in ascending order.
        4 wanted: List<WantedTickets, MAX_WANTED>,
    }
    /// Evaluated elements for each kind and day, in the order in which they were wanted.
    IssuedTickets {
        /// All of them.
        1 issued: List<EvaluatedTickets, MAX_WANTED>,
    }
    /// Done; there is nothing to tell.
    Done {}
    /// Closed, with a signed statement to keep.
    ClosedReply {
        /// The statement.
        1 statement: SignedDeletion,
    }
    /// The body of every answer whose status is not 200.
    Refused {
        /// Why.
        1 reason: Refusal,
        /// With [`Refusal::TryLater`]: seconds to wait at least.
        2 retry_after: Option<u16>,
    }
}

/// One stored envelope, as collected.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Stored {
    /// Its place in the mailbox's order; greater is later, gaps mean nothing.
    #[n(0)]
    pub sequence: u64,
    /// The id that it was deposited under.
    #[n(1)]
    pub id: EnvelopeId,
    /// The envelope under the seal at rest.
    #[n(2)]
    pub sealed: AtRest,
}

/// Tickets that are wanted of one kind, under the key of one day.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct WantedTickets {
    /// What they are for.
    #[n(0)]
    pub kind: TicketKind,
    /// The first day of the key.
    #[n(1)]
    pub first_day: Day,
    /// Their nonces, blinded.
    #[n(2)]
    pub elements: BlindedTickets,
}

macro_rules! requests {
    ($($request:ident $path:literal $side:ident -> $reply:ident)*) => {$(
        impl Request for $request {
            const PATH: &'static str = $path;
            const SIDE: Side = Side::$side;
            type Reply = $reply;
        }
    )*};
}

requests! {
    OpenMailbox  "/v1/open-mailbox"  Owner  -> Done
    Collect      "/v1/collect"       Owner  -> Collected
    Acknowledge  "/v1/acknowledge"   Owner  -> Done
    CloseMailbox "/v1/close-mailbox" Owner  -> ClosedReply
    OpenShelf    "/v1/open-shelf"    Owner  -> Done
    Stock        "/v1/stock"         Owner  -> Done
    CountItems   "/v1/count-items"   Owner  -> ItemCount
    CloseShelf   "/v1/close-shelf"   Owner  -> ClosedReply
    Deposit      "/v1/deposit"       Sender -> Deposited
    Take         "/v1/take"          Sender -> Taken
    Evaluate     "/v1/evaluate"      Neither -> Evaluated
    Publish      "/v1/publish"       Neither -> Published
    Withdraw     "/v1/withdraw"      Neither -> ClosedReply
    IssueTickets "/v1/issue-tickets" Neither -> IssuedTickets
}
