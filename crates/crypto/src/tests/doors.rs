//! The outer seals and the seal at rest.

use rand::SeedableRng;
use rand::rngs::StdRng;
use sealpost_wire::at_rest::{at_rest_aad, at_rest_key};
use sealpost_wire::{AtRest, Envelope, EnvelopeId, SizeClass};

use super::people::{Person, address, return_address};
use crate::outer::{open, room, seal};
use crate::{Door, DoorSecret, FrontDoor, OuterKey, Route, aead, open_at_rest};

fn front_door(rng: &mut StdRng) -> (DoorSecret, FrontDoor) {
    let secret = DoorSecret::generate(rng);
    let door = FrontDoor { address: address(rng), key: secret.public() };
    (secret, door)
}

#[test]
fn a_front_door_opens_with_any_of_its_weekly_keys() {
    let mut rng = StdRng::seed_from_u64(1);
    let (oldest, door) = front_door(&mut rng);
    let mailbox = door.address.mailbox();
    let envelope = seal(b"letter", SizeClass::Small, &Route::FrontDoor(&door), &mut rng).unwrap();
    let mut keys: Vec<_> = (0..7).map(|_| DoorSecret::generate(&mut rng)).collect();
    assert!(open(&envelope, &Door::FrontDoor { mailbox: &mailbox, keys: &keys }).is_err());
    keys.push(DoorSecret::new(*oldest.expose()));
    assert_eq!(open(&envelope, &Door::FrontDoor { mailbox: &mailbox, keys: &keys }).unwrap().as_slice(), b"letter");
}

#[test]
fn an_envelope_opens_in_its_own_mailbox_only() {
    let mut rng = StdRng::seed_from_u64(1);
    let (secret, door) = front_door(&mut rng);
    let other = address(&mut rng).mailbox();
    let at_door = seal(b"letter", SizeClass::Small, &Route::FrontDoor(&door), &mut rng).unwrap();
    assert!(open(&at_door, &Door::FrontDoor { mailbox: &other, keys: &[secret] }).is_err());

    let (pairwise, peer) = (return_address(&mut rng), Person::new(1).key());
    let envelope = seal(b"letter", SizeClass::Small, &Route::Pairwise(&pairwise), &mut rng).unwrap();
    let opened = |mailbox, outer| open(&envelope, &Door::Pairwise { mailbox, outer, peer: &peer }).is_ok();
    let mailbox = pairwise.address.mailbox();
    assert!(opened(&mailbox, &pairwise.outer));
    assert!(!opened(&other, &pairwise.outer));
    assert!(!opened(&mailbox, &OuterKey::random(&mut rng)));
}

#[test]
fn every_class_holds_its_room_and_not_a_byte_more() {
    let mut rng = StdRng::seed_from_u64(1);
    let (secret, door) = front_door(&mut rng);
    let (route, mailbox) = (Route::FrontDoor(&door), door.address.mailbox());
    for class in SizeClass::ALL {
        let bytes = vec![0; room(class, &route)];
        let envelope = seal(&bytes, class, &route, &mut rng).unwrap();
        assert_eq!(envelope.class(), class);
        let keys = [secret.clone()];
        assert_eq!(*open(&envelope, &Door::FrontDoor { mailbox: &mailbox, keys: &keys }).unwrap(), bytes);
        assert!(seal(&[bytes, vec![0]].concat(), class, &route, &mut rng).is_none());
    }
}

#[test]
fn what_a_key_sealed_without_padding_is_refused() {
    let mut rng = StdRng::seed_from_u64(1);
    let (pairwise, peer) = (return_address(&mut rng), Person::new(1).key());
    let mailbox = pairwise.address.mailbox();
    let aad = [b"sealpost v1 pairwise".as_slice(), mailbox.as_bytes()].concat();
    for padded in [vec![0; 4_024], vec![1; 4_024]] {
        let key = sealpost_wire::Secret::new(*pairwise.outer.expose());
        let envelope = Envelope::new(aead::seal(&key, &aad, &padded, &mut rng).into()).unwrap();
        assert!(open(&envelope, &Door::Pairwise { mailbox: &mailbox, outer: &pairwise.outer, peer: &peer }).is_err());
    }
}

#[test]
fn no_two_seals_of_the_same_bytes_are_alike() {
    let mut rng = StdRng::seed_from_u64(1);
    let (_, door) = front_door(&mut rng);
    let mut sealed = || seal(b"letter", SizeClass::Small, &Route::FrontDoor(&door), &mut rng).unwrap().into_bytes();
    let (one, two) = (sealed(), sealed());
    let equal = one.iter().zip(&two).filter(|(one, two)| one == two).count();
    assert!(equal < 80, "{equal} of 4,052 bytes are equal; 16 are by chance");
}

#[test]
fn the_seal_at_rest_opens_for_its_mailbox_and_envelope_only() {
    let mut rng = StdRng::seed_from_u64(1);
    let (address, id) = (address(&mut rng), EnvelopeId::random(&mut rng));
    let mailbox = address.mailbox();
    let plain = vec![7; SizeClass::Small.envelope_length()];
    let sealed = aead::seal(&at_rest_key(&address.deposit), &at_rest_aad(&mailbox, &id), &plain, &mut rng);
    let stored = AtRest::new(sealed.into()).unwrap();
    let opened = open_at_rest(&address.deposit, &mailbox, &id, &stored).unwrap();
    assert_eq!(opened.as_bytes(), plain);
    let other = EnvelopeId::random(&mut rng);
    assert!(open_at_rest(&address.deposit, &mailbox, &other, &stored).is_err());
    let elsewhere = super::people::address(&mut rng);
    assert!(open_at_rest(&elsewhere.deposit, &mailbox, &id, &stored).is_err());
    assert!(open_at_rest(&address.deposit, &elsewhere.mailbox(), &id, &stored).is_err());
}
