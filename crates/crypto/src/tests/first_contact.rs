//! Shelf items, from the owner's to the taker's hands.

use std::collections::HashSet;

use rand::SeedableRng;
use rand::rngs::StdRng;
use sealpost_wire::Ticket;
use sealpost_wire::time::Day;
use sealpost_wire::{SealedItem, StockKey};

use super::people::{Person, TODAY, address, card};
use crate::item::{ITEM_DAYS, ItemError, MAX_TICKETS, NotOwnCard, TicketsTooLong};
use crate::{FrontDoor, PrekeyId, PrivatePrekey, Stocker, open_item};

#[test]
fn an_item_brings_what_a_first_message_needs() {
    let mut bob = Person::new(2);
    let sealed = bob.item();
    let item = open_item(&bob.card, &sealed, TODAY).unwrap();
    assert!(*item.contact.identity() == bob.key());
    assert!(item.front_door == bob.front_door);
    assert_eq!(item.expires, Day(TODAY.0 + ITEM_DAYS));
    assert!(!item.last);
}

#[test]
fn an_item_is_refused_from_the_day_after_its_last() {
    let mut bob = Person::new(2);
    let item = bob.item();
    assert!(open_item(&bob.card, &item, Day(TODAY.0 + ITEM_DAYS)).is_ok());
    assert_eq!(open_item(&bob.card, &item, Day(TODAY.0 + ITEM_DAYS + 1)).err(), Some(ItemError::Expired));
}

#[test]
fn an_item_of_another_shelf_does_not_open() {
    let mut bob = Person::new(2);
    let item = bob.item();
    let other_seed = card(&bob.local, &mut bob.rng);
    assert_eq!(open_item(&other_seed, &item, TODAY).err(), Some(ItemError::Seal));
    let mut other_stock = bob.card.clone();
    other_stock.stock = StockKey::random(&mut bob.rng).hash();
    assert_eq!(open_item(&other_stock, &item, TODAY).err(), Some(ItemError::Seal));
}

#[test]
fn an_item_of_another_identity_is_refused() {
    let (mut bob, mallory) = (Person::new(2), Person::new(3));
    let mut hers = bob.card.clone();
    hers.identity = mallory.key().hash();
    let stocker = Stocker::new(&mallory.local, &hers, &bob.front_door, TODAY).unwrap();
    let (item, _) = stocker.last(PrekeyId::from_u32(1), &mut bob.rng);
    assert_eq!(open_item(&bob.card, &item, TODAY).err(), Some(ItemError::Identity));
    assert_eq!(Stocker::new(&mallory.local, &bob.card, &bob.front_door, TODAY).err(), Some(NotOwnCard));
}

#[test]
fn a_changed_item_does_not_open() {
    let mut bob = Person::new(2);
    let bytes = *bob.item().as_bytes();
    for at in [0, 11, 12, 2_000, SealedItem::LENGTH - 1] {
        let mut changed = bytes;
        changed[at] ^= 1;
        let item = SealedItem::new(changed.into()).unwrap();
        assert_eq!(open_item(&bob.card, &item, TODAY).err(), Some(ItemError::Seal), "byte {at}");
    }
}

#[test]
fn an_item_carries_up_to_four_tickets() {
    let mut bob = Person::new(2);
    let stocker = Stocker::new(&bob.local, &bob.card, &bob.front_door, TODAY).unwrap();
    let ticket = Ticket::from_bytes(&[5; Ticket::LENGTH]).unwrap();
    let mut made = |tickets: &[Ticket]| stocker.one_time(PrekeyId::from_u32(1), tickets.to_vec(), &mut bob.rng);
    let most = vec![ticket.clone(); MAX_TICKETS];
    let item = made(&most).unwrap().0;
    assert_eq!(open_item(&bob.card, &item, TODAY).unwrap().tickets, most);
    assert_eq!(made(&vec![ticket; MAX_TICKETS + 1]).err(), Some(TicketsTooLong));
}

/// The longest relay name is the worst case for an item's length, and the last one's maker relies on its fitting.
#[test]
fn every_item_without_tickets_fits() {
    let mut bob = Person::new(2);
    assert_eq!(bob.card.relay.host.as_str().len(), sealpost_wire::RelayHost::MAX);
    let door = FrontDoor { address: address(&mut bob.rng), key: bob.door.public() };
    let stocker = Stocker::new(&bob.local, &bob.card, &door, Day(u32::MAX - ITEM_DAYS)).unwrap();
    let (item, _) = stocker.last(PrekeyId::from_u32(u32::MAX), &mut bob.rng);
    assert!(open_item(&bob.card, &item, TODAY).unwrap().last);
    assert!(stocker.one_time(PrekeyId::from_u32(u32::MAX), Vec::new(), &mut bob.rng).is_ok());
}

#[test]
fn private_halves_survive_their_store() {
    let mut bob = Person::new(2);
    bob.item();
    bob.last_item();
    for row in bob.prekeys.values() {
        let again = PrivatePrekey::from_bytes(&row.to_bytes()).unwrap();
        assert_eq!((again.id(), again.is_last(), again.expires()), (row.id(), row.is_last(), row.expires()));
        assert_eq!(again.to_bytes(), row.to_bytes());
        assert!(PrivatePrekey::from_bytes(&row.to_bytes()[1..]).is_err());
    }
}

#[test]
fn a_fresh_id_is_none_of_those_in_use() {
    let mut repeating = StdRng::seed_from_u64(5);
    let first = PrekeyId::fresh(&HashSet::new(), &mut repeating);
    let second = PrekeyId::fresh(&HashSet::from([first]), &mut StdRng::seed_from_u64(5));
    assert_ne!(first, second, "the generator repeats itself, the id does not");
}
