//! Items, made by the shelf's owner.

use libsignal_protocol::{KeyPair, kem};
use rand::CryptoRng;
use sealpost_identity::CardRef;
use sealpost_wire::Ticket;
use sealpost_wire::codec::{List, V1};
use sealpost_wire::time::Day;
use sealpost_wire::{SealedItem, to_bytes};
use thiserror::Error;

use super::form::{Bundle, PADDED, SignedKey, associated, signed_bytes};
use super::{ITEM_DAYS, MAX_TICKETS};
use crate::local::Local;
use crate::prekey::{KeyPairs, PrekeyId, PrivatePrekey};
use crate::redacted::redacted;
use crate::route::FrontDoor;
use crate::{aead, padding};

/// Makes the items of one shelf, all issued on one day.
pub struct Stocker<'a> {
    local: &'a Local,
    card: &'a CardRef,
    front_door: &'a FrontDoor,
    issued: Day,
}

/// The card names another identity: whoever took an item from its shelf would refuse it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the card is not of the local identity")]
pub struct NotOwnCard;

/// The tickets are more than [`MAX_TICKETS`], or the item has no room for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a shelf item has no room for these tickets")]
pub struct TicketsTooLong;

redacted!(Stocker<'_>);

impl<'a> Stocker<'a> {
    /// For the shelf that `card` leads to; takers write first to `front_door`.
    ///
    /// # Errors
    /// [`NotOwnCard`].
    pub fn new(local: &'a Local, card: &'a CardRef, front_door: &'a FrontDoor, today: Day) -> Result<Self, NotOwnCard> {
        if card.identity != local.key().hash() {
            return Err(NotOwnCard);
        }
        Ok(Self { local, card, front_door, issued: today })
    }

    /// Makes a one-time item. The row is stored before the item is put on the shelf.
    ///
    /// # Errors
    /// [`TicketsTooLong`].
    pub fn one_time(
        &self,
        id: PrekeyId,
        tickets: Vec<Ticket>,
        rng: &mut impl CryptoRng,
    ) -> Result<(SealedItem, PrivatePrekey), TicketsTooLong> {
        let tickets = List::new(tickets).map_err(|_| TicketsTooLong)?;
        let pairs = key_pairs(true, rng);
        let item = self.item(id, &pairs, tickets, rng).ok_or(TicketsTooLong)?;
        Ok((item, self.row(id, &pairs)))
    }

    /// Makes the last item, which every taker gets when the others are used up: no one-time key, no tickets.
    pub fn last(&self, id: PrekeyId, rng: &mut impl CryptoRng) -> (SealedItem, PrivatePrekey) {
        let pairs = key_pairs(false, rng);
        #[expect(clippy::expect_used, reason = "a bundle without tickets is some 3,200 bytes, by a test")]
        let item = self.item(id, &pairs, List::default(), rng).expect("the item holds a bundle without tickets");
        (item, self.row(id, &pairs))
    }

    fn expires(&self) -> Day {
        self.issued.plus(ITEM_DAYS)
    }

    fn row(&self, id: PrekeyId, pairs: &KeyPairs) -> PrivatePrekey {
        PrivatePrekey::new(id, self.expires(), pairs)
    }

    fn item(
        &self,
        id: PrekeyId,
        pairs: &KeyPairs,
        tickets: List<Ticket, MAX_TICKETS>,
        rng: &mut impl CryptoRng,
    ) -> Option<SealedItem> {
        let bundle = to_bytes(&self.bundle(id, pairs, tickets, rng));
        let signature = self.local.identity().sign(&signed_bytes(&bundle), rng);
        let padded = padding::pad(&[signature.as_slice(), &bundle].concat(), PADDED)?;
        let sealed = aead::seal(&self.card.seed.item_key(), &associated(&self.card.shelf()), &padded, rng);
        SealedItem::new(sealed.into())
    }

    fn bundle(
        &self,
        id: PrekeyId,
        pairs: &KeyPairs,
        tickets: List<Ticket, MAX_TICKETS>,
        rng: &mut impl CryptoRng,
    ) -> Bundle {
        Bundle {
            version: V1,
            shelf: self.card.shelf(),
            relay: self.card.relay.clone(),
            issued: self.issued,
            expires: self.expires(),
            identity: *self.local.key(),
            front_door: self.front_door.clone(),
            prekey: id,
            signed: self.sign(pairs.signed.public_key.serialize(), rng),
            kyber: self.sign(pairs.kyber.public_key.serialize(), rng),
            one_time: pairs.one_time.map(|pair| pair.public_key.serialize().into_vec()),
            tickets,
        }
    }

    fn sign(&self, key: Box<[u8]>, rng: &mut impl CryptoRng) -> SignedKey {
        let signature = self.local.identity().sign(&key, rng).to_vec();
        SignedKey { key: key.into_vec(), signature }
    }
}

fn key_pairs(one_time: bool, rng: &mut impl CryptoRng) -> KeyPairs {
    KeyPairs {
        signed: KeyPair::generate(rng),
        one_time: one_time.then(|| KeyPair::generate(rng)),
        kyber: kem::KeyPair::generate(kem::KeyType::Kyber1024, rng),
    }
}
