//! Oblivious HTTP (RFC 9458): where it goes, what is inside, and how long that is.
//!
//! ```text
//! inside     Binary HTTP (RFC 9292, known length) ‖ zeros     4,592 | 16,880 | 66,032 bytes; a reply also 33,280
//! request    key id[1] ‖ KEM, KDF, AEAD[6] ‖ enc[32] ‖ sealed inside ‖ tag[16]              55 bytes more
//! answer     nonce[16] ‖ sealed inside ‖ tag[16]                                            32 bytes more
//! ```
//!
//! The lengths are those of a stored envelope, and of a bucket, with 512 bytes more. A reply is never shorter than its
//! request, so that whoever asks decides what an empty answer looks like. What is inside has one encoding and nothing
//! else is read, as everywhere in the protocol.

mod inside;

pub use inside::{InsideError, InsideReply, InsideRequest};

use crate::directory::BUCKET_LENGTH;
use crate::envelope::SizeClass;

/// Where a gateway takes requests, by `POST`.
pub const PATH: &str = "/v1/oblivious";
/// Where a gateway gives the key of the day, by `GET`.
pub const KEYS_PATH: &str = "/v1/ohttp-keys";
/// What the path at a proxy begins with; a gateway's `host:port` follows.
pub const PROXY_PATH: &str = "/v1/proxy/";

/// The media type of a request (RFC 9458, section 9.2).
pub const REQUEST_TYPE: &str = "message/ohttp-req";
/// The media type of an answer (RFC 9458, section 9.3).
pub const ANSWER_TYPE: &str = "message/ohttp-res";
/// The media type of a list of keys (RFC 9458, section 9.1).
pub const KEYS_TYPE: &str = "application/ohttp-keys";
/// The media type of a problem (RFC 9457).
pub const PROBLEM_TYPE: &str = "application/problem+json";
/// The problem that a request was not sealed to a key of the gateway's (RFC 9458, section 5.3).
pub const KEY_PROBLEM: &str = "https://iana.org/assignments/http-problem-types#ohttp-key";

/// What is added to the length of a stored envelope, or a bucket, for all that stands around it.
const SLACK: usize = 512;

/// What a request is longer than what is inside it.
pub const REQUEST_OVERHEAD: usize = 1 + 6 + 32 + 16;
/// What an answer is longer than what is inside it.
pub const ANSWER_OVERHEAD: usize = 16 + 16;

/// The lengths that the inside of a request may have, shortest first.
pub const REQUEST_LENGTHS: [usize; 3] = [around(SizeClass::Small), around(SizeClass::Medium), LONGEST];
/// The lengths that the inside of an answer may have, shortest first.
pub const REPLY_LENGTHS: [usize; 4] =
    [around(SizeClass::Small), around(SizeClass::Medium), BUCKET_LENGTH + SLACK, LONGEST];
/// The longest that anything inside may be.
pub const LONGEST: usize = around(SizeClass::Large);
/// The longest request, in bytes.
pub const LONGEST_REQUEST: usize = LONGEST + REQUEST_OVERHEAD;
/// The longest answer, in bytes.
pub const LONGEST_ANSWER: usize = LONGEST + ANSWER_OVERHEAD;
/// How many bytes of stored envelopes a reply has room for, however small they are: as many as the largest one takes.
pub const REPLY_ROOM: usize = SizeClass::Large.stored_length();

const fn around(class: SizeClass) -> usize {
    class.stored_length() + SLACK
}

#[cfg(test)]
mod tests;
