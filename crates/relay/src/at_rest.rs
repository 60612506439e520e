//! The seal at rest (`sealpost_wire::at_rest`): what a relay keeps is sealed under a key that it does not keep.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use sealpost_wire::at_rest::{at_rest_aad, at_rest_key};
use sealpost_wire::{AtRest, DepositKey, Envelope, EnvelopeId, MailboxId};

/// Seals an envelope, where it lies, under the key that comes from `deposit`; the key is wiped before this returns.
///
/// `None` when the provider of AES-256-GCM fails: such an envelope must not be kept at all.
#[must_use]
pub fn seal(deposit: &DepositKey, mailbox: &MailboxId, id: &EnvelopeId, envelope: Envelope) -> Option<AtRest> {
    let nonce: [u8; NONCE_LEN] = rand::random();
    let key = at_rest_key(deposit);
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key.expose()).ok()?);
    let aad = Aad::from(at_rest_aad(mailbox, id));
    envelope.seal(nonce, |plain| {
        let tag = key.seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), aad, plain).ok()?;
        tag.as_ref().try_into().ok()
    })
}

#[cfg(test)]
mod tests {
    use sealpost_wire::{CollectKey, SizeClass};

    use super::*;

    fn open(deposit: &DepositKey, mailbox: &MailboxId, id: &EnvelopeId, stored: &AtRest) -> Option<Vec<u8>> {
        let (nonce, sealed) = stored.as_bytes().split_at(NONCE_LEN);
        let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, at_rest_key(deposit).expose()).unwrap());
        let mut sealed = sealed.to_vec();
        let nonce = Nonce::try_assume_unique_for_key(nonce).unwrap();
        let plain = key.open_in_place(nonce, Aad::from(at_rest_aad(mailbox, id)), &mut sealed).ok()?;
        Some(plain.to_vec())
    }

    #[test]
    fn only_the_deposit_key_opens_what_is_kept_and_only_in_its_place() {
        let (deposit, other) = (DepositKey::new([1; 32]), DepositKey::new([2; 32]));
        let mailbox = MailboxId::of(&deposit, &CollectKey::new([3; 32]).hash());
        let id = EnvelopeId::from_bytes([4; 16]);
        for class in SizeClass::ALL {
            let envelope = Envelope::new(vec![7; class.envelope_length()].into()).unwrap();
            let stored = seal(&deposit, &mailbox, &id, envelope.clone()).unwrap();
            assert_eq!(stored.class(), class);
            assert_eq!(open(&deposit, &mailbox, &id, &stored).as_deref(), Some(envelope.as_bytes()));
            assert_eq!(open(&other, &mailbox, &id, &stored), None);
            assert_eq!(open(&deposit, &MailboxId::from_bytes([9; 32]), &id, &stored), None);
            assert_eq!(open(&deposit, &mailbox, &EnvelopeId::from_bytes([9; 16]), &stored), None);
        }
    }

    #[test]
    fn one_envelope_is_never_kept_alike_twice() {
        let deposit = DepositKey::new([1; 32]);
        let (mailbox, id) = (MailboxId::from_bytes([2; 32]), EnvelopeId::from_bytes([3; 16]));
        let envelope = Envelope::new(vec![0; SizeClass::Small.envelope_length()].into()).unwrap();
        assert_ne!(seal(&deposit, &mailbox, &id, envelope.clone()), seal(&deposit, &mailbox, &id, envelope.clone()));
    }
}
