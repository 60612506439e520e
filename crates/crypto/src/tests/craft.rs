//! What an attacker makes with libsignal itself: letters that [`crate::seal()`] never would.

use futures_util::FutureExt;
use libsignal_protocol::{
    CiphertextMessageType, ContentHint, IdentityKeyPair, IdentityKeyStore, InMemIdentityKeyStore, PreKeySignalMessage,
    SenderCertificate, SignalMessage, UnidentifiedSenderMessageContent, sealed_sender_decrypt_to_usmc,
    sealed_sender_encrypt_from_usmc,
};
use rand::SeedableRng;
use rand::rngs::StdRng;
use sealpost_identity::IdentityKey;
use sealpost_wire::{Envelope, SizeClass};

use super::people::Person;
use crate::{Door, FrontDoor, Local, Route, outer, ratchet};

/// A session message as it lies inside the sender's seal.
#[derive(Clone)]
pub(super) struct Peeled {
    pub(super) kind: CiphertextMessageType,
    pub(super) contents: Vec<u8>,
    pub(super) certificate: SenderCertificate,
}

/// Opens outer and sender's seal with libsignal itself.
pub(super) fn peel(recipient: &Person, envelope: &Envelope) -> Peeled {
    let mailbox = recipient.front_door.address.mailbox();
    let keys = [recipient.door.clone()];
    let sealed = outer::open(envelope, &Door::FrontDoor { mailbox: &mailbox, keys: &keys }).unwrap();
    let store = InMemIdentityKeyStore::new(recipient.local.identity().libsignal(), 1);
    let letter = sealed_sender_decrypt_to_usmc(&sealed, &store).now_or_never().unwrap().unwrap();
    Peeled {
        kind: letter.msg_type().unwrap(),
        contents: letter.contents().unwrap().to_vec(),
        certificate: letter.sender().unwrap().clone(),
    }
}

impl Peeled {
    pub(super) fn first(&self) -> PreKeySignalMessage {
        assert_eq!(self.kind, CiphertextMessageType::PreKey);
        self.contents.as_slice().try_into().unwrap()
    }

    pub(super) fn later(&self) -> SignalMessage {
        assert_eq!(self.kind, CiphertextMessageType::Whisper);
        self.contents.as_slice().try_into().unwrap()
    }

    pub(super) fn with(&self, contents: &[u8]) -> Self {
        Self { contents: contents.to_vec(), ..self.clone() }
    }

    pub(super) fn certified_by(&self, certificate: SenderCertificate) -> Self {
        Self { certificate, ..self.clone() }
    }

    /// Puts both seals around it again.
    pub(super) fn seal(&self, sender: &Local, recipient: &Person) -> Envelope {
        front_door(&self.letter(sender, &recipient.key()), &recipient.front_door)
    }

    /// Puts the sender's seal around it again.
    pub(super) fn letter(&self, sender: &Local, recipient: &IdentityKey) -> Vec<u8> {
        let letter = UnidentifiedSenderMessageContent::new(
            self.kind,
            self.certificate.clone(),
            self.contents.clone(),
            ContentHint::Default,
            None,
        );
        sender_seal(&letter.unwrap(), sender.identity().libsignal(), recipient)
    }
}

/// libsignal's sealed sender, version 1.
pub(super) fn sender_seal(
    letter: &UnidentifiedSenderMessageContent,
    sender: IdentityKeyPair,
    recipient: &IdentityKey,
) -> Vec<u8> {
    let mut store = InMemIdentityKeyStore::new(sender, 1);
    let address = ratchet::address(recipient);
    store.save_identity(&address, recipient.libsignal()).now_or_never().unwrap().unwrap();
    let mut rng = StdRng::seed_from_u64(99);
    sealed_sender_encrypt_from_usmc(&address, letter, &store, &mut rng).now_or_never().unwrap().unwrap()
}

/// The outer seal to a front door around any bytes.
pub(super) fn front_door(bytes: &[u8], door: &FrontDoor) -> Envelope {
    let class = SizeClass::ALL.into_iter().find(|class| bytes.len() <= outer::room(*class, &Route::FrontDoor(door)));
    outer::seal(bytes, class.unwrap(), &Route::FrontDoor(door), &mut StdRng::seed_from_u64(98)).unwrap()
}

/// The same message with another field of the post-quantum ratchet. Its MAC is wrong; who forges has no key for it.
pub(super) fn with_pq_ratchet(
    message: &SignalMessage,
    field: &[u8],
    from: &IdentityKey,
    to: &IdentityKey,
) -> SignalMessage {
    remade(message, *message.sender_ratchet_key(), field, from, to)
}

/// The same message with another ratchet key.
pub(super) fn remade(
    message: &SignalMessage,
    ratchet_key: libsignal_protocol::PublicKey,
    pq_ratchet: &[u8],
    from: &IdentityKey,
    to: &IdentityKey,
) -> SignalMessage {
    SignalMessage::new(
        message.message_version(),
        &[0; 32],
        ratchet_key,
        message.counter(),
        0,
        message.body(),
        from.libsignal(),
        to.libsignal(),
        pq_ratchet,
    )
    .unwrap()
}

/// The same first message around another session message, of another identity, with another base key.
pub(super) fn first_around(
    first: &PreKeySignalMessage,
    message: SignalMessage,
    identity: &IdentityKey,
    base_key: libsignal_protocol::PublicKey,
) -> PreKeySignalMessage {
    let payload = libsignal_protocol::KyberPayload::new(
        first.kyber_pre_key_id().unwrap(),
        first.kyber_ciphertext().unwrap().clone(),
    );
    PreKeySignalMessage::new(
        first.message_version(),
        first.registration_id(),
        first.pre_key_id(),
        first.signed_pre_key_id(),
        Some(payload),
        base_key,
        *identity.libsignal(),
        message,
    )
    .unwrap()
}
