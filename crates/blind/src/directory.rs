//! The directory's bytes: slots of one length in buckets of one length.
//!
//! ```text
//! slot    256      tag[16] ‖ nonce[12] ‖ sealed[228]
//! sealed  228      AES-256-GCM(record key, nonce, record, aad = "sealpost v1 record" ‖ tag)
//! record  212      card[208] ‖ last day[4]                     big-endian
//! bucket  32,768   128 slots, the free ones random
//! number           the first `bits` bits of the prefix
//! ```
//!
//! A directory keeps slots that it cannot open, and hands out whole buckets, so it does not learn which slot was wanted.
//! To everyone who lacks a slot's key and tag, a taken slot looks like a free one.

mod bucket;
mod key;
mod record;

pub use bucket::{Bucket, TooManySlots, WrongLength};
pub use key::RecordKey;
pub use record::{CARD_LENGTH, NotOpened, Record};
pub use sealpost_wire::directory::{
    BUCKET_LENGTH, BucketBits, BucketPrefix, SLOT_LENGTH, SLOTS, Slot, Tag, TooManyBits,
};
