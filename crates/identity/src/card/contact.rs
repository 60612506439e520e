//! A card whose identity key is known.

use thiserror::Error;

use super::CardRef;
use crate::keys::{IdentityKey, PersonId};
use crate::redacted::redacted;

/// A card and the identity key behind it, checked: the key hashes to what the card names.
#[derive(Clone, PartialEq, Eq)]
pub struct ContactCard {
    card: CardRef,
    identity: IdentityKey,
}

/// The key is not the one that the card names: the shelf's items are someone else's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the identity key is not the one that the card names")]
pub struct CardMismatch;

redacted!(ContactCard);

impl ContactCard {
    /// Puts a card and the key that was found behind it together.
    ///
    /// # Errors
    /// [`CardMismatch`] when the card names another key.
    pub fn new(card: CardRef, identity: IdentityKey) -> Result<Self, CardMismatch> {
        if identity.hash() == card.identity { Ok(Self { card, identity }) } else { Err(CardMismatch) }
    }

    /// The card.
    #[must_use]
    pub const fn card(&self) -> &CardRef {
        &self.card
    }

    /// The key that it names.
    #[must_use]
    pub const fn identity(&self) -> &IdentityKey {
        &self.identity
    }

    /// The person behind it.
    #[must_use]
    pub fn person(&self) -> PersonId {
        self.identity.person()
    }
}
