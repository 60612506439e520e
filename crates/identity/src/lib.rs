#![doc = include_str!("../README.md")]

pub mod card;
pub mod consent;
pub mod keys;
pub mod qr;
mod redacted;
pub mod safety;

pub use card::{CardRef, CardSeed, ContactCard};
pub use consent::Consent;
pub use keys::{IdentityHash, IdentityKey, IdentityKeyPair, PersonId};
pub use qr::Qr;
pub use safety::SafetyNumber;
