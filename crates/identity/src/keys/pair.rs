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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sealpost_wire::codec::{exact, to_bytes};

    use super::*;

    fn pair(seed: u8) -> IdentityKeyPair {
        IdentityKeyPair::from_secret(Secret::new([seed; 32]))
    }

    #[test]
    fn a_stored_key_gives_the_same_identity() {
        let pair = IdentityKeyPair::generate(&mut rand::rng());
        let again = IdentityKeyPair::from_secret(pair.secret().clone());
        assert_eq!(again.public(), pair.public());
    }

    #[test]
    fn libsignal_sees_the_same_pair() {
        let pair = pair(1);
        let theirs = pair.libsignal();
        assert_eq!(theirs.identity_key(), pair.public().libsignal());
        assert_eq!(theirs.private_key().public_key().unwrap(), *theirs.public_key());
    }

    #[test]
    fn a_signature_is_of_one_key_and_one_text() {
        let signature = pair(1).sign(b"text", &mut rand::rng());
        assert!(pair(1).public().verifies(b"text", &signature));
        assert!(!pair(2).public().verifies(b"text", &signature));
        assert!(!pair(1).public().verifies(b"texts", &signature));
        assert!(!pair(1).public().verifies(b"text", &signature[..63]));
        assert!(!pair(1).public().verifies(b"text", &[]));
    }

    proptest! {
        #[test]
        fn every_changed_bit_spoils_a_signature(bit in 0..8 * SIGNATURE_LENGTH, text: Vec<u8>) {
            let mut signature = pair(3).sign(&text, &mut rand::rng());
            signature[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(!pair(3).public().verifies(&text, &signature));
        }

        #[test]
        fn every_secret_gives_a_key_that_is_read_back(secret: [u8; 32]) {
            let pair = IdentityKeyPair::from_secret(Secret::new(secret));
            prop_assert_eq!(IdentityKey::from_bytes(pair.public().as_bytes()), Ok(*pair.public()));
            prop_assert_eq!(exact(&to_bytes(pair.public())), Ok(*pair.public()));
        }
    }
}
