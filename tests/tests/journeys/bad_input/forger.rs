//! Someone who has a card and deposits by hand.

use rand::RngCore;
use sealpost_crypto::{Body, Content, Local, MessageId, Route, Session, Text, VerifiedItem, begin, open_item, seal};
use sealpost_identity::{CardRef, IdentityKeyPair};
use sealpost_tests::server::Server;
use sealpost_tests::stranger::Stranger;
use sealpost_tests::tap::Seen;
use sealpost_tests::{Result, clock};
use sealpost_wire::codec::V1;
use sealpost_wire::frame::{DEPOSIT_SOCKET, DepositFrame};
use sealpost_wire::request::{Deposit, Outcome, Take};
use sealpost_wire::{Address, CollectHash, DepositKey, Envelope, EnvelopeId, SizeClass, from_bytes};

/// Half of an address: what a deposit presents.
pub(super) type Slot = (DepositKey, CollectHash);

/// Holds one person's card.
pub(super) struct Forger {
    stranger: Stranger,
    card: CardRef,
}

/// Someone with an identity and a session of his own, and no client.
pub(super) struct Unknown {
    local: Local,
    item: VerifiedItem,
    session: Session,
}

/// The deposits in a request, or in a frame of the socket that has the same path.
pub(super) fn deposits(seen: &Seen) -> Vec<Deposit> {
    if seen.path != DEPOSIT_SOCKET {
        return Vec::new();
    }
    let framed = from_bytes::<DepositFrame>(&seen.body).unwrap_or_default().deposits.into_vec();
    framed.into_iter().map(|tagged| tagged.deposit).chain(from_bytes(&seen.body).ok()).collect()
}

/// Where a deposit went.
pub(super) fn address_of(deposit: &Deposit) -> Slot {
    (deposit.deposit.clone(), deposit.collect)
}

impl Forger {
    pub(super) fn at(relay: &Server, card: &str) -> Result<Self> {
        Ok(Self { stranger: Stranger::at(relay)?, card: card.parse().map_err(|_| "no card")? })
    }

    /// Takes an item off the shelf.
    pub(super) fn take(&self) -> Result<VerifiedItem> {
        let take = Take { version: V1, take: self.card.seed.take_key(), stock: self.card.stock };
        let taken = self.stranger.ask(&take)?.map_err(|refused| format!("{refused:?}"))?;
        Ok(open_item(&self.card, &taken.item, clock::hour().day())?)
    }

    pub(super) fn front_door(&self) -> Result<Slot> {
        let Address { deposit, collect, .. } = self.take()?.front_door.address;
        Ok((deposit, collect))
    }

    /// Random bytes.
    pub(super) fn deposit_junk(&self, slot: &Slot) -> Result<Outcome> {
        let mut junk = vec![0; SizeClass::Small.envelope_length()];
        rand::rng().fill_bytes(&mut junk);
        self.deposit(slot, Envelope::new(junk.into()).ok_or("no envelope")?).map(|(_, outcome)| outcome)
    }

    /// The same envelope once more, under another id.
    pub(super) fn repeat(&self, deposit: &Deposit) -> Result<Outcome> {
        self.misdirect(deposit, &address_of(deposit))
    }

    /// The same envelope at another place.
    pub(super) fn misdirect(&self, deposit: &Deposit, slot: &Slot) -> Result<Outcome> {
        self.deposit(slot, deposit.envelope.clone()).map(|(_, outcome)| outcome)
    }

    /// The same envelope with one bit changed.
    pub(super) fn damage(&self, deposit: &Deposit) -> Result<Outcome> {
        let mut bytes = deposit.envelope.as_bytes().to_vec();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        let envelope = Envelope::new(bytes.into()).ok_or("no envelope")?;
        self.deposit(&address_of(deposit), envelope).map(|(_, outcome)| outcome)
    }

    /// Someone who can write to the owner of the card, by all rules.
    pub(super) fn stranger(&self) -> Result<Unknown> {
        let local = Local::new(IdentityKeyPair::generate(&mut rand::rng()), &mut rand::rng());
        let item = self.take()?;
        let session = begin(&local, &item, None, clock::now(), &mut rand::rng())?;
        Ok(Unknown { local, item, session })
    }

    fn deposit(&self, (key, collect): &Slot, envelope: Envelope) -> Result<(Deposit, Outcome)> {
        let id = EnvelopeId::random(&mut rand::rng());
        let deposit = Deposit { version: V1, deposit: key.clone(), collect: *collect, id, envelope, ticket: None };
        let deposited = self.stranger.ask(&deposit)?.map_err(|refused| format!("{refused:?}"))?;
        Ok((deposit, deposited.outcome))
    }
}

impl Unknown {
    /// Seals and deposits a text under any counter, and returns what was deposited.
    pub(super) fn writes(&mut self, by: &Forger, counter: u64, text: &str) -> Result<Deposit> {
        let body = Body::Text(Text::new(text.to_owned()).map_err(|_| "too long")?);
        let message = MessageId::random(&mut rand::rng());
        let content = Content { message, counter, return_address: None, card: None, receipt: None, body };
        let door = &self.item.front_door;
        let sealed =
            seal(&self.local, &self.session, &content, Route::FrontDoor(door), clock::now(), &mut rand::rng())?;
        self.session = sealed.session;
        let (deposit, outcome) = by.deposit(&(door.address.deposit.clone(), door.address.collect), sealed.envelope)?;
        if outcome == Outcome::Accepted { Ok(deposit) } else { Err(format!("{outcome:?}").into()) }
    }
}
