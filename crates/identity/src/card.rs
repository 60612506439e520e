//! Cards: what lets someone write first.
//!
//! ```text
//! take key = derive_key("sealpost v1 take", seed)      opens the shelf with the prekey items
//! item key = derive_key("sealpost v1 item", seed)      opens the items
//! ```
//!
//! A [`CardRef`] is what a QR code, a link or a directory record carries. It names a relay and pins its operator's key;
//! it leads to a shelf and opens what lies there; and it names, by its hash, the identity key that must have signed it.

mod codec;
mod contact;
mod link;
mod record;

use rand::CryptoRng;
use sealpost_wire::{RelayRef, Secret, ShelfId, StockHash, TakeKey};

pub use codec::CardError;
pub use contact::{CardMismatch, ContactCard};
pub use link::LinkError;

use crate::keys::IdentityHash;
use crate::qr::Qr;
use crate::redacted::redacted;

/// The 32 secret bytes of a card, from which both the shelf's take key and the key of its items are derived.
#[derive(Clone, PartialEq, Eq)]
pub struct CardSeed(Secret<32>);

/// A reference to a shelf, with what opens it, and to the identity behind it.
///
/// Whoever holds it can write to its owner, so it prints as its name alone; its text is had by [`CardRef::to_link`].
#[derive(Clone, PartialEq, Eq)]
pub struct CardRef {
    /// The relay that keeps the shelf.
    pub relay: RelayRef,
    /// What takes and opens the shelf's items.
    pub seed: CardSeed,
    /// The hash of the shelf owner's key.
    pub stock: StockHash,
    /// The hash of the identity key that signs the shelf's items.
    pub identity: IdentityHash,
}

redacted!(CardSeed, CardRef);

impl CardSeed {
    /// Takes over secret bytes that were stored.
    #[must_use]
    pub const fn new(secret: Secret<32>) -> Self {
        Self(secret)
    }

    /// Draws a fresh one: one for each card that is published.
    pub fn random(rng: &mut impl CryptoRng) -> Self {
        Self(Secret::random(rng))
    }

    /// The bytes, for a store that is encrypted as a whole.
    #[must_use]
    pub const fn secret(&self) -> &Secret<32> {
        &self.0
    }

    /// The right to take items from the card's shelf.
    #[must_use]
    pub fn take_key(&self) -> TakeKey {
        TakeKey::new(blake3::derive_key("sealpost v1 take", self.0.expose()))
    }

    /// The key that seals and opens the items on the card's shelf.
    #[must_use]
    pub fn item_key(&self) -> Secret<32> {
        Secret::new(blake3::derive_key("sealpost v1 item", self.0.expose()))
    }
}

impl CardRef {
    /// The shelf that the card leads to, by the id that its relay knows it by.
    #[must_use]
    pub fn shelf(&self) -> ShelfId {
        ShelfId::of(&self.seed.take_key(), &self.stock)
    }

    /// The card's link as a QR code.
    #[must_use]
    pub fn qr(&self) -> Qr {
        // Upper case fits the alphanumeric mode, which takes 5.5 bits a character instead of 8.
        Qr::of_card(&self.to_link().to_ascii_uppercase())
    }
}
