//! What strangers, contacts and relays forge.

use libsignal_protocol::{CiphertextMessageType, KyberPayload, PreKeySignalMessage};

use super::certificates::own_certificate;
use super::conversation::acquainted;
use super::craft::{first_around, front_door, peel, with_pq_ratchet};
use super::people::{Person, card, return_address};
use crate::content::{Parties, write};
use crate::{OpenError, Route, SealError, ratchet};

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

/// One item is one set of prekeys: a message that takes from two, or leaves one out, was not made from an item.
#[test]
fn a_first_message_that_is_not_made_from_one_item_is_refused() {
    let (mut alice, mut bob) = (Person::new(1), Person::new(2));
    let items = [bob.item(), bob.item()];
    alice.begin(&bob, &items[0]);
    let genuine = alice.write(&bob, "hello");
    let (peeled, own) = (peel(&bob, &genuine), peel(&bob, &genuine).first().signed_pre_key_id().into());
    let other = bob.prekeys.keys().map(|id| id.as_u32()).find(|id| *id != own).unwrap();
    let cases = [
        (Some(own), own, Some(own), None),
        (None, own, Some(own), Some(OpenError::Invalid)),
        (Some(other), own, Some(own), Some(OpenError::Invalid)),
        (Some(own), other, Some(own), Some(OpenError::Invalid)),
        (Some(own), own, Some(other), Some(OpenError::Invalid)),
        (Some(own), own, None, Some(OpenError::Invalid)),
        (Some(other), other, Some(other), Some(OpenError::Invalid)),
        (Some(!own), !own, Some(!own), Some(OpenError::NoPrekey)),
    ];
    for (one_time, signed, kyber, expected) in cases.into_iter().rev() {
        let forged = with_prekeys(&peeled.first(), one_time, signed, kyber);
        let forged = peeled.with(forged.serialized()).seal(&alice.local, &bob);
        assert_eq!(bob.read(&forged).err(), expected);
    }
}

fn with_prekeys(
    first: &PreKeySignalMessage,
    one_time: Option<u32>,
    signed: u32,
    kyber: Option<u32>,
) -> PreKeySignalMessage {
    let payload = kyber.map(|id| KyberPayload::new(id.into(), first.kyber_ciphertext().unwrap().clone()));
    PreKeySignalMessage::new(
        first.message_version(),
        first.registration_id(),
        one_time.map(Into::into),
        signed.into(),
        payload,
        *first.base_key(),
        *first.identity_key(),
        first.message().clone(),
    )
    .unwrap()
}

#[test]
fn a_session_message_replayed_by_its_recipient_under_another_name_is_refused() {
    let (mut alice, mut bob, mut carol) = (Person::new(1), Person::new(2), Person::new(3));
    acquainted(&mut alice, &mut bob);
    acquainted(&mut carol, &mut bob);
    let envelope = alice.write(&bob, "from alice");
    let peeled = peel(&bob, &envelope);
    let theirs = peeled.certified_by(own_certificate(carol.local.identity())).seal(&carol.local, &bob);
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
    let own = peeled.with(own.serialized()).certified_by(own_certificate(bob.local.identity()));
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
