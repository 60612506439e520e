//! Capabilities, and the ids that are hashes of them.
//!
//! ```text
//! collect hash = H("collect", collect key)      MailboxId = H("mailbox", deposit key ‖ collect hash)
//! stock hash   = H("stock",   stock key)        ShelfId   = H("shelf",   take key    ‖ stock hash)
//! entry hash   = H("entry",   entry key)
//! ```
//!
//! `H(purpose, x)` is BLAKE3 in its `derive_key` mode with the context `"sealpost v1 <purpose>"`
//! (BLAKE3 specification, section 2.3). An id binds both halves: whoever can deposit can name the mailbox,
//! but not open it again as its owner; whoever steals the relay's database can do neither.

use std::sync::LazyLock;

use blake3::Hasher;
use blake3::hazmat::{ContextKey, HasherExt, hash_derive_key_context};
use rand::CryptoRng;
use subtle::ConstantTimeEq;
use zeroize::Zeroize;

use crate::secret::Secret;

/// Hashes `parts` under `context`. What is made ready once is the context's own hash. A whole hasher would keep in a place
/// of its own whatever lay on the stack when it was made: most of one is room that is not written to.
fn derive(context: &ContextKey, parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Hasher::new_from_context_key(context);
    for part in parts {
        hasher.update(part);
    }
    let hash = *hasher.finalize().as_bytes();
    // It still holds the capability.
    hasher.zeroize();
    hash
}

macro_rules! context {
    ($name:ident = $text:literal) => {
        static $name: LazyLock<ContextKey> = LazyLock::new(|| hash_derive_key_context($text));
    };
}

context!(COLLECT = "sealpost v1 collect");
context!(MAILBOX = "sealpost v1 mailbox");
context!(STOCK = "sealpost v1 stock");
context!(SHELF = "sealpost v1 shelf");
context!(ENTRY = "sealpost v1 entry");

macro_rules! capability {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq)]
        pub struct $name(Secret<32>);

        impl $name {
            /// Takes over 32 secret bytes.
            #[must_use]
            pub const fn new(bytes: [u8; 32]) -> Self {
                Self(Secret::new(bytes))
            }

            /// Draws a fresh one.
            pub fn random(rng: &mut impl CryptoRng) -> Self {
                Self(Secret::random(rng))
            }

            /// The bytes, for a hash or a store that is encrypted as a whole.
            #[must_use]
            pub const fn expose(&self) -> &[u8; 32] {
                self.0.expose()
            }
        }

        crate::codec::bytes_of!($name, 32, |key| key.expose(), Self::new);
        crate::codec::redacted!($name);
    };
}

macro_rules! public_bytes {
    ($(#[$doc:meta])* $name:ident, $length:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name([u8; $length]);

        impl $name {
            /// Wraps bytes that were read from a store or a peer.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; $length]) -> Self {
                Self(bytes)
            }

            /// The bytes, as stored and sent.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; $length] {
                &self.0
            }

            /// Compares without telling by its timing how much agreed.
            #[must_use]
            pub fn matches(&self, other: &Self) -> bool {
                self.0.ct_eq(&other.0).into()
            }
        }

        crate::codec::bytes_of!($name, $length, |id| id.as_bytes(), Self::from_bytes);
        crate::codec::redacted!($name);
    };
}

capability! {
    /// Lets its holder deposit in one mailbox. The mailbox's owner makes it and gives it away inside an address.
    ///
    /// **Relay learns:** that whoever deposits may; it forgets the key after each deposit.
    DepositKey
}
capability! {
    /// Lets its holder collect from, acknowledge in and close one mailbox. Never leaves its owner, but to the relay.
    ///
    /// **Relay learns:** that whoever collects owns the mailbox; it keeps only the hash.
    CollectKey
}
capability! {
    /// Lets its holder take prekey items from one shelf. Derived from a card's seed.
    TakeKey
}
capability! {
    /// Lets its holder stock, count and close one shelf. Never leaves its owner, but to the relay.
    StockKey
}
capability! {
    /// Lets its holder replace and withdraw one entry of a directory. Never leaves its owner, but to the directory.
    EntryKey
}

public_bytes! {
    /// The hash of a [`CollectKey`], as an address carries it.
    CollectHash, 32
}
public_bytes! {
    /// The hash of a [`StockKey`], as a card reference carries it.
    StockHash, 32
}
public_bytes! {
    /// The hash of an [`EntryKey`], as an attestation carries it.
    EntryHash, 32
}
public_bytes! {
    /// Names a mailbox on its relay: a hash of both its capabilities.
    ///
    /// **Relay learns:** nothing of who made it.
    MailboxId, 32
}
public_bytes! {
    /// Names a shelf on its relay: a hash of both its capabilities.
    ShelfId, 32
}
public_bytes! {
    /// Sixteen random bytes that name one deposit, so that a retry is harmless.
    ///
    /// **Relay learns:** that two requests with the same id are one deposit.
    EnvelopeId, 16
}

impl CollectKey {
    /// What the mailbox's address and its id say of this key.
    #[must_use]
    pub fn hash(&self) -> CollectHash {
        CollectHash(derive(&COLLECT, &[self.expose()]))
    }
}

impl StockKey {
    /// What the shelf's card reference and its id say of this key.
    #[must_use]
    pub fn hash(&self) -> StockHash {
        StockHash(derive(&STOCK, &[self.expose()]))
    }
}

impl EntryKey {
    /// What the directory and the attestation say of this key.
    #[must_use]
    pub fn hash(&self) -> EntryHash {
        EntryHash(derive(&ENTRY, &[self.expose()]))
    }
}

impl MailboxId {
    /// The mailbox into which `deposit` deposits and whose owner's key hashes to `collect`.
    #[must_use]
    pub fn of(deposit: &DepositKey, collect: &CollectHash) -> Self {
        Self(derive(&MAILBOX, &[deposit.expose(), collect.as_bytes()]))
    }
}

impl ShelfId {
    /// The shelf from which `take` takes and whose owner's key hashes to `stock`.
    #[must_use]
    pub fn of(take: &TakeKey, stock: &StockHash) -> Self {
        Self(derive(&SHELF, &[take.expose(), stock.as_bytes()]))
    }
}

impl EnvelopeId {
    /// Draws a fresh one.
    pub fn random(rng: &mut impl CryptoRng) -> Self {
        let mut bytes = [0; 16];
        rng.fill_bytes(&mut bytes);
        Self(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_binds_both_halves() {
        let (deposit, collect) = (DepositKey::new([1; 32]), CollectKey::new([2; 32]).hash());
        let id = MailboxId::of(&deposit, &collect);
        assert_ne!(id, MailboxId::of(&DepositKey::new([3; 32]), &collect));
        assert_ne!(id, MailboxId::of(&deposit, &CollectKey::new([3; 32]).hash()));
    }

    #[test]
    fn purposes_keep_hashes_apart() {
        let (collect, stock) = (CollectKey::new([5; 32]).hash(), StockKey::new([5; 32]).hash());
        assert_ne!(collect.as_bytes(), stock.as_bytes());
        assert_ne!(EntryKey::new([5; 32]).hash().as_bytes(), stock.as_bytes());
    }
}
