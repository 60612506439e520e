//! What this crate promises, claim by claim.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "in a test, failing is the point")]

mod canonical_keys;
mod card;
mod consent;
mod device_only;
mod numbering_plans;
mod numbers;
mod printing;
mod qr;
mod safety;
mod traces;
mod tripwire;
