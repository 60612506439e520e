//! WebSocket frames: one binary message is one frame, and every frame is made of lists.
//!
//! | socket | the client sends | the relay sends |
//! |---|---|---|
//! | `/v1/collect` (owner's side) | [`OwnerFrame`] | [`DeliveryFrame`] |
//! | `/v1/deposit` (sender's side) | [`DepositFrame`] | [`OutcomeFrame`] |
//!
//! Lists let either end put all that is ready into one frame and one write.

use minicbor::{Decode, Encode};

use crate::capability::{CollectKey, EnvelopeId, MailboxId};
use crate::codec::{List, V1};
use crate::request::{Deposit, MAX_BATCH, Outcome, Refusal, Stored};

/// Where the owner's side opens its socket.
pub const COLLECT_SOCKET: &str = "/v1/collect";
/// Where the sender's side opens its socket.
pub const DEPOSIT_SOCKET: &str = "/v1/deposit";
/// The most deposits in one frame.
pub const MAX_DEPOSITS: usize = 64;

/// A number that the client gives to a subscription; it means nothing beyond the connection.
pub type Channel = u32;

/// From an owner.
///
/// **Relay learns:** what [`Collect`](crate::request::Collect) and [`Acknowledge`](crate::request::Acknowledge) tell, and
/// that the mailboxes of one connection belong together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct OwnerFrame {
    /// The protocol's version.
    #[n(0)]
    pub version: V1,
    /// Mailboxes to deliver from now on.
    #[n(1)]
    pub subscribe: List<Subscribe, MAX_BATCH>,
    /// Envelopes to erase.
    #[n(2)]
    pub acknowledge: List<Received, MAX_BATCH>,
    /// Subscriptions to end.
    #[n(3)]
    pub unsubscribe: List<Channel, MAX_BATCH>,
}

/// Asks that a mailbox be delivered: what lies there, then what comes.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Subscribe {
    /// The number for it.
    #[n(0)]
    pub channel: Channel,
    /// The mailbox.
    #[n(1)]
    pub mailbox: MailboxId,
    /// Its owner's key.
    #[n(2)]
    pub collect: CollectKey,
}

/// Says that envelopes have been received and may be erased.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Received {
    /// The subscription they came by.
    #[n(0)]
    pub channel: Channel,
    /// Their ids.
    #[n(1)]
    pub ids: List<EnvelopeId, MAX_BATCH>,
}

/// To an owner.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct DeliveryFrame {
    /// The protocol's version.
    #[n(0)]
    pub version: V1,
    /// Envelopes; in order for each channel.
    #[n(1)]
    pub deliveries: List<Delivery, MAX_BATCH>,
    /// Channels of which all that lay there at the time of subscribing has been sent.
    #[n(2)]
    pub caught_up: List<Channel, MAX_BATCH>,
    /// Channels that are not, or no longer, delivered.
    #[n(3)]
    pub ended: List<Ended, MAX_BATCH>,
}

/// One envelope of one subscription.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Delivery {
    /// The subscription.
    #[n(0)]
    pub channel: Channel,
    /// The envelope.
    #[n(1)]
    pub stored: Stored,
}

/// A subscription that was refused, or whose mailbox is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Ended {
    /// The subscription.
    #[n(0)]
    pub channel: Channel,
    /// Why.
    #[n(1)]
    pub reason: Refusal,
}

/// From a sender.
///
/// **Relay learns:** what each [`Deposit`] tells, and that those of one connection come from one place.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct DepositFrame {
    /// The protocol's version.
    #[n(0)]
    pub version: V1,
    /// Deposits, each with a number of the client's, by which its outcome is told.
    #[n(1)]
    pub deposits: List<Tagged, MAX_DEPOSITS>,
}

/// A deposit and the number by which its outcome is told.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Tagged {
    /// The number.
    #[n(0)]
    pub tag: u32,
    /// The same body as a `POST` of it has.
    #[n(1)]
    pub deposit: Deposit,
}

/// To a sender.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct OutcomeFrame {
    /// The protocol's version.
    #[n(0)]
    pub version: V1,
    /// Outcomes, in any order.
    #[n(1)]
    pub outcomes: List<TaggedOutcome, MAX_BATCH>,
}

/// What became of one deposit of the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct TaggedOutcome {
    /// The deposit's number.
    #[n(0)]
    pub tag: u32,
    /// The outcome.
    #[n(1)]
    pub outcome: Outcome,
    /// With [`Outcome::TryLater`]: seconds to wait at least.
    #[n(2)]
    pub retry_after: Option<u16>,
}
