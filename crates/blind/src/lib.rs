#![doc = include_str!("../README.md")]

pub mod batch;
pub mod client;
pub mod directory;
pub mod discovery;
pub mod element;
mod output;
pub mod purpose;
mod random;
mod redacted;
#[cfg(test)]
mod rfc9497;
mod server;

pub use batch::{BlindedBatch, EvaluatedBatch, MAX_BATCH};
pub use client::BlindState;
pub use element::{BlindedElement, EvaluatedElement, Malformed, Proof, PublicKey};
pub use output::PrfOutput;
pub use purpose::{Purpose, TicketKind};
pub use sealpost_wire::directory::Epoch;
pub use server::ServerKey;
