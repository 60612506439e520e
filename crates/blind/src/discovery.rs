//! From a number to its place in the directory.
//!
//! ```text
//! x      = argon2id(number, epoch salt)                       RFC 9106: the slow factor, [`Hasher`]
//! y_i    = VOPRF_i(x)                                         the blind factor, one for each key service
//! okm    = BLAKE3-derive("sealpost v1 discovery", epoch[4] ‖ n[1] ‖ x[32] ‖ y_1[64] ‖ … ‖ y_n[64])
//! prefix = okm[0..4]     tag = okm[4..20]     record key = okm[20..52]
//! ```
//!
//! `n` is the number of key services, 0 to 2, so that what was derived with fewer is never what is derived with more.
//! The salt alone protects nothing: everyone has it, and there are few numbers. It makes each guess slow; the keys,
//! which the directory does not hold, make guessing impossible without asking them.

mod descriptor;
mod hasher;
mod parameters;
mod salt;
mod services;

pub use descriptor::{Descriptor, DescriptorError};
pub use hasher::{Hasher, OutOfMemory, Stretched};
pub use parameters::{Parameters, ParametersError};
pub use salt::EpochSalt;
pub use services::{KeyServices, KeyServicesError, Lookup, OutputsMissing};
