//! What this crate promises, claim by claim.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "in a test, failing is the point")]

mod blinding;
mod decoding;
mod directory;
mod lookup;
mod printing;
mod proofs;
mod purposes;
mod tickets;
