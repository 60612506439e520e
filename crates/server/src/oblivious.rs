//! The gateway of Oblivious HTTP (RFC 9458): requests that came by way of a proxy, so that the server does not see from
//! where.
//!
//! What is sealed to the key of the day is opened, and what is inside is answered by the very routes that answer
//! on a connection, as if it had come on a connection of its own. Each answer is sealed for whoever asked, and padded.
//!
//! ```text
//! client ─ sealed ─▶ proxy ─ sealed ─▶ POST /v1/oblivious ─ opened ─▶ POST /v1/deposit, GET /v1/relay, …
//! ```

mod gateway;
mod keys;
mod memory;
mod seal;
#[cfg(test)]
mod tests;

pub(crate) use gateway::{Gateway, answer};
pub(crate) use keys::DayKeys;
pub use keys::KeysError;
