//! Golden vectors: the bytes of the protocol, good and bad, as JSON in `tests/vectors`, for whoever writes another
//! implementation, and to notice when this one changes them.
//!
//! What fails here: a good vector that does not decode, or does not encode to the same bytes; a bad one that gives
//! another error than it names; a message without vectors; a vector that neither `docs/protocol/relay.cddl` nor `attester.cddl`
//! describes; a file that differs from what this code makes. After a deliberate change, `SEALPOST_WRITE_VECTORS=1 cargo test -p
//! sealpost-tests --test vectors` writes the files anew.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a vector that cannot be read is the test's mistake")]

mod attester;
mod cards;
mod derived;
mod discovery;
mod file;
mod first_contact;
mod groups;
mod kinds;
mod leak_budget;
mod messages;
mod promises;
mod refused;
mod samples;
mod statements;
mod trust;
mod version;
