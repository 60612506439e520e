//! Content: what a message says, inside all seals.
//!
//! The two parties are no part of [`Content`]: [`seal`](crate::seal()) writes them in and [`open`](crate::open())
//! checks them, so no caller can leave them out.

mod form;
mod receipt;
#[cfg(test)]
mod tests;
mod text;

use rand::CryptoRng;
use sealpost_identity::CardRef;

pub use form::ContentError;
pub(crate) use form::{Parties, read, write};
pub use receipt::{MAX_MISSING, Receipt};
pub use text::{MAX_TEXT, Text, TextTooLong};

use crate::redacted::redacted;
use crate::route::ReturnAddress;

/// The one device that an identity has in this version.
pub(crate) const DEVICE: u8 = 1;

/// Sixteen random bytes that name a message between its two ends, so that a repeat is seen. No relay sees them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, minicbor::Encode, minicbor::Decode)]
#[cbor(transparent)]
pub struct MessageId(#[cbor(n(0), with = "minicbor::bytes")] [u8; 16]);

impl MessageId {
    /// Draws a fresh one.
    pub fn random(rng: &mut impl CryptoRng) -> Self {
        let mut bytes = [0; 16];
        rng.fill_bytes(&mut bytes);
        Self(bytes)
    }

    /// Wraps bytes that were read from a store.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

/// What one message says.
#[derive(Clone, PartialEq, Eq)]
pub struct Content {
    /// Names the message. A repeat of one that was shown is not shown again.
    pub message: MessageId,
    /// Counts the messages from this sender to this recipient, so that gaps and another order are seen.
    pub counter: u64,
    /// Where the sender wants answers from now on. Only one of a higher generation than the last is applied.
    pub return_address: Option<ReturnAddress>,
    /// The card to come back to when the return address is gone: in the first message and whenever it changes.
    pub card: Option<CardRef>,
    /// How far the sender has come in what the recipient wrote, if the sender wants that told.
    pub receipt: Option<Receipt>,
    /// What the message is about.
    pub body: Body,
}

/// What a message is about.
#[derive(Clone, PartialEq, Eq)]
pub enum Body {
    /// A text that a person wrote.
    Text(Text),
    /// Nothing to show: the message is there for its return address, card or receipt.
    Control,
    /// The sender was writing something, at this second since 1970 by their own clock.
    Typing(u64),
}

redacted!(Body, Content, MessageId);
