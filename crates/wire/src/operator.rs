//! The operator's key (Ed25519, RFC 8032): pinned by cards, it signs manifests and statements of deletion.

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use rand::CryptoRng;

use crate::codec::redacted;

/// What a signature is for; a signature for one purpose is none for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A relay's manifest.
    Manifest,
    /// A statement of deletion.
    Deletion,
    /// The key that takes this one's place.
    Succession,
    /// By an attester: that a number was proved.
    Attestation,
    /// By an attester: that somebody may have a key service evaluate.
    Voucher,
    /// A whole server, to be taken elsewhere.
    Archive,
    /// That a whole server was erased.
    Erasure,
}

impl Purpose {
    const fn context(self) -> &'static [u8] {
        match self {
            Self::Manifest => b"sealpost v1 manifest\0",
            Self::Deletion => b"sealpost v1 deletion\0",
            Self::Succession => b"sealpost v1 succession\0",
            Self::Attestation => b"sealpost v1 attestation\0",
            Self::Voucher => b"sealpost v1 voucher\0",
            Self::Archive => b"sealpost v1 archive\0",
            Self::Erasure => b"sealpost v1 erasure\0",
        }
    }

    fn message(self, bytes: &[u8]) -> Vec<u8> {
        [self.context(), bytes].concat()
    }
}

/// The public half, by which clients know a relay.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct OperatorKey(VerifyingKey);

impl OperatorKey {
    /// Reads 32 bytes; `None` if they are not a key, or a weak one.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let key = VerifyingKey::from_bytes(bytes.try_into().ok()?).ok()?;
        (!key.is_weak()).then_some(Self(key))
    }

    /// The 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// Whether `signature` is this key's over `bytes` for `purpose`.
    #[must_use]
    pub fn verifies(&self, purpose: Purpose, bytes: &[u8], signature: &[u8]) -> bool {
        Signature::from_slice(signature)
            .is_ok_and(|signature| self.0.verify_strict(&purpose.message(bytes), &signature).is_ok())
    }
}

/// The secret half. It stays with the operator; dropped, it is wiped.
pub struct OperatorSecret(SigningKey);

impl OperatorSecret {
    /// Draws a fresh one.
    pub fn random(rng: &mut impl CryptoRng) -> Self {
        let mut seed = zeroize::Zeroizing::new([0; 32]);
        rng.fill_bytes(&mut *seed);
        Self::from_seed(&seed)
    }

    /// The key of a stored seed.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// The seed, to be stored in a file that only the relay may read.
    #[must_use]
    pub fn expose_seed(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> OperatorKey {
        OperatorKey(self.0.verifying_key())
    }

    /// Signs `bytes` for `purpose`.
    #[must_use]
    pub fn sign(&self, purpose: Purpose, bytes: &[u8]) -> [u8; 64] {
        self.0.sign(&purpose.message(bytes)).to_bytes()
    }
}

redacted!(OperatorKey);
redacted!(OperatorSecret);

impl<C> minicbor::Encode<C> for OperatorKey {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.bytes(self.as_bytes())?.ok()
    }
}

impl<'b, C> minicbor::Decode<'b, C> for OperatorKey {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        Self::from_bytes(d.bytes()?).ok_or_else(|| minicbor::decode::Error::message("not a key"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_for_one_purpose() {
        let secret = OperatorSecret::from_seed(&[1; 32]);
        let signature = secret.sign(Purpose::Manifest, b"bytes");
        assert!(secret.public().verifies(Purpose::Manifest, b"bytes", &signature));
        assert!(!secret.public().verifies(Purpose::Deletion, b"bytes", &signature));
        assert!(!secret.public().verifies(Purpose::Manifest, b"other", &signature));
        assert!(!OperatorSecret::from_seed(&[2; 32]).public().verifies(Purpose::Manifest, b"bytes", &signature));
    }

    #[test]
    fn weak_keys_are_none() {
        assert!(OperatorKey::from_bytes(&[0; 32]).is_none());
        assert!(OperatorKey::from_bytes(&[1; 31]).is_none());
    }
}
