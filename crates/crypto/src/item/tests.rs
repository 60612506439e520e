//! What another holder of the card could put on the shelf, if the relay helped.

use rand::SeedableRng;
use rand::rngs::StdRng;
use sealpost_identity::IdentityKeyPair;
use sealpost_wire::codec::{DecodeError, from_bytes};
use sealpost_wire::time::Day;
use sealpost_wire::{SealedItem, StockKey, to_bytes};

use super::form::{Bundle, PADDED, associated, signed_bytes};
use super::{ITEM_DAYS, ItemError, open_item};
use crate::tests::people::{Person, TODAY};
use crate::{aead, padding};

/// Bob's own item, changed, signed and sealed again.
fn open_changed(change: impl FnOnce(&mut Bundle), signer: Option<&IdentityKeyPair>) -> Option<ItemError> {
    let mut bob = Person::new(2);
    let item = bob.item();
    let (key, shelf) = (bob.card.seed.item_key(), associated(&bob.card.shelf()));
    let padded = aead::open(&key, &shelf, item.as_bytes()).ok().unwrap();
    let mut bundle: Bundle = from_bytes(&padding::unpad(&padded).unwrap()[64..]).unwrap();
    change(&mut bundle);
    let bytes = to_bytes(&bundle);
    let signer = signer.unwrap_or(bob.local.identity());
    let signature = signer.sign(&signed_bytes(&bytes), &mut bob.rng);
    open_sealed(&bob, &[signature.as_slice(), &bytes].concat())
}

fn open_sealed(bob: &Person, signed: &[u8]) -> Option<ItemError> {
    let padded = padding::pad(signed, PADDED).unwrap();
    open_padded(bob, &padded)
}

fn open_padded(bob: &Person, padded: &[u8]) -> Option<ItemError> {
    let mut rng = StdRng::seed_from_u64(5);
    let sealed = aead::seal(&bob.card.seed.item_key(), &associated(&bob.card.shelf()), padded, &mut rng);
    open_item(&bob.card, &SealedItem::new(sealed.into()).unwrap(), TODAY).err()
}

#[test]
fn an_item_that_is_signed_again_unchanged_opens() {
    assert_eq!(open_changed(|_| {}, None), None);
}

#[test]
fn an_item_that_another_holder_of_the_card_signed_is_refused() {
    let mallory = Person::new(3);
    assert_eq!(open_changed(|_| {}, Some(mallory.local.identity())), Some(ItemError::Signature));
    let hers = |bundle: &mut Bundle| bundle.identity = mallory.key();
    assert_eq!(open_changed(hers, Some(mallory.local.identity())), Some(ItemError::Identity));
}

#[test]
fn an_item_made_for_another_shelf_or_relay_is_refused() {
    let other_shelf = |bundle: &mut Bundle| {
        let mut card = Person::new(2).card;
        card.stock = StockKey::new([1; 32]).hash();
        bundle.shelf = card.shelf();
    };
    assert_eq!(open_changed(other_shelf, None), Some(ItemError::ForeignShelf));
    let other_relay = |bundle: &mut Bundle| bundle.relay.host = "other.example.org:443".parse().unwrap();
    assert_eq!(open_changed(other_relay, None), Some(ItemError::ForeignShelf));
}

#[test]
fn an_item_lives_for_30_days_whoever_wants_more() {
    assert_eq!(open_changed(|bundle| bundle.expires = Day(TODAY.0 + 300), None), Some(ItemError::Validity));
    let old = |bundle: &mut Bundle| {
        bundle.issued = Day(TODAY.0 - ITEM_DAYS - 1);
        bundle.expires = Day(TODAY.0 - 1);
    };
    assert_eq!(open_changed(old, None), Some(ItemError::Expired));
}

/// Guards 4 and 7, where keys come from a shelf.
#[test]
fn an_item_with_a_bad_key_is_refused() {
    let low_order = || [&[5], [0; 32].as_slice()].concat();
    let not_canonical = || [&[5, 0xED], [0xFF; 30].as_slice(), &[0x7F]].concat();
    for key in [low_order(), not_canonical(), vec![5; 32], vec![5; 34], Vec::new()] {
        assert_eq!(open_changed(|bundle| bundle.signed.key = key.clone(), None), Some(ItemError::Key));
        assert_eq!(open_changed(|bundle| bundle.one_time = Some(key.clone()), None), Some(ItemError::Key));
    }
    let kyber =
        |kind: u8, length: usize| move |bundle: &mut Bundle| bundle.kyber.key = [vec![kind], vec![0; length]].concat();
    assert_eq!(open_changed(kyber(0x07, 1_184), None), Some(ItemError::Key));
    assert_eq!(open_changed(kyber(0x0A, 1_568), None), Some(ItemError::Key));
    assert_eq!(open_changed(kyber(0x08, 1_567), None), Some(ItemError::Key));
}

#[test]
fn what_is_no_bundle_is_refused() {
    let bob = Person::new(2);
    assert_eq!(open_sealed(&bob, &[0; 64]), Some(ItemError::Malformed(DecodeError::Truncated)));
    assert_eq!(open_sealed(&bob, &[1; 63]), Some(ItemError::Malformed(DecodeError::Truncated)));
    assert_eq!(open_sealed(&bob, &[0xFF; 200]), Some(ItemError::Malformed(DecodeError::Malformed)));
    assert_eq!(open_padded(&bob, &vec![0; PADDED]), Some(ItemError::Padding));
}
