#![doc = include_str!("../README.md")]

pub mod attester;
pub mod card;
pub mod consent;
pub mod keys;
pub mod numbers;
pub mod qr;
mod redacted;
pub mod safety;
pub mod traces;
pub mod tripwire;

pub use card::{CardRef, CardSeed, ContactCard};
pub use consent::Consent;
pub use keys::{IdentityHash, IdentityKey, IdentityKeyPair, PersonId};
pub use numbers::{AddressBook, Imei, Imsi, PhoneNumber};
pub use qr::Qr;
pub use safety::SafetyNumber;
pub use tripwire::{Tripwire, TripwireScanner};
