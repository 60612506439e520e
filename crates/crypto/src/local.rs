//! The local side: who seals and opens.

use rand::CryptoRng;
use sealpost_identity::{IdentityKey, IdentityKeyPair, PersonId};

use crate::ratchet::certificate::OwnCertificate;
use crate::redacted::redacted;

/// The local identity with the certificate that it issues to itself. Make it once and keep it: signing takes longer
/// than sealing.
#[derive(Clone)]
pub struct Local {
    identity: IdentityKeyPair,
    certificate: OwnCertificate,
}

impl Local {
    /// Takes over an identity and signs its certificate.
    pub fn new(identity: IdentityKeyPair, rng: &mut impl CryptoRng) -> Self {
        let certificate = OwnCertificate::issue(&identity, rng);
        Self { identity, certificate }
    }

    /// The identity.
    #[must_use]
    pub const fn identity(&self) -> &IdentityKeyPair {
        &self.identity
    }

    /// The public half of the identity.
    #[must_use]
    pub const fn key(&self) -> &IdentityKey {
        self.identity.public()
    }

    /// The local person's id.
    #[must_use]
    pub fn person(&self) -> PersonId {
        self.key().person()
    }

    pub(crate) const fn certificate(&self) -> &OwnCertificate {
        &self.certificate
    }
}

redacted!(Local);
