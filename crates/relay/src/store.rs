//! The store keeps: mailboxes with their envelopes, shelves with their items, a directory's entries, and nothing about
//! anyone.
//!
//! [`Store`] is the list of promises that every backend holds; `contract` runs them, one test each.

#[cfg(test)]
mod contract;
mod directory;
pub(crate) mod dump;
pub mod embedded;
mod lease;
mod listing;
mod queue;
pub mod redis;
mod sequence;
mod spending;

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use sealpost_wire::directory::{BucketRead, Epoch, Slot};
use sealpost_wire::request::{MailboxKind, Stored};
use sealpost_wire::time::{Day, Hour};
use sealpost_wire::{AtRest, CollectHash, EnvelopeId, MailboxId, SealedItem, ShelfId, StockHash};
use thiserror::Error;

pub use directory::{EntryOwner, EpochState, NewEntry, NoBucket, NotPlaced, OpenEpoch, Place, Placed};
pub use queue::Quota;
pub use spending::{Spend, Spent};

/// No disk takes so long for a write that will end.
pub const STUCK: Duration = Duration::from_secs(60);

/// The store is out: nothing of the request is promised to have happened, and it may be tried again later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the store is out")]
pub struct Unavailable;

/// What the store answers, once it holds. Dropping it does not take the request back.
pub type Reply<T> = BoxFuture<'static, Result<T, Unavailable>>;

/// The key is not the one of this object, or there is none of that id: the two look alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Denied;

/// What an owner shows of a mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MailboxOwner {
    /// The mailbox.
    pub id: MailboxId,
    /// The hash of the key that was presented.
    pub collect: CollectHash,
}

/// What an owner, or a taker, shows of a shelf.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShelfOwner {
    /// The shelf.
    pub id: ShelfId,
    /// The hash of the key that was presented; in a taker's hands, the one that the card names.
    pub stock: StockHash,
}

/// When a request is carried out, as coarsely as the store may know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The hour that it is.
    pub now: Hour,
    /// The last day of the lease that its owner's use of an object gives it.
    pub lease: Day,
}

/// An envelope to be kept, already under its seal at rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEnvelope {
    /// Where to.
    pub mailbox: MailboxId,
    /// The hash of the owner's key, as the address names it.
    pub collect: CollectHash,
    /// The id that it is deposited under.
    pub id: EnvelopeId,
    /// The envelope.
    pub sealed: AtRest,
    /// The first hour at which it is no longer there.
    pub expires: Hour,
    /// With what right it comes.
    pub right: Right,
}

/// With what right an envelope comes. It makes a difference at front doors alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// As far as the quota goes.
    Full,
    /// A stranger's, as far as half of the quota goes, and not when they come too fast.
    Stranger {
        /// Whether they do.
        too_fast: bool,
    },
}

/// What became of a [`NewEnvelope`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// It is kept; or it already was, or was acknowledged before it had to be written.
    Kept,
    /// The mailbox is at its quota.
    Full,
    /// There is no mailbox of that id with that collect hash.
    Gone,
    /// It is to be tried later: it is a stranger's, and they come too fast to this front door; or what would keep it is out,
    /// while the rest of the store is not.
    Slowed,
}

/// Which part of a mailbox to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// Only envelopes with a greater sequence.
    pub after: u64,
    /// At most so many.
    pub envelopes: usize,
    /// At most so many bytes, but always one envelope.
    pub bytes: usize,
}

/// A part of a mailbox, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The envelopes.
    pub envelopes: Vec<Stored>,
    /// Whether more lie behind them.
    pub more: bool,
}

/// What an owner puts on a shelf.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewItems {
    /// One-time items, in the order in which they are to be taken.
    pub items: Vec<SealedItem>,
    /// The item that stays when the others are used up, if it is to be replaced.
    pub last: Option<SealedItem>,
    /// Whether the one-time items that lie there are thrown away first.
    pub replace: bool,
}

/// Why items were not put on a shelf.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotStocked {
    /// As for every owner's request.
    Denied,
    /// There would be more one-time items than the quota allows. Nothing was stored.
    Limit,
}

/// Told what happens in mailboxes, by the store's own threads: it must neither wait nor call the store.
///
/// A store tells of arrivals in one of two ways, always the same: one that orders all requests itself gives every envelope
/// ([`arrived`](Self::arrived)), and one that others use besides says where to read, and gives what it can.
pub trait Arrivals: Send + Sync {
    /// An envelope has its place in the mailbox's order; it can be read, but may not be durable yet.
    fn arrived(&self, mailbox: &MailboxId, stored: &Arc<Stored>);

    /// This relay has kept an envelope, whose sequence is the one after that of the envelope kept before it, by whichever
    /// relay. Whoever has that one has all now; everybody else is to read.
    fn arrived_next(&self, mailbox: &MailboxId, stored: &Arc<Stored>);

    /// Something may have arrived in the mailbox: it is to be read.
    fn stirred(&self, mailbox: &MailboxId);

    /// Something may have arrived in any mailbox: all that are waited for are to be read, from the beginning if `anew`, since
    /// then what was read may have been lost before it was kept, and its sequences given again.
    fn stirred_all(&self, anew: bool);

    /// The mailbox is no more.
    fn closed(&self, mailbox: &MailboxId);
}

/// Nobody waits for anything.
pub struct NobodyWaits;

impl Arrivals for NobodyWaits {
    fn arrived(&self, _mailbox: &MailboxId, _stored: &Arc<Stored>) {}

    fn arrived_next(&self, _mailbox: &MailboxId, _stored: &Arc<Stored>) {}

    fn stirred(&self, _mailbox: &MailboxId) {}

    fn stirred_all(&self, _anew: bool) {}

    fn closed(&self, _mailbox: &MailboxId) {}
}

/// Where everything is kept. One relay, or several on one networked backend, may use it at once.
///
/// All methods return at once, without blocking, and order their requests as they were called from one thread; the
/// work is done and the reply completes elsewhere, so that a backend may be a thread of this process or a server.
///
/// What a store promises:
///
/// 1. *Kept is durable.* [`Kept::Kept`] is answered only when the envelope survives a crash of the process and of the
///    machine, or its owner has acknowledged it; the same holds for every other answer that changed anything.
/// 2. *Answers tell nothing of the owner.* When the answer to a deposit comes does not depend on whether its owner has
///    acknowledged it.
/// 3. *Once by id.* An envelope with the id of one that lies in the mailbox is answered as kept and not stored again.
/// 4. *Sequences only rise.* A mailbox's sequences are greater than 0 and never given twice: not after a restart, an
///    emptied mailbox, or a clock that jumps. Pages and arrivals are in their order. Where a backend loses what it had not
///    yet answered, it says so by [`Arrivals::stirred_all`] before a sequence may come again.
/// 5. *Nothing arrives unseen.* After an envelope was stored, by whichever relay, [`Arrivals`] is told, and a page that is
///    asked for after that contains the envelope. Either [`Arrivals::arrived`] is called in order, once for each envelope;
///    or one of [`Arrivals::arrived_next`], [`Arrivals::stirred`] and [`Arrivals::stirred_all`] at least once after each, in
///    time, and within half a minute even where a message between relays was lost.
/// 6. *Quotas hold*, by count and bytes of what has not expired; a full mailbox says [`Kept::Full`] and keeps the rest.
/// 7. *Unknown looks like foreign.* An owner's request of an unknown, lapsed or closed object and one with another key
///    get the same answer; so do deposits to a missing mailbox and to one with another collect hash. Keys' hashes are
///    compared in constant time.
/// 8. *Opening is the owner's.* Opening again with the same key changes nothing but the lease; with another, it is denied.
/// 9. *Closed is erased.* When closing is answered, no live row names the object or anything in it, and deposits and
///    takes find it gone.
/// 10. *Expiry is by the hour.* From the hour of its expiry on, an envelope is in no page, counts for no quota and makes
///     no repeat; [`Store::expire`] erases whole days that are past.
/// 11. *Leases are by the day.* Reading, opening and stocking extend a lease to [`Moment::lease`]; after its last day the
///     object is unknown, and [`Store::lapse`] erases it. A lease is never shortened. An extension is durable before the
///     answer to whatever comes next; one that a crash takes, the next use makes up for.
/// 12. *A one-time item is taken once*: its removal is durable before it is given out, whatever crashes. Items are taken
///     in the order they were stocked, then the last one, which is never used up.
/// 13. *An outage loses nothing.* A request that gets [`Unavailable`] may or may not have happened; what was answered
///     before still holds when the store is back, and it comes back by itself when its disk does.
/// 14. *Purged is gone.* After [`Store::purge`] the store's files hold no byte of anything erased before it was called.
/// 15. *Rows name nobody.* No row holds a sender, an address, a version, a time finer than an hour or a count that
///     outlives what it counts.
/// 16. *An epoch is opened once.* It keeps the descriptor that it was opened with. Retiring erases all that was listed in
///     it, and in no other; what is asked of it then finds no epoch, and it is never opened again.
/// 17. *A bucket is read whole.* It is all slots that are listed in it at one moment between the question and the answer,
///     and none besides; what was answered before the question counts. Asked with other bits than the epoch has, there is
///     no answer that looks like one.
/// 18. *Buckets do not overflow.* Where an entry would be a bucket's 121st, the epoch's bits grow by one and every bucket
///     splits, until it is not; at [`BucketBits::MAX`](sealpost_wire::directory::BucketBits::MAX) buckets fill up to their
///     last slot and then say [`NotPlaced::Full`]. Bits never shrink.
/// 19. *An entry is its key's.* Under a tag stands at most one. With its key another slot takes its place at any time, or
///     none: withdrawn, it is in no bucket that is read after the answer, no live row holds anything of it or of a claim to
///     its place, and it comes back only as a new one.
/// 20. *A proof and patience take a place.* A new entry's proof, where there are proofs, is at most fourteen days old.
///     With another key and such a proof, not older than the entry's own, an entry waits: seven days on, published again,
///     it takes the place. Meanwhile the other stands, its owner is told the day, and a proof of theirs that is not older
///     than the claim ends it. Without a proof nothing but the key takes a place.
/// 21. *Spent is spent.* The first request that spends something is told so, once, whatever crashes; the same request finds it
///     spent by itself, any other by another, until its last day is past. Then [`Store::forget_spent`] erases it.
/// 22. *Strangers do not fill a front door.* What comes without a right of its own gets [`Kept::Full`] from half the quota on,
///     and [`Kept::Slowed`] when it is too fast, and is not kept. At a pairwise mailbox it is like any other.
pub trait Store: Send + Sync {
    /// Opens a mailbox.
    fn open_mailbox(&self, owner: MailboxOwner, kind: MailboxKind, at: Moment) -> Reply<Result<(), Denied>>;

    /// Keeps envelopes; one answer for each, in their order.
    fn deposit(&self, envelopes: Vec<NewEnvelope>, now: Hour) -> Reply<Vec<Kept>>;

    /// Reads a part of a mailbox.
    fn page(&self, owner: MailboxOwner, range: Range, at: Moment) -> Reply<Result<Page, Denied>>;

    /// Erases envelopes by id; unknown ids are passed over. One answer for each mailbox, in their order.
    fn acknowledge(&self, received: Vec<(MailboxOwner, Vec<EnvelopeId>)>, now: Hour) -> Reply<Vec<Result<(), Denied>>>;

    /// Closes a mailbox and erases everything in it.
    fn close_mailbox(&self, owner: MailboxOwner, now: Hour) -> Reply<Result<(), Denied>>;

    /// Opens a shelf.
    fn open_shelf(&self, owner: ShelfOwner, at: Moment) -> Reply<Result<(), Denied>>;

    /// Puts items on a shelf, all or none.
    fn stock(&self, owner: ShelfOwner, items: NewItems, at: Moment) -> Reply<Result<(), NotStocked>>;

    /// Counts the one-time items on a shelf.
    fn count_items(&self, owner: ShelfOwner, now: Hour) -> Reply<Result<u16, Denied>>;

    /// Takes an item; `None` when there is no such shelf or nothing lies on it.
    fn take(&self, shelf: ShelfOwner, now: Hour) -> Reply<Option<SealedItem>>;

    /// Closes a shelf and erases everything on it.
    fn close_shelf(&self, owner: ShelfOwner, now: Hour) -> Reply<Result<(), Denied>>;

    /// Opens an epoch's directory, with one bucket, unless the epoch is known; gives what holds from then on.
    fn open_epoch(&self, epoch: Epoch, descriptor: Vec<u8>) -> Reply<EpochState>;

    /// All epochs that were ever opened.
    fn epochs(&self) -> Reply<BTreeMap<Epoch, EpochState>>;

    /// Erases an epoch's directory; tells whether there was one.
    fn retire_epoch(&self, epoch: Epoch) -> Reply<bool>;

    /// Lists an entry, or has it wait for the place of another.
    fn publish(&self, entry: NewEntry, today: Day) -> Reply<Result<Placed, NotPlaced>>;

    /// Takes an entry out.
    fn withdraw(&self, owner: EntryOwner) -> Reply<Result<(), Denied>>;

    /// Reads the slots that are listed in a bucket. It waits for no other request.
    fn bucket(&self, read: BucketRead) -> Reply<Result<Vec<Slot>, NoBucket>>;

    /// Spends, all at one moment; one answer for each, in their order.
    fn spend(&self, spends: Vec<Spend>) -> Reply<Vec<Spent>>;

    /// Erases a bounded part of what was spent whose last day is before `today`; tells how much, 0 when there is no more.
    fn forget_spent(&self, today: Day) -> Reply<u64>;

    /// Extends the leases of mailboxes that are in use; unknown ones are passed over.
    fn renew(&self, mailboxes: Vec<MailboxId>, at: Moment) -> Reply<()>;

    /// Erases a bounded part of the envelopes whose day of expiry is past; tells whether there is more to do.
    fn expire(&self, now: Hour) -> Reply<bool>;

    /// Erases a bounded part of the mailboxes and shelves whose lease lapsed before today; tells how many, 0 when there
    /// are no more.
    fn lapse(&self, today: Day) -> Reply<u64>;

    /// Puts together what many changes have scattered, so that reading stays as quick, if there is enough of it to be worth
    /// the work; tells in how many places it was. Other requests do not wait.
    fn tidy(&self) -> Reply<usize> {
        Box::pin(std::future::ready(Ok(0)))
    }

    /// Begins to give what is in mailboxes and on shelves, each as it is at some moment meanwhile, to whoever reads the pipe in
    /// the store's directory; other requests do not wait. None from a store that other processes can read themselves.
    fn show(&self, now: Hour) -> Option<io::Result<()>> {
        let _hour = now;
        None
    }

    /// Rewrites what is live and deletes the files that held the rest. Other requests wait.
    fn purge(&self, now: Hour) -> Reply<()>;

    /// Finishes what was asked for, syncs and closes. Later requests get [`Unavailable`].
    fn shutdown(&self) -> Reply<()>;

    /// What the whole store takes of its disk, in bytes; `None` while it is out.
    fn size(&self) -> Option<u64>;

    /// Whether writes are taken.
    fn ready(&self) -> bool;

    /// For how long the oldest write that is under way has been; [`Duration::MAX`] when nothing will ever answer again.
    /// From [`STUCK`] on only another process helps.
    fn stall(&self) -> Duration;
}
