#![doc = include_str!("../README.md")]

pub mod address;
pub mod at_rest;
pub mod capability;
pub mod codec;
pub mod directory;
pub mod envelope;
pub mod frame;
pub mod manifest;
pub mod oblivious;
pub mod operator;
pub mod request;
pub mod secret;
pub mod shelf;
pub mod signed;
pub mod statement;
pub mod ticket;
pub mod time;

pub use address::{Address, RelayHost, RelayRef};
pub use capability::{
    CollectHash, CollectKey, DepositKey, EntryHash, EntryKey, EnvelopeId, MailboxId, ShelfId, StockHash, StockKey,
    TakeKey,
};
pub use codec::{DecodeError, from_bytes, to_bytes};
pub use envelope::{AtRest, Envelope, SizeClass};
pub use secret::Secret;
pub use shelf::SealedItem;
pub use signed::Signed;
pub use ticket::Ticket;

/// The version of the protocol that this crate speaks: the first field of every body and the first segment of every path.
pub const VERSION: u8 = 1;
