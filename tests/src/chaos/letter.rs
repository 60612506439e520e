//! Mailboxes of the load, and what is sent to them.

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Key, Nonce};
use rand::RngCore;
use sealpost_wire::at_rest::{at_rest_aad, at_rest_key};
use sealpost_wire::codec::V1;
use sealpost_wire::request::{Deposit, MailboxKind, OpenMailbox, Stored};
use sealpost_wire::{CollectKey, DepositKey, Envelope, EnvelopeId, MailboxId, SizeClass};

use crate::Result;

/// Odd, so that each number has another product: ids must not begin alike.
const SPREAD: u32 = 0x9E37_79B1;
const NONCE: usize = 12;

/// A mailbox of the load.
pub(super) struct Mailbox {
    /// Its place in the run.
    pub(super) number: u32,
    deposit: DepositKey,
    collect: CollectKey,
    /// What all its envelopes end with.
    filling: Vec<u8>,
}

impl Mailbox {
    pub(super) fn random(number: u32) -> Self {
        let mut rng = rand::rng();
        let mut filling = vec![0; SizeClass::Small.envelope_length()];
        rng.fill_bytes(&mut filling);
        Self { number, deposit: DepositKey::random(&mut rng), collect: CollectKey::random(&mut rng), filling }
    }

    pub(super) fn id(&self) -> MailboxId {
        MailboxId::of(&self.deposit, &self.collect.hash())
    }

    pub(super) const fn collect_key(&self) -> &CollectKey {
        &self.collect
    }

    pub(super) fn open(&self) -> OpenMailbox {
        let (collect, kind) = (self.collect.clone(), MailboxKind::Pairwise);
        OpenMailbox { version: V1, mailbox: self.id(), collect, kind, ticket: None }
    }

    /// The deposit of one letter.
    ///
    /// # Errors
    /// Never: the envelope is of a class.
    pub(super) fn deposit(&self, letter: u32) -> Result<Deposit> {
        let id = self.envelope_id(letter);
        let envelope = Envelope::new(self.envelope(&id).into()).ok_or("an envelope of no class")?;
        let (deposit, collect) = (self.deposit.clone(), self.collect.hash());
        Ok(Deposit { version: V1, deposit, collect, id, envelope, ticket: None })
    }

    /// Which letter was delivered, if it is one of this mailbox's and as it was sent.
    pub(super) fn opened(&self, stored: &Stored) -> Option<u32> {
        let [n0, n1, n2, n3, rest @ ..] = *stored.id.as_bytes();
        let letter = u32::from_le_bytes([n0, n1, n2, n3]).wrapping_mul(inverse(SPREAD));
        let (nonce, sealed) = stored.sealed.as_bytes().split_at_checked(NONCE)?;
        let cipher = Aes256Gcm::new(&Key::<Aes256Gcm>::try_from(at_rest_key(&self.deposit).expose().as_slice()).ok()?);
        let aad = at_rest_aad(&self.id(), &stored.id);
        let opened = cipher.decrypt(&Nonce::try_from(nonce).ok()?, Payload { msg: sealed, aad: &aad }).ok()?;
        (rest == self.end_of_ids() && opened == self.envelope(&stored.id)).then_some(letter)
    }

    fn envelope(&self, id: &EnvelopeId) -> Vec<u8> {
        id.as_bytes().iter().chain(self.filling.iter().skip(id.as_bytes().len())).copied().collect()
    }

    fn envelope_id(&self, letter: u32) -> EnvelopeId {
        let mut id = [0; 16];
        let (number, end) = id.split_at_mut(4);
        number.copy_from_slice(&letter.wrapping_mul(SPREAD).to_le_bytes());
        end.copy_from_slice(&self.end_of_ids());
        EnvelopeId::from_bytes(id)
    }

    fn end_of_ids(&self) -> [u8; 12] {
        self.filling.first_chunk().copied().unwrap_or_default()
    }
}

/// The inverse of an odd number modulo 2^32, by Newton's method, which doubles the bits that are right.
fn inverse(odd: u32) -> u32 {
    (0..5).fold(1, |inverse: u32, _| inverse.wrapping_mul(2_u32.wrapping_sub(odd.wrapping_mul(inverse))))
}

#[cfg(test)]
mod tests {
    use sealpost_wire::AtRest;

    use super::*;

    fn stored(mailbox: &Mailbox, letter: u32) -> Stored {
        let deposit = mailbox.deposit(letter).unwrap();
        let cipher =
            Aes256Gcm::new(&Key::<Aes256Gcm>::try_from(at_rest_key(&mailbox.deposit).expose().as_slice()).unwrap());
        let aad = at_rest_aad(&mailbox.id(), &deposit.id);
        let payload = Payload { msg: deposit.envelope.as_bytes(), aad: &aad };
        let sealed = cipher.encrypt(&Nonce::try_from([7; NONCE].as_slice()).unwrap(), payload).unwrap();
        let sealed = AtRest::new([[7; NONCE].as_slice(), &sealed].concat().into()).unwrap();
        Stored { sequence: 1, id: deposit.id, sealed }
    }

    #[test]
    fn a_letter_is_known_by_its_mailbox_alone_and_only_as_it_was_sent() {
        let (one, other) = (Mailbox::random(1), Mailbox::random(2));
        for letter in [0, 1, 77, u32::MAX] {
            let stored = stored(&one, letter);
            assert_eq!(one.opened(&stored), Some(letter));
            assert_eq!(other.opened(&stored), None);
            let renamed = Stored { id: one.envelope_id(letter.wrapping_add(1)), ..stored };
            assert_eq!(one.opened(&renamed), None);
        }
    }
}
