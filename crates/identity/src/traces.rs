//! Traces: every encoding in which a value might show up in bytes, and the search for them.
//!
//! Of each spelling of a value (an IMEI with and without its check digit, a phone number with and without its country
//! code, a text as it is) these are looked for:
//!
//! - UTF-8, UTF-16 of both byte orders, hexadecimal in both cases, base64 in all alignments and both alphabets;
//! - of digits: BCD and nibble-swapped BCD (as SIMs and GSM write numbers), from either nibble; integers of 64 bits in
//!   both byte orders;
//! - unsalted MD5, SHA-1, SHA-256 and BLAKE3, raw and as hexadecimal and base64.
//!
//! **Seven bytes are the least.** Sealed bytes are random, and a shorter pattern turns up in them by chance: eight
//! digits in BCD once in some 65,000 envelopes of 64 KiB. Shorter patterns are not looked for but counted: see
//! [`Patterns::too_short`]. Integers under 2^32, which are half zeros, count as too short as well.
//!
//! Patterns of more than 64 bytes are cut to them: whoever looks for the beginning finds the whole, and also the
//! beginning alone.

mod bcd;
mod encoding;
mod pattern;
mod scanner;

use zeroize::Zeroizing;

pub use encoding::{Digest, Encoding, Form};
pub use pattern::{Pattern, Patterns, patterns_of};
pub use scanner::{Found, Scanner, TooManyValues, Traces};

use crate::numbers::{Digits, Imei, Imsi, PhoneNumber};
use crate::redacted::redacted;

/// Something that must not be found, wiped when dropped.
#[derive(Clone)]
pub struct Value {
    spellings: Vec<Spelling>,
}

/// One way to write a value, before it is encoded.
#[derive(Clone)]
enum Spelling {
    Text(Zeroizing<String>),
    Digits(Digits),
    Bytes(Zeroizing<Vec<u8>>),
}

redacted!(Value);

impl Value {
    /// A text, such as a name or a message, as a whole.
    #[must_use]
    pub fn text(text: &str) -> Self {
        Self { spellings: vec![Spelling::Text(Zeroizing::new(text.to_owned()))] }
    }

    /// Bytes, such as a key.
    #[must_use]
    pub fn bytes(bytes: &[u8]) -> Self {
        Self { spellings: vec![Spelling::Bytes(Zeroizing::new(bytes.to_vec()))] }
    }

    /// Whether the value itself, in its longest spelling, has fewer than [`Pattern::LEAST`] bytes, so that it cannot be
    /// searched for honestly. What is longer, as its hashes are, is looked for all the same.
    #[must_use]
    pub fn is_too_short(&self) -> bool {
        self.spellings.iter().all(|spelling| spelling.plain().len() < Pattern::LEAST)
    }

    fn digits(spellings: Vec<Digits>) -> Self {
        Self { spellings: spellings.into_iter().map(Spelling::Digits).collect() }
    }
}

impl From<&Imei> for Value {
    fn from(imei: &Imei) -> Self {
        Self::digits(imei.spellings())
    }
}

impl From<&Imsi> for Value {
    fn from(imsi: &Imsi) -> Self {
        Self::digits(imsi.spellings())
    }
}

impl From<&PhoneNumber> for Value {
    fn from(number: &PhoneNumber) -> Self {
        let mut value = Self::digits(number.spellings());
        value.spellings.push(Spelling::Text(Zeroizing::new(number.expose_e164().to_owned())));
        value
    }
}

impl Spelling {
    /// The bytes that are hashed, and that stand in memory.
    fn plain(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Digits(digits) => digits.as_str().as_bytes(),
            Self::Bytes(bytes) => bytes,
        }
    }

    /// The characters, if it has any.
    fn characters(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Digits(digits) => Some(digits.as_str()),
            Self::Bytes(_) => None,
        }
    }
}
