//! Identity keys: X25519 keys that sign by XEdDSA, and what is derived from their public halves.
//!
//! ```text
//! identity key  = 0x05 ‖ u[32]                 u: the canonical Montgomery coordinate of a point of prime order
//! identity hash = BLAKE3(identity key)[0..32]
//! person id     = UUIDv8(identity hash[0..16])  RFC 9562, section 5.8
//! ```
//!
//! Keys and signatures are libsignal's ([XEdDSA](https://signal.org/docs/specifications/xeddsa/), with the sign bit
//! in the signature's last bit). libsignal reads any 32 bytes as a public key; the types here do not: a key that is not
//! canonical, or has a component of low order, is refused when it is read.

mod pair;
mod person;

use minicbor::{Decode, Encode};
use thiserror::Error;

pub use pair::{IdentityKeyPair, SIGNATURE_LENGTH};
pub use person::{IdentityHash, PersonId};

use crate::redacted::redacted;

/// The public half of someone's identity key, checked.
///
/// Whoever holds one knows that it has exactly one encoding and lies in the prime-order subgroup.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct IdentityKey {
    bytes: [u8; Self::LENGTH],
    key: libsignal_protocol::IdentityKey,
}

/// Why bytes are not an identity key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum KeyError {
    /// They are not [`IdentityKey::LENGTH`] bytes that start with the key's type.
    #[error("an identity key is {} bytes, the first of them 5", IdentityKey::LENGTH)]
    Form,
    /// The coordinate is 2^255 - 19 or more, belongs to no point of the curve, or to one outside the prime-order
    /// subgroup.
    #[error("the identity key is not canonical or of low order")]
    NotCanonical,
}

redacted!(IdentityKey);

impl IdentityKey {
    /// The length of a key: one byte of type and 32 of the key.
    pub const LENGTH: usize = 33;

    /// Reads a key from its [`IdentityKey::LENGTH`] bytes.
    ///
    /// # Errors
    /// [`KeyError`] says whether their form or the point is wrong.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, KeyError> {
        let key = Self::dangerously_assume_checked(bytes)?;
        if key.key.public_key().is_canonical() { Ok(key) } else { Err(KeyError::NotCanonical) }
    }

    /// Reads a key that was checked before it was put into one's own encrypted store, without a scalar multiplication.
    ///
    /// Bytes that came from anywhere else go through [`IdentityKey::from_bytes`].
    ///
    /// # Errors
    /// [`KeyError::Form`].
    pub fn dangerously_assume_checked(bytes: &[u8]) -> Result<Self, KeyError> {
        let bytes: [u8; Self::LENGTH] = bytes.try_into().map_err(|_| KeyError::Form)?;
        let key = libsignal_protocol::PublicKey::deserialize(&bytes).map_err(|_| KeyError::Form)?;
        Ok(Self { bytes, key: key.into() })
    }

    /// Takes over a key that libsignal read, after the same checks. For `sealpost-crypto` only.
    ///
    /// # Errors
    /// [`KeyError::NotCanonical`].
    pub fn from_libsignal(key: &libsignal_protocol::IdentityKey) -> Result<Self, KeyError> {
        Self::from_bytes(&key.serialize())
    }

    /// The bytes, as [`IdentityKey::from_bytes`] reads them.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; Self::LENGTH] {
        &self.bytes
    }

    /// The key in libsignal's type. For `sealpost-crypto` only.
    #[must_use]
    pub const fn libsignal(&self) -> &libsignal_protocol::IdentityKey {
        &self.key
    }

    /// Whether `signature` is this key's over `bytes`.
    #[must_use]
    pub fn verifies(&self, bytes: &[u8], signature: &[u8]) -> bool {
        self.key.public_key().verify_signature(bytes, signature)
    }

    /// The hash that card references carry.
    #[must_use]
    pub fn hash(&self) -> IdentityHash {
        IdentityHash::from_bytes(*blake3::hash(&self.bytes).as_bytes())
    }

    /// The id that sealed messages carry.
    #[must_use]
    pub fn person(&self) -> PersonId {
        self.hash().person()
    }
}

impl<C> Encode<C> for IdentityKey {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.bytes(&self.bytes)?.ok()
    }
}

impl<'b, C> Decode<'b, C> for IdentityKey {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        Self::from_bytes(d.bytes()?).map_err(|_| minicbor::decode::Error::message("not an identity key"))
    }
}
