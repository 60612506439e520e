//! The messages and frames of the protocol, by the names that `relay.cddl` and `attester.cddl` give them.

use minicbor::{Decode, Encode};
use sealpost_identity::attester::{AskCode, Attested, ProveNumber};
use sealpost_wire::codec::DecodeError;
use sealpost_wire::frame::{DeliveryFrame, DepositFrame, OutcomeFrame, OwnerFrame};
use sealpost_wire::request::*;
use sealpost_wire::{from_bytes, to_bytes};

/// Decodes bytes as one kind of message and encodes what it got.
type Recode = fn(&[u8]) -> Result<Vec<u8>, DecodeError>;

/// One kind of message.
pub(crate) struct Kind {
    /// Its name in the file of its server.
    pub(crate) name: &'static str,
    pub(crate) recode: Recode,
}

/// A request's path and the name of its reply.
pub(crate) struct Post {
    pub(crate) path: &'static str,
    pub(crate) reply: &'static str,
    pub(crate) name: &'static str,
}

fn recode<T: Encode<()> + for<'b> Decode<'b, ()>>(bytes: &[u8]) -> Result<Vec<u8>, DecodeError> {
    from_bytes::<T>(bytes).map(|value| to_bytes(&value))
}

/// Ties a name to its type, so that a name cannot be given to two.
trait Named {
    const NAME: &'static str;
}

macro_rules! kinds {
    ($(#[$doc:meta])* $list:ident: $($type:ident = $name:literal)*) => {
        $(impl Named for $type {
            const NAME: &'static str = $name;
        })*

        $(#[$doc])*
        pub(crate) const $list: &[Kind] = &[$(Kind { name: $name, recode: recode::<$type> }),*];
    };
}

kinds! {
    /// All that a relay, or a key service, is sent and answers.
    KINDS:
    OpenMailbox   = "open-mailbox"
    Deposit       = "deposit"
    Collect       = "collect"
    Acknowledge   = "acknowledge"
    CloseMailbox  = "close-mailbox"
    OpenShelf     = "open-shelf"
    Stock         = "stock"
    CountItems    = "count-items"
    CloseShelf    = "close-shelf"
    Take          = "take"
    Evaluate      = "evaluate"
    Publish       = "publish"
    Withdraw      = "withdraw"
    IssueTickets  = "issue-tickets"
    Done          = "done"
    Deposited     = "deposited"
    Collected     = "collected"
    ClosedReply   = "closed"
    ItemCount     = "item-count"
    Taken         = "taken"
    Evaluated     = "evaluated"
    Published     = "published"
    IssuedTickets = "issued-tickets"
    Refused       = "refused"
    OwnerFrame    = "owner-frame"
    DeliveryFrame = "delivery-frame"
    DepositFrame  = "deposit-frame"
    OutcomeFrame  = "outcome-frame"
}

kinds! {
    /// What an attester is sent and answers, besides `done`.
    ATTESTERS:
    AskCode     = "ask-code"
    ProveNumber = "prove-number"
    Attested    = "attested"
}

const fn post<R: Request + Named>() -> Post
where
    R::Reply: Named,
{
    Post { path: R::PATH, reply: R::Reply::NAME, name: R::NAME }
}

/// The requests to an attester.
pub(crate) const ATTESTER_POSTS: &[Post] = &[post::<AskCode>(), post::<ProveNumber>()];

/// The requests to relays and key services.
pub(crate) const POSTS: &[Post] = &[
    post::<OpenMailbox>(),
    post::<Deposit>(),
    post::<Collect>(),
    post::<Acknowledge>(),
    post::<CloseMailbox>(),
    post::<OpenShelf>(),
    post::<Stock>(),
    post::<CountItems>(),
    post::<CloseShelf>(),
    post::<Take>(),
    post::<Evaluate>(),
    post::<Publish>(),
    post::<Withdraw>(),
    post::<IssueTickets>(),
];

/// Decodes and encodes again as the kind of that name.
#[track_caller]
pub(crate) fn recode_as(name: &str, bytes: &[u8]) -> Result<Vec<u8>, DecodeError> {
    let kind = KINDS.iter().chain(ATTESTERS).find(|kind| kind.name == name).unwrap();
    (kind.recode)(bytes)
}
