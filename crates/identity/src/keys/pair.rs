//! The private half.

use rand::CryptoRng;
use sealpost_wire::Secret;

use super::IdentityKey;
use crate::redacted::redacted;

/// The length of a signature.
pub const SIGNATURE_LENGTH: usize = 64;

/// Someone's identity: the private key, wiped when dropped, and its public half.
#[derive(Clone)]
pub struct IdentityKeyPair {
    secret: Secret<32>,
    public: IdentityKey,
}

redacted!(IdentityKeyPair);

impl IdentityKeyPair {
    /// Draws a fresh identity.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        Self::from_secret(Secret::random(rng))
    }

    /// The identity of a stored private key. Every 32 bytes are one: they are clamped (RFC 7748, section 5) when used.
    #[must_use]
    pub fn from_secret(secret: Secret<32>) -> Self {
        let public = public_half(&secret);
        Self { secret, public }
    }

    /// The private key, for a store that is encrypted as a whole.
    #[must_use]
    pub const fn secret(&self) -> &Secret<32> {
        &self.secret
    }

    /// The public half.
    #[must_use]
    pub const fn public(&self) -> &IdentityKey {
        &self.public
    }

    /// Signs `bytes`. The caller sees to it that signatures for one purpose are none for another.
    pub fn sign(&self, bytes: &[u8], rng: &mut impl CryptoRng) -> [u8; SIGNATURE_LENGTH] {
        let signature = private_key(&self.secret).calculate_signature(bytes, rng);
        let signature = signature.ok().and_then(|signature| signature.as_ref().try_into().ok());
        #[expect(clippy::expect_used, reason = "libsignal signs with every key of the one type that it has")]
        signature.expect("an XEdDSA signature is 64 bytes")
    }

    /// The pair in libsignal's type, which is not wiped: drop it soon. For `sealpost-crypto` only.
    #[must_use]
    pub fn libsignal(&self) -> libsignal_protocol::IdentityKeyPair {
        libsignal_protocol::IdentityKeyPair::new(*self.public.libsignal(), private_key(&self.secret))
    }
}

#[expect(clippy::expect_used, reason = "libsignal refuses private keys for their length alone")]
fn private_key(secret: &Secret<32>) -> libsignal_protocol::PrivateKey {
    libsignal_protocol::PrivateKey::deserialize(secret.expose()).expect("32 bytes are a private key")
}

/// A clamped scalar is a multiple of 8 but not of the group's order, so its public half is never of low order.
#[expect(clippy::expect_used, reason = "multiples of the base point by clamped scalars are canonical")]
fn public_half(secret: &Secret<32>) -> IdentityKey {
    let public = private_key(secret).public_key().expect("libsignal has one type of key");
    IdentityKey::from_libsignal(&public.into()).expect("a generated key is canonical")
}
