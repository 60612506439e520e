//! What lies on shelves, and what is put into it.

use std::time::Duration;

use sealpost_blind::{BlindedBatch, Purpose, ServerKey, TicketRequest};
use sealpost_crypto::stocking::{FULL, Restock};
use sealpost_wire::ticket::TicketKind;
use sealpost_wire::time::Day;
use sealpost_wire::{SealedItem, Secret, Ticket};

use super::side::{Side, relay};
use crate::engine::stocking::{Load, Maker};
use crate::store::shelves::{CardKind, OwnCard};
use crate::store::{shelves, tickets};

/// What a voucher is good for, where the operator did not choose.
const STOCK: u16 = 2 * FULL;

/// So many front-door tickets of the week of `today`.
fn front_door_tickets(count: u16, today: Day) -> Vec<Ticket> {
    let first = TicketKind::FrontDoor.first_day(today);
    let key = ServerKey::derive(&Secret::new([5; 32]), Purpose::Ticket(TicketKind::FrontDoor, first));
    let (request, batch) = TicketRequest::new(TicketKind::FrontDoor, first, count, &mut rand::rng()).unwrap();
    let batch = BlindedBatch::from_bytes(&batch.to_bytes()).unwrap();
    request.finish(&key.public(), &key.evaluate(&batch, &mut rand::rng())).unwrap()
}

impl Side {
    fn with_front_door_tickets(count: u16) -> Self {
        let side = Self::new();
        let stock = front_door_tickets(count, Day::of(side.now));
        side.write(|tx| tickets::keep(tx, &relay().operator, &stock));
        side
    }

    fn own_card(&self, kind: CardKind) -> OwnCard {
        self.client.0.store.read(|tx| shelves::one(tx, kind)).unwrap()
    }

    fn load(&self, card: &OwnCard) -> Load {
        let maker = Maker { local: &self.local, now: self.now, time_to_live: Duration::from_secs(14 * 86_400) };
        maker.make(&self.client.0.store, card, Restock::Renew(FULL)).unwrap()
    }

    /// What whoever takes an item from that shelf finds in it.
    fn tickets_in(&self, card: &OwnCard, item: &SealedItem) -> Vec<Ticket> {
        let reference = card.card(self.local.key().hash());
        sealpost_crypto::open_item(&reference, item, Day::of(self.now)).unwrap().tickets
    }
}

#[test]
fn with_a_full_stock_each_item_of_both_shelves_carries_one_ticket_whichever_is_stocked_first() {
    for order in [[CardKind::Shown, CardKind::Inner], [CardKind::Inner, CardKind::Shown]] {
        let side = Side::with_front_door_tickets(STOCK);
        let mut carried = Vec::new();
        for card in order.map(|kind| side.own_card(kind)) {
            let load = side.load(&card);
            assert_eq!(load.items.len(), usize::from(FULL));
            for item in &load.items {
                let [ticket] = &side.tickets_in(&card, item)[..] else { panic!("an item carries one ticket") };
                carried.push(ticket.to_bytes());
            }
            assert!(side.tickets_in(&card, &load.last.unwrap()).is_empty(), "the last item is taken again and again");
        }
        carried.sort();
        carried.dedup();
        assert_eq!(carried.len(), usize::from(STOCK), "no ticket is given twice");
    }
}

#[test]
fn a_stock_that_is_short_makes_items_without_tickets_and_no_fewer() {
    let side = Side::with_front_door_tickets(FULL - 2);
    let card = side.own_card(CardKind::Shown);
    let load = side.load(&card);
    let carrying = load.items.iter().filter(|item| side.tickets_in(&card, item).len() == 1).count();
    assert_eq!((load.items.len(), carrying), (usize::from(FULL), usize::from(FULL) - 2));
}
