//! The sender's certificate, issued by the sender.
//!
//! libsignal's sealed sender wants a certificate that a server has signed. Here the identity key is its own trust root
//! and its own server: the chain proves that whoever sealed holds the identity key, and no relay has a part in it. All
//! fields but the key are functions of the key or constants, so that certificates tell nothing else.

use libsignal_protocol::{SenderCertificate, ServerCertificate, SignalProtocolError, Timestamp};
use rand::CryptoRng;
use sealpost_identity::{IdentityKey, IdentityKeyPair};

use super::DEVICE_ID;

/// libsignal's number of the signing key.
const SIGNER_ID: u32 = 1;
/// 9999-12-31T23:59:59.999Z, in milliseconds: a certificate says who, not when.
const EXPIRY: Timestamp = Timestamp::from_epoch_millis(253_402_300_799_999);

/// The local identity's certificate.
#[derive(Clone)]
pub(crate) struct OwnCertificate(SenderCertificate);

impl OwnCertificate {
    pub(crate) fn issue(identity: &IdentityKeyPair, rng: &mut impl CryptoRng) -> Self {
        #[expect(clippy::expect_used, reason = "libsignal encodes and signs whatever it is given")]
        Self(signed(identity, rng).expect("an identity key signs"))
    }

    pub(crate) const fn libsignal(&self) -> &SenderCertificate {
        &self.0
    }
}

fn signed(identity: &IdentityKeyPair, rng: &mut impl CryptoRng) -> Result<SenderCertificate, SignalProtocolError> {
    let pair = identity.libsignal();
    let signer = ServerCertificate::new(SIGNER_ID, *pair.public_key(), pair.private_key(), rng)?;
    SenderCertificate::new(
        identity.public().person().uuid_string(),
        None,
        *pair.public_key(),
        DEVICE_ID,
        EXPIRY,
        signer,
        pair.private_key(),
        rng,
    )
}

/// The key that a certificate proves; `None` unless it is one that this key has issued to itself, constants included.
///
/// An `expected` key has been checked before, and is not again when it is the one.
pub(crate) fn proven_key(certificate: &SenderCertificate, expected: Option<&IdentityKey>) -> Option<IdentityKey> {
    let key = certificate.key().ok()?;
    let identity = match expected {
        Some(expected) if *expected.libsignal().public_key() == key => *expected,
        _ => IdentityKey::from_libsignal(&key.into()).ok()?,
    };
    let signer = certificate.signer().ok()?;
    let constants = certificate.sender_device_id().ok()? == DEVICE_ID
        && certificate.sender_e164().ok()?.is_none()
        && certificate.expiration().ok()? == EXPIRY
        && signer.key_id().ok()? == SIGNER_ID;
    let own = signer.public_key().ok()? == key
        && certificate.sender_uuid().ok()? == identity.person().uuid_string()
        && certificate.validate(&key, EXPIRY).ok()?;
    (constants && own).then_some(identity)
}
