//! What a directory keeps and hands out, and what a key service evaluates: bytes of exact lengths, opaque to both.
//!
//! ```text
//! slot      256      tag[16] ‖ 240 sealed or random bytes
//! bucket    32,768   128 slots
//! number             the first `bits` bits of a prefix
//! epoch n            days 90·n to 90·n + 89; announced 14 days before, closed 14 days after
//! ```
//!
//! What is inside of slots and elements, and how they come about, is `sealpost-blind`'s.

mod attestation;
mod bytes;
mod epoch;
mod number;
mod voucher;

pub use attestation::{Attestation, SignedAttestation};
pub use bytes::{BlindedElements, EvaluatedElements, Slot, Tag, VoucherId};
pub use epoch::Epoch;
pub use number::{BucketBits, BucketPrefix, BucketRead, TooManyBits};
pub use voucher::{SignedVoucher, Voucher};

/// The length of a slot, taken or free.
pub const SLOT_LENGTH: usize = 256;
/// How many slots a bucket has.
pub const SLOTS: usize = 128;
/// The length of a bucket, however many of its slots are taken.
pub const BUCKET_LENGTH: usize = SLOTS * SLOT_LENGTH;
/// How many elements a key service evaluates at once for discovery: always so many, whatever the number that is wanted.
pub const ELEMENTS: usize = 64;
