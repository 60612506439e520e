//! Where an envelope goes and which outer seal it gets there.

use minicbor::{Decode, Encode};
use rand::CryptoRng;
use sealpost_identity::IdentityKey;
use sealpost_wire::{Address, MailboxId, Secret};

use crate::outer::{DoorKey, DoorSecret};
use crate::redacted::redacted;

/// The key of the outer seal to a pairwise mailbox. Its owner makes it and gives it away inside the session.
#[derive(Clone, PartialEq, Eq)]
pub struct OuterKey(Secret<32>);

impl OuterKey {
    /// Takes over 32 secret bytes.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(Secret::new(bytes))
    }

    /// Draws a fresh one.
    pub fn random(rng: &mut impl CryptoRng) -> Self {
        Self(Secret::random(rng))
    }

    /// The bytes, for a store that is encrypted as a whole.
    #[must_use]
    pub const fn expose(&self) -> &[u8; 32] {
        self.0.expose()
    }

    pub(crate) const fn secret(&self) -> &Secret<32> {
        &self.0
    }
}

impl<C> Encode<C> for OuterKey {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.bytes(self.expose())?.ok()
    }
}

impl<'b, C> Decode<'b, C> for OuterKey {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        let bytes = d.bytes()?.try_into().map_err(|_| minicbor::decode::Error::message("another length"))?;
        Ok(Self::new(bytes))
    }
}

/// A pairwise mailbox, as its owner names it to the one person who may deposit there.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct ReturnAddress {
    /// The mailbox.
    #[n(0)]
    pub address: Address,
    /// Counts the owner's mailboxes for this conversation: the highest one holds.
    #[n(1)]
    pub generation: u32,
    /// The key of the outer seal there.
    #[n(2)]
    pub outer: OuterKey,
}

/// A front door, as a shelf item names it: where first messages go, and the key of their outer seal.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct FrontDoor {
    /// The mailbox.
    #[n(0)]
    pub address: Address,
    /// The key that the outer seal is made for.
    #[n(1)]
    pub key: DoorKey,
}

/// Where a sender puts an envelope.
#[derive(Clone, Copy)]
pub enum Route<'a> {
    /// At the recipient's front door: the first message, and all others until the first answer.
    FrontDoor(&'a FrontDoor),
    /// In the mailbox that the recipient named last.
    Pairwise(&'a ReturnAddress),
}

impl Route<'_> {
    /// The address to deposit at.
    #[must_use]
    pub const fn address(&self) -> &Address {
        match self {
            Self::FrontDoor(door) => &door.address,
            Self::Pairwise(mailbox) => &mailbox.address,
        }
    }
}

/// Where the recipient found an envelope.
#[derive(Clone, Copy)]
pub enum Door<'a> {
    /// At a front door.
    FrontDoor {
        /// The mailbox.
        mailbox: &'a MailboxId,
        /// Its keys, the newest first: they are tried in this order.
        keys: &'a [DoorSecret],
    },
    /// In a pairwise mailbox.
    Pairwise {
        /// The mailbox.
        mailbox: &'a MailboxId,
        /// The key of its outer seal.
        outer: &'a OuterKey,
        /// The one person who may deposit there.
        peer: &'a IdentityKey,
    },
}

impl Door<'_> {
    /// The one person whose message may be there, if it is one person's.
    pub(crate) const fn peer(&self) -> Option<&IdentityKey> {
        match self {
            Self::FrontDoor { .. } => None,
            Self::Pairwise { peer, .. } => Some(peer),
        }
    }
}

redacted!(Door<'_>, FrontDoor, OuterKey, ReturnAddress, Route<'_>);
