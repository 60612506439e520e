//! The binary form of a card reference.
//!
//! ```text
//! version      1      0x01
//! host length  1      n, at most 64
//! host         n      `host:port` in ASCII, in its one spelling
//! operator     32     Ed25519 public key of the relay's operator
//! seed         32     secret
//! stock hash   32
//! identity     32     hash of the identity key
//! checksum     4      derive_key("sealpost v1 card checksum", everything before)[0..4]
//! ```
//!
//! Every version ends with this checksum over all that is before it, so that what was mistyped or cut off is told apart
//! from what is of a version that is not known here. It detects accidents; it authenticates nothing.

use minicbor::{Decode, Encode};
use sealpost_wire::operator::OperatorKey;
use sealpost_wire::{RelayHost, RelayRef, Secret, StockHash};
use thiserror::Error;
use zeroize::Zeroizing;

use super::{CardRef, CardSeed};
use crate::keys::IdentityHash;

const VERSION: u8 = 1;
const CHECKSUM: usize = 4;

/// Why bytes are not a card reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CardError {
    /// The checksum does not fit: a character is missing, changed or too many.
    #[error("the card was mistyped or cut off")]
    Mistyped,
    /// It is whole, but of a version that this program does not know.
    #[error("the card is of version {0}, this program knows version {VERSION}")]
    Version(u8),
    /// It is whole and of the known version, but no program of ours made it.
    #[error("the card's fields are malformed")]
    Malformed,
}

impl CardRef {
    /// The binary form. It holds the seed, and is wiped when dropped.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let host = self.relay.host.as_str().as_bytes();
        // A host has at most 64 bytes, so its length fits one.
        let length = u8::try_from(host.len()).unwrap_or(u8::MAX);
        // Long enough from the start: a vector that grows leaves copies of the seed behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(2 + host.len() + 4 * 32 + CHECKSUM));
        bytes.extend_from_slice(&[VERSION, length]);
        bytes.extend_from_slice(host);
        bytes.extend_from_slice(self.relay.operator.as_bytes());
        bytes.extend_from_slice(self.seed.secret().expose());
        bytes.extend_from_slice(self.stock.as_bytes());
        bytes.extend_from_slice(self.identity.as_bytes());
        let sum = checksum(&bytes);
        bytes.extend_from_slice(&sum);
        bytes
    }

    /// Reads exactly one binary form.
    ///
    /// # Errors
    /// [`CardError`] tells a mistyped card from one of another version.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CardError> {
        let (fields, sum) = bytes.split_last_chunk().ok_or(CardError::Mistyped)?;
        if *sum != checksum(fields) {
            return Err(CardError::Mistyped);
        }
        match fields.split_first() {
            Some((&VERSION, fields)) => read(fields).ok_or(CardError::Malformed),
            Some((&version, _)) => Err(CardError::Version(version)),
            None => Err(CardError::Malformed),
        }
    }
}

fn read(fields: &[u8]) -> Option<CardRef> {
    let (&length, rest) = fields.split_first()?;
    let (host, rest) = rest.split_at_checked(length.into())?;
    let (operator, rest) = rest.split_first_chunk::<32>()?;
    let (seed, rest) = rest.split_first_chunk::<32>()?;
    let (stock, rest) = rest.split_first_chunk::<32>()?;
    Some(CardRef {
        relay: RelayRef { host: read_host(host)?, operator: OperatorKey::from_bytes(operator)? },
        seed: CardSeed::new(Secret::new(*seed)),
        stock: StockHash::from_bytes(*stock),
        identity: IdentityHash::from_bytes(rest.try_into().ok()?),
    })
}

pub(super) fn read_host(bytes: &[u8]) -> Option<RelayHost> {
    let text = str::from_utf8(bytes).ok()?;
    let host: RelayHost = text.parse().ok()?;
    (host.as_str() == text).then_some(host)
}

fn checksum(fields: &[u8]) -> [u8; CHECKSUM] {
    let [a, b, c, d, ..] = blake3::derive_key("sealpost v1 card checksum", fields);
    [a, b, c, d]
}

/// Inside a sealed message, a card is a byte string of its binary form.
impl<C> Encode<C> for CardRef {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.bytes(&self.to_bytes())?.ok()
    }
}

impl<'b, C> Decode<'b, C> for CardRef {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        Self::from_bytes(d.bytes()?).map_err(|_| minicbor::decode::Error::message("not a card"))
    }
}
