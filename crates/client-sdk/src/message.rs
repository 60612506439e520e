//! Messages as the app sees them.

use std::time::SystemTime;

use sealpost_crypto::{MessageId, Text};

use crate::contact::ContactId;

/// A message's place in the local order. Strictly increasing: what arrives or is written later has a greater one.
///
/// It means nothing to anybody else, and it is never reused, so an app that remembers the last position it has shown
/// shows every message exactly once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Position(pub u64);

impl Position {
    /// Before the first message.
    pub const START: Self = Self(0);
}

/// One message of one conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its place in the local order.
    pub position: Position,
    /// The id that both sides know it by.
    pub id: MessageId,
    /// With whom.
    pub contact: ContactId,
    /// The text.
    pub text: Text,
    /// When this device wrote or received it, by its own clock.
    pub time: SystemTime,
    /// Which way it went, and how far.
    pub state: MessageState,
}

/// Which way a message went, and how far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MessageState {
    /// The contact wrote it.
    Received {
        /// It came after later ones had been shown, because it was missing for longer than gaps are waited for.
        late: bool,
    },
    /// It lies in the outbox; the engine sends it when it can.
    Queued,
    /// A relay has durably stored it for the contact.
    Accepted,
    /// The contact has received it, and tells so.
    Delivered,
    /// The contact has read it, and tells so.
    Read,
    /// It will not be sent, for this reason.
    Failed(FailureReason),
}

/// Why a message will not be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FailureReason {
    /// The contact's card and mailboxes no longer exist: they opted out, or withdrew the card. Ask for a new card.
    ContactGone,
    /// What lies behind the card is not what the card names: it was damaged or forged. Ask for the card again, in person.
    CardMismatch,
    /// The contact was blocked before the message went out.
    Blocked,
    /// The tripwire found a device number in the bytes to be sent. See [`crate::Event::TripwireHit`].
    Tripwire,
    /// The contact's relay refuses it for good, for instance because it is over a limit that it states.
    Refused,
    /// It could not be sealed.
    Sealing,
}
