//! Making what lies on a shelf.

use std::time::{Duration, SystemTime};

use rusqlite::Transaction;
use sealpost_crypto::item::ITEM_DAYS;
use sealpost_crypto::stocking::{RENEWAL_DAYS, Restock, door_kept_until};
use sealpost_crypto::{DoorSecret, FrontDoor, Local, PrekeyId, PrivatePrekey, Stocker};
use sealpost_wire::request::MAX_ITEMS;
use sealpost_wire::time::Day;
use sealpost_wire::{SealedItem, Ticket};

use crate::store::shelves::OwnCard;
use crate::store::{Store, StoreError, mailboxes, shelves, tickets};

/// Fresh items whose private halves are in the store already.
pub(super) struct Load {
    pub(super) items: Vec<SealedItem>,
    pub(super) last: Option<SealedItem>,
}

/// Who stocks, when, and for how long a relay keeps what is sealed for the items.
pub(super) struct Maker<'a> {
    pub(super) local: &'a Local,
    pub(super) now: SystemTime,
    pub(super) time_to_live: Duration,
}

impl Maker<'_> {
    /// Makes what a shelf needs. Private halves are durable when this returns: items are put on the shelf after that.
    pub(super) fn make(&self, store: &Store, card: &OwnCard, need: Restock) -> Result<Load, StoreError> {
        let (count, renew) = match need {
            Restock::Nothing => return Ok(Load { items: Vec::new(), last: None }),
            Restock::TopUp(count) => (count, false),
            Restock::Renew(count) => (count, true),
        };
        let (key, door) = store.read(|tx| self.front_door(tx, card, renew))?;
        let mut in_use = store.read(shelves::prekey_ids)?;
        let reference = card.card(self.local.key().hash());
        let stocker = Stocker::new(self.local, &reference, &door, self.today()).map_err(|_| StoreError::Row)?;
        let mut rng = rand::rng();
        let mut load = Load { items: Vec::new(), last: None };
        let mut tickets = store.write(|tx| self.tickets(tx, card, count))?;
        let mut rows = Vec::new();
        for _ in 0..usize::from(count).min(MAX_ITEMS) {
            let (item, row) = stocker
                .one_time(fresh(&mut in_use), tickets.pop().into_iter().collect(), &mut rng)
                .map_err(|_| StoreError::Row)?;
            load.items.push(item);
            rows.push(row);
        }
        if renew {
            let (item, row) = stocker.last(fresh(&mut in_use), &mut rng);
            load.last = Some(item);
            rows.push(row);
        }
        store.write(|tx| self.keep(tx, card, renew.then_some(&key), &rows))?;
        Ok(load)
    }

    /// Tickets for the front door, as far as the stock goes: one for each item, so that what a voucher is good for is enough
    /// for both shelves of a person ([`FULL`](sealpost_crypto::stocking::FULL)).
    fn tickets(&self, tx: &Transaction<'_>, card: &OwnCard, items: u16) -> Result<Vec<Ticket>, StoreError> {
        tickets::take_for_items(tx, &card.relay.operator, self.today().plus(ITEM_DAYS), items)
    }

    /// The door that items name, with its newest key, or one that is made now.
    fn front_door(
        &self,
        tx: &Transaction<'_>,
        card: &OwnCard,
        renew: bool,
    ) -> Result<(DoorSecret, FrontDoor), StoreError> {
        let mailbox = mailboxes::front_door_of(tx, card.row)?.ok_or(StoreError::NoRow)?;
        let key = if renew {
            DoorSecret::generate(&mut rand::rng())
        } else {
            shelves::door_keys(tx, card.row)?.into_iter().next().map(|(key, _)| key).ok_or(StoreError::Row)?
        };
        let door = FrontDoor { address: mailbox.address(), key: key.public() };
        Ok((key, door))
    }

    fn keep(
        &self,
        tx: &Transaction<'_>,
        card: &OwnCard,
        key: Option<&DoorSecret>,
        rows: &[PrivatePrekey],
    ) -> Result<(), StoreError> {
        // A card can be withdrawn at any time, and its keys went with it.
        shelves::by_row(tx, card.row)?.ok_or(StoreError::NoRow)?;
        if let Some(key) = key {
            let until = door_kept_until(self.today().plus(RENEWAL_DAYS), self.time_to_live);
            shelves::add_door_key(tx, card.row, key, self.today(), until)?;
        }
        rows.iter().try_for_each(|row| shelves::add_prekey(tx, row, row.kept_until(self.time_to_live)))
    }

    fn today(&self) -> Day {
        Day::of(self.now)
    }
}

fn fresh(in_use: &mut std::collections::HashSet<PrekeyId>) -> PrekeyId {
    let id = PrekeyId::fresh(in_use, &mut rand::rng());
    in_use.insert(id);
    id
}
