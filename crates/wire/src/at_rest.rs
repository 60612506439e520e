//! The seal at rest: the relay applies it and forgets the key, the owner opens it.
//!
//! ```text
//! K = derive_key("sealpost v1 at rest", deposit key)
//! stored = nonce[12] ‖ AES-256-GCM(K, nonce, envelope, aad = mailbox id ‖ envelope id)
//! ```
//!
//! Here are the key and the associated data, on which both sides must agree; the AEAD itself is the relay's TLS
//! provider's on one side and the client's on the other.

use std::sync::LazyLock;

use blake3::Hasher;
use blake3::hazmat::{ContextKey, HasherExt, hash_derive_key_context};
use zeroize::Zeroize;

use crate::capability::{DepositKey, EnvelopeId, MailboxId};
use crate::secret::Secret;

static CONTEXT: LazyLock<ContextKey> = LazyLock::new(|| hash_derive_key_context("sealpost v1 at rest"));

/// The key under which a relay re-seals what came in with `deposit`. The relay drops it after each deposit.
#[must_use]
pub fn at_rest_key(deposit: &DepositKey) -> Secret<32> {
    let mut hasher = Hasher::new_from_context_key(&CONTEXT);
    let key = Secret::new(*hasher.update(deposit.expose()).finalize().as_bytes());
    // It still holds the deposit key.
    hasher.zeroize();
    key
}

/// What the seal at rest binds: where the envelope lies and which one it is.
#[must_use]
pub fn at_rest_aad(mailbox: &MailboxId, envelope: &EnvelopeId) -> [u8; 48] {
    let mut aad = [0; 48];
    let (left, right) = aad.split_at_mut(32);
    left.copy_from_slice(mailbox.as_bytes());
    right.copy_from_slice(envelope.as_bytes());
    aad
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_deposit_key_has_its_own_key_at_rest() {
        let key = at_rest_key(&DepositKey::new([1; 32]));
        assert_eq!(key, at_rest_key(&DepositKey::new([1; 32])));
        assert_ne!(key, at_rest_key(&DepositKey::new([2; 32])));
        assert_ne!(key.expose(), &[1; 32]);
    }

    #[test]
    fn the_associated_data_is_mailbox_then_envelope() {
        let aad = at_rest_aad(&MailboxId::from_bytes([1; 32]), &EnvelopeId::from_bytes([2; 16]));
        assert_eq!(aad[..32], [1; 32]);
        assert_eq!(aad[32..], [2; 16]);
    }
}
