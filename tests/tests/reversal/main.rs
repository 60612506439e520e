//! Who can reverse a tag: attacks with all that each party holds, on numbers that stand in the attacker's dictionary.
//!
//! A tag is derived from a number by a hash that is slow, and under keys of two operators (docs/protocol/discovery.md).
//! Here people are listed under their numbers by real servers, which are killed then; and each party tries what it can ([`attack`]): a directory's disk, alone and
//! with the seed of one key service; a key service with all that it was asked; an attester's disk; all of these together but
//! for one key.
//!
//! **What fails here**: one of those finds out a number; or an attack that must succeed does not, since then the attacks show
//! nothing: a salted hash without keys, a deployment with one key, and both live keys, each at the price of one argon2id for
//! each number tried, which is printed.
//!
//! The hash is the cheapest that a client accepts, 19 MiB and two passes, a fifth of the default's work.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "an attack that cannot be carried out has failed")]

mod attack;
mod claims;
mod deployment;
mod loot;
mod processes;
