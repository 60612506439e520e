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
mod ticket;

pub use batch::{BlindedBatch, EvaluatedBatch, MAX_BATCH};
pub use client::BlindState;
pub use element::{BlindedElement, EvaluatedElement, Malformed, Proof, PublicKey};
pub use output::PrfOutput;
pub use purpose::Purpose;
pub use sealpost_wire::directory::Epoch;
pub use sealpost_wire::ticket::TicketKind;
pub use server::ServerKey;
pub use ticket::TicketRequest;
