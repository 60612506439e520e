//! What an envelope looks like when it comes out.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use sealpost_wire::at_rest::{at_rest_aad, at_rest_key};
use sealpost_wire::envelope::AT_REST_OVERHEAD;

use crate::load::frames::Delivered;
use crate::load::mailboxes::Mailbox;
use crate::load::mark::Mark;

/// How what is delivered is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// As a relay seals it.
    AtRest,
    /// As the floor leaves it: as it was, with the bytes behind it that a seal would take.
    Bare,
}

impl Opening {
    /// Whether what was delivered is the envelope of that mailbox.
    #[must_use]
    pub fn is_of(self, mailbox: &Mailbox, delivered: &Delivered<'_>) -> bool {
        let number = Mark::of(&delivered.id).number;
        match self {
            Self::AtRest => opened(mailbox, delivered).is_some_and(|envelope| mailbox.is_from_here(number, &envelope)),
            Self::Bare => {
                let bare = delivered.sealed.len().checked_sub(AT_REST_OVERHEAD);
                let bare = bare.and_then(|length| delivered.sealed.get(..length));
                bare.is_some_and(|envelope| mailbox.is_from_here(number, envelope))
            }
        }
    }
}

fn opened(mailbox: &Mailbox, delivered: &Delivered<'_>) -> Option<Vec<u8>> {
    let (nonce, sealed) = delivered.sealed.split_at_checked(NONCE_LEN)?;
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, at_rest_key(&mailbox.deposit).expose()).ok()?);
    let aad = Aad::from(at_rest_aad(&mailbox.id(), &delivered.id));
    let mut bytes = sealed.to_vec();
    let plain = key.open_in_place(Nonce::try_assume_unique_for_key(nonce).ok()?, aad, &mut bytes).ok()?;
    Some(plain.to_vec())
}

#[cfg(test)]
mod tests {
    use sealpost_relay::at_rest;
    use sealpost_wire::{Envelope, EnvelopeId, SizeClass};

    use super::*;

    #[test]
    fn what_a_relay_sealed_is_told_from_what_it_did_not() {
        let (mailbox, other) = (Mailbox::random(SizeClass::Small), Mailbox::random(SizeClass::Small));
        let id = EnvelopeId::from_bytes([1; 16]);
        let envelope = Envelope::new(mailbox.envelope(0).into()).unwrap();
        let sealed = at_rest::seal(&mailbox.deposit, &mailbox.id(), &id, envelope).unwrap();
        let delivered = Delivered { channel: 0, sequence: 1, id, sealed: sealed.as_bytes() };
        assert!(Opening::AtRest.is_of(&mailbox, &delivered));
        assert!(!Opening::AtRest.is_of(&other, &delivered));
        let mut altered = sealed.as_bytes().to_vec();
        altered[100] ^= 1;
        assert!(!Opening::AtRest.is_of(&mailbox, &Delivered { sealed: &altered, ..delivered }));
    }

    #[test]
    fn what_the_floor_passed_on_is_told_from_what_it_did_not() {
        let mailbox = Mailbox::random(SizeClass::Small);
        let mut bytes = mailbox.envelope(0).to_vec();
        bytes.extend_from_slice(&[0; AT_REST_OVERHEAD]);
        let delivered = |sealed| Delivered { channel: 0, sequence: 1, id: EnvelopeId::from_bytes([1; 16]), sealed };
        assert!(Opening::Bare.is_of(&mailbox, &delivered(&bytes)));
        assert!(!Opening::Bare.is_of(&mailbox, &delivered(&bytes[1..])));
        assert!(!Opening::Bare.is_of(&mailbox, &delivered(&[])));
    }
}
