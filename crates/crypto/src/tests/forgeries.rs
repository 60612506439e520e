//! What strangers, contacts and relays forge.

use libsignal_protocol::{
    CiphertextMessageType, DeviceId, PrivateKey, PublicKey, SenderCertificate, ServerCertificate, Timestamp,
};
use rand::SeedableRng;
use rand::rngs::StdRng;
use sealpost_identity::IdentityKeyPair;

use super::conversation::acquainted;
use super::craft::{first_around, front_door, peel, with_pq_ratchet};
use super::people::{Person, card, return_address};
use crate::content::{Parties, write};
use crate::{OpenError, Route, SealError, ratchet};

const EXPIRY: u64 = 253_402_300_799_999;

/// What a certificate says, so that one thing at a time can be changed.
struct Certificate {
    key: PublicKey,
    uuid: String,
    number: Option<String>,
    device: u8,
    expiry: u64,
    signer_id: u32,
    root: PrivateKey,
    signer: (PublicKey, PrivateKey),
}

impl Certificate {
    fn own(identity: &IdentityKeyPair) -> Self {
        let pair = identity.libsignal();
        Self {
            key: *pair.public_key(),
            uuid: identity.public().person().uuid_string(),
            number: None,
            device: 1,
            expiry: EXPIRY,
            signer_id: 1,
            root: *pair.private_key(),
            signer: (*pair.public_key(), *pair.private_key()),
        }
    }

    fn sign(self) -> SenderCertificate {
        let mut rng = StdRng::seed_from_u64(7);
        let server = ServerCertificate::new(self.signer_id, self.signer.0, &self.root, &mut rng).unwrap();
        SenderCertificate::new(
            self.uuid,
            self.number,
            self.key,
            DeviceId::new(self.device).unwrap(),
            Timestamp::from_epoch_millis(self.expiry),
            server,
            &self.signer.1,
            &mut rng,
        )
        .unwrap()
    }
}

/// Mallory seals a good first message to Bob with a certificate of her making.
fn open_with_certificate(change: impl FnOnce(&mut Certificate, &Person)) -> Option<OpenError> {
    let (alice, mut bob, mut mallory) = (Person::new(1), Person::new(2), Person::new(3));
    let item = bob.item();
    mallory.begin(&bob, &item);
    let envelope = mallory.write(&bob, "trust me");
    let mut certificate = Certificate::own(mallory.local.identity());
    change(&mut certificate, &alice);
    let forged = peel(&bob, &envelope).certified_by(certificate.sign()).seal(&mallory.local, &bob);
    bob.read(&forged).err()
}

#[test]
fn a_certificate_made_by_hand_as_the_rules_say_is_accepted() {
    assert_eq!(open_with_certificate(|_, _| {}), None);
}

#[test]
fn a_certificate_of_another_identity_is_refused() {
    let alices_key =
        |certificate: &mut Certificate, alice: &Person| certificate.key = *alice.key().libsignal().public_key();
    assert_eq!(open_with_certificate(alices_key), Some(OpenError::SenderSeal), "who seals must have the key");
    let alices_id = |certificate: &mut Certificate, alice: &Person| certificate.uuid = alice.id().uuid_string();
    assert_eq!(open_with_certificate(alices_id), Some(OpenError::Certificate));
}

#[test]
fn a_certificate_that_another_key_signed_is_refused() {
    let pair = |alice: &Person| alice.local.identity().libsignal();
    let refused = Some(OpenError::Certificate);
    assert_eq!(open_with_certificate(|c, alice| c.root = *pair(alice).private_key()), refused);
    assert_eq!(open_with_certificate(|c, alice| c.signer.1 = *pair(alice).private_key()), refused);
    let chained =
        |c: &mut Certificate, alice: &Person| c.signer = (*pair(alice).public_key(), *pair(alice).private_key());
    assert_eq!(
        open_with_certificate(chained),
        refused,
        "the signer must be the key itself, not one that it vouches for"
    );
}

#[test]
fn a_certificate_with_anything_of_its_own_choice_is_refused() {
    let refused = Some(OpenError::Certificate);
    assert_eq!(open_with_certificate(|c, _| c.number = Some("+15551234567".into())), refused);
    assert_eq!(open_with_certificate(|c, _| c.device = 2), refused);
    assert_eq!(open_with_certificate(|c, _| c.expiry -= 1), refused);
    assert_eq!(open_with_certificate(|c, _| c.signer_id = 2), refused);
}

#[test]
fn a_first_message_in_the_name_of_another_identity_is_refused() {
    let (alice, mut bob, mut mallory) = (Person::new(1), Person::new(2), Person::new(3));
    let item = bob.item();
    mallory.begin(&bob, &item);
    let peeled = peel(&bob, &mallory.write(&bob, "I am alice"));
    let first = peeled.first();
    let forged = first_around(&first, first.message().clone(), &alice.key(), *first.base_key());
    let forged = peeled.with(forged.serialized()).seal(&mallory.local, &bob);
    assert_eq!(bob.read(&forged).err(), Some(OpenError::Invalid));
    assert!(bob.sessions.is_empty() && bob.prekeys.len() == 1);
}

#[test]
fn a_forged_first_message_changes_nothing() {
    let (mut alice, mut bob) = (Person::new(1), Person::new(2));
    let item = bob.item();
    alice.begin(&bob, &item);
    let genuine = alice.write(&bob, "genuine");
    let peeled = peel(&bob, &genuine);
    let first = peeled.first();
    let field = first.message().pq_ratchet().clone();
    let message = with_pq_ratchet(first.message(), &field, &alice.key(), &bob.key());
    let forged = first_around(&first, message, &alice.key(), *first.base_key());
    let forged = peeled.with(forged.serialized()).seal(&alice.local, &bob);
    assert_eq!(bob.read(&forged).err(), Some(OpenError::Invalid), "its MAC is wrong");
    assert!(bob.sessions.is_empty() && bob.prekeys.len() == 1);
    assert!(bob.read(&genuine).is_ok());
}

#[test]
fn a_session_message_replayed_by_its_recipient_under_another_name_is_refused() {
    let (mut alice, mut bob, mut carol) = (Person::new(1), Person::new(2), Person::new(3));
    acquainted(&mut alice, &mut bob);
    acquainted(&mut carol, &mut bob);
    let envelope = alice.write(&bob, "from alice");
    let peeled = peel(&bob, &envelope);
    let theirs = peeled.certified_by(Certificate::own(carol.local.identity()).sign()).seal(&carol.local, &bob);
    assert_eq!(bob.read(&theirs).err(), Some(OpenError::Invalid));
    assert!(bob.read(&envelope).is_ok());
}

#[test]
fn a_pairwise_mailbox_is_for_its_peer_alone() {
    let (mut alice, mut bob, mut carol) = (Person::new(1), Person::new(2), Person::new(3));
    acquainted(&mut alice, &mut bob);
    acquainted(&mut carol, &mut bob);
    let mailbox = return_address(&mut bob.rng);
    let content = carol.content("let me in");
    let envelope = carol.seal(bob.id(), &content, Route::Pairwise(&mailbox)).unwrap();
    assert_eq!(bob.read_pairwise(&envelope, &mailbox, alice.key()).err(), Some(OpenError::WrongPeer));
    assert!(bob.read_pairwise(&envelope, &mailbox, carol.key()).is_ok());
}

/// An id is 122 bits of a hash. Should two keys have one, the one that was there first stays.
#[test]
fn a_person_is_their_whole_key() {
    let (mut alice, mut bob, carol) = (Person::new(1), Person::new(2), Person::new(3));
    let item = bob.item();
    alice.begin(&bob, &item);
    let envelope = alice.write(&bob, "the same id, another key");
    bob.pinned.insert(alice.id(), carol.key());
    assert_eq!(bob.read(&envelope).err(), Some(OpenError::OtherKey));
    bob.pinned.clear();
    let mut other = Person::new(2);
    acquainted(&mut Person::new(3), &mut other);
    let carols = other.sessions.remove(&carol.id()).unwrap();
    bob.sessions.insert(alice.id(), carols);
    assert_eq!(bob.read(&envelope).err(), Some(OpenError::OtherKey), "a session with another key under that id");
}

#[test]
fn nobody_writes_to_themselves() {
    let (mut bob, mut mallory) = (Person::new(2), Person::new(3));
    let item = bob.item();
    mallory.begin(&bob, &item);
    let peeled = peel(&bob, &mallory.write(&bob, "note to self"));
    let first = peeled.first();
    let own = first_around(&first, first.message().clone(), &bob.key(), *first.base_key());
    let own = peeled.with(own.serialized()).certified_by(Certificate::own(bob.local.identity()).sign());
    let own = own.seal(&bob.local, &bob);
    assert_eq!(bob.read(&own).err(), Some(OpenError::FromOneself));
    let (again, item) = (Person::new(2), crate::open_item(&bob.card, &item, super::people::TODAY).unwrap());
    let begun = crate::begin(&again.local, &item, None, super::people::now(), &mut bob.rng);
    assert_eq!(begun.err(), Some(crate::session::BeginError::Own));
}

#[test]
fn only_session_messages_are_read() {
    let (mut bob, mut mallory) = (Person::new(2), Person::new(3));
    let item = bob.item();
    mallory.begin(&bob, &item);
    let mut peeled = peel(&bob, &mallory.write(&bob, "hello"));
    for kind in [CiphertextMessageType::SenderKey, CiphertextMessageType::Plaintext, CiphertextMessageType::Whisper] {
        peeled.kind = kind;
        assert_eq!(bob.read(&peeled.seal(&mallory.local, &bob)).err(), Some(OpenError::Invalid));
    }
}

#[test]
fn what_is_no_letter_is_refused() {
    let mut bob = Person::new(2);
    for bytes in [&[][..], &[0], &[0x11], &[0x11, 0x0A, 33], &[0x23; 200], &[0x11; 4_000]] {
        let envelope = front_door(bytes, &bob.front_door);
        assert_eq!(bob.read(&envelope).err(), Some(OpenError::SenderSeal));
    }
}

/// Guard 5: whatever the layers below let pass, the plaintext says who wrote to whom.
#[test]
fn a_plaintext_bound_to_others_is_refused() {
    let (mut alice, mut bob, carol) = (Person::new(1), Person::new(2), Person::new(3));
    acquainted(&mut alice, &mut bob);
    let good = Parties::new(alice.id(), bob.id());
    let cases = [
        (good, None),
        (Parties { sender: carol.id(), ..good }, Some(OpenError::Binding)),
        (Parties { recipient: carol.id(), ..good }, Some(OpenError::Binding)),
        (Parties { devices: (2, 1), ..good }, Some(OpenError::Binding)),
        (Parties { devices: (1, 2), ..good }, Some(OpenError::Binding)),
    ];
    for (parties, expected) in cases {
        let plaintext = write(&alice.content("for whom?"), &parties);
        let session = &alice.sessions[&bob.id()];
        let (letter, session) =
            ratchet::seal(&alice.local, session, &plaintext, super::people::now(), &mut alice.rng).unwrap();
        alice.sessions.insert(bob.id(), session);
        let envelope = front_door(&letter, &bob.front_door);
        assert_eq!(bob.read(&envelope).err(), expected);
    }
}

#[test]
fn a_card_is_its_senders_own() {
    let (mut alice, mut bob) = (Person::new(1), Person::new(2));
    acquainted(&mut alice, &mut bob);
    let mut content = alice.content("take this card");
    let theirs = card(&Person::new(3).local, &mut alice.rng);
    content.card = Some(theirs);
    let door = bob.front_door.clone();
    assert_eq!(alice.seal(bob.id(), &content, Route::FrontDoor(&door)).err(), Some(SealError::ForeignCard));

    let plaintext = write(&content, &Parties::new(alice.id(), bob.id()));
    let session = &alice.sessions[&bob.id()];
    let sealed = ratchet::seal(&alice.local, session, &plaintext, super::people::now(), &mut alice.rng).unwrap();
    let envelope = front_door(&sealed.0, &door);
    assert_eq!(bob.read(&envelope).err(), Some(OpenError::Binding));
}
