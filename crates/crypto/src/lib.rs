#![doc = include_str!("../README.md")]

mod aead;
pub mod at_rest;
pub mod content;
pub mod item;
pub mod keys;
mod local;
pub mod open;
pub mod outer;
mod padding;
pub mod prekey;
mod ratchet;
mod redacted;
pub mod route;
pub mod seal;
pub mod session;
pub mod size;
pub mod stocking;
#[cfg(test)]
mod tests;

pub use at_rest::open_at_rest;
pub use content::{Body, Content, MessageId, Text};
pub use item::{Stocker, VerifiedItem, open_item};
pub use keys::{Keys, Unavailable};
pub use local::Local;
pub use open::{OpenError, Opened, open};
pub use outer::{DoorKey, DoorSecret};
pub use prekey::{PrekeyId, PrivatePrekey, UsedPrekey};
pub use ratchet::quiet::quiet_panics;
pub use route::{Door, FrontDoor, OuterKey, ReturnAddress, Route};
pub use seal::{SealError, Sealed, seal};
pub use session::{BeginError, Session, begin};
