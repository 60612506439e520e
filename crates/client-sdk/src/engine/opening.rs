//! Opening what was delivered.
//!
//! A batch is one transaction: messages, ratchet states, spent prekeys and the ids of envelopes that will never be looked at
//! again are durable together, and only then acknowledged. What cannot be opened is recorded and acknowledged too; only when
//! the store fails does everything stay on the relay.

mod lookup;
mod showing;

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::time::{Duration, SystemTime};

use rusqlite::Transaction;
use sealpost_crypto::{Door, DoorSecret, Local, OpenError, Opened, open, open_at_rest};
use sealpost_identity::IdentityKey;
use sealpost_wire::request::Stored;
use sealpost_wire::time::Day;

use super::order::GREATEST;
use crate::contact::ContactState;
use crate::event::Event;
use crate::store::contacts::Peer;
use crate::store::mailboxes::{OwnMailbox, Purpose};
use crate::store::{StoreError, contacts, inbox, mailboxes, profile, shelves};
use lookup::Lookup;
pub(super) use showing::give_up_on_gap;

/// One delivered envelope, and the row of the mailbox that it lay in.
pub(super) struct Arrival {
    pub(super) mailbox: i64,
    pub(super) stored: Stored,
}

/// Opens a batch of deliveries, in their order.
pub(super) struct Opener<'a> {
    local: &'a Local,
    now: SystemTime,
    /// Within which time contacts are told what has arrived, where they are.
    within: Duration,
    doors: HashMap<i64, Option<OpenDoor>>,
    events: Vec<Event>,
}

/// A mailbox with all that opens what lies in it.
struct OpenDoor {
    mailbox: OwnMailbox,
    keys: Keys,
}

enum Keys {
    FrontDoor(Vec<DoorSecret>),
    Pairwise(IdentityKey),
}

/// Why an envelope was given up, as it is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Unopenable(u8);

impl<'a> Opener<'a> {
    pub(super) fn new(local: &'a Local, now: SystemTime, within: Duration) -> Self {
        Self { local, now, within, doors: HashMap::new(), events: Vec::new() }
    }

    /// Opens all; what it returns is to be told when the transaction is committed.
    pub(super) fn open_all(mut self, tx: &Transaction<'_>, arrivals: &[Arrival]) -> Result<Vec<Event>, StoreError> {
        profile::require_opted_in(tx)?;
        for arrival in arrivals {
            self.open_one(tx, arrival)?;
        }
        Ok(self.events)
    }

    fn open_one(&mut self, tx: &Transaction<'_>, arrival: &Arrival) -> Result<(), StoreError> {
        let today = Day::of(self.now);
        if inbox::was_seen(tx, &arrival.stored.id)? {
            return Ok(());
        }
        inbox::set_seen(tx, &arrival.stored.id, today)?;
        if let Err(Unopenable(reason)) = self.receive(tx, arrival)? {
            tracing::debug!(reason, "an envelope could not be opened");
            let hash = blake3::hash(arrival.stored.sealed.as_bytes());
            inbox::set_unopened(tx, hash.as_bytes(), reason, today)?;
            self.events.push(Event::Unopened);
        }
        Ok(())
    }

    fn receive(&mut self, tx: &Transaction<'_>, arrival: &Arrival) -> Result<Result<(), Unopenable>, StoreError> {
        let local = self.local;
        let Some(door) = self.door(tx, arrival.mailbox)? else { return Ok(Err(Unopenable::NO_MAILBOX)) };
        let (deposit, id) = (&door.mailbox.deposit, door.mailbox.id());
        let Ok(envelope) = open_at_rest(deposit, &id, &arrival.stored.id, &arrival.stored.sealed) else {
            return Ok(Err(Unopenable::AT_REST));
        };
        let way = match (&door.keys, &door.mailbox.purpose) {
            (Keys::Pairwise(peer), Purpose::Pairwise { outer, .. }) => Door::Pairwise { mailbox: &id, outer, peer },
            (Keys::FrontDoor(keys), _) => Door::FrontDoor { mailbox: &id, keys },
            (Keys::Pairwise(_), Purpose::FrontDoor { .. } | Purpose::Spare { .. }) => return Err(StoreError::Row),
        };
        let lookup = Lookup::new(tx);
        match open(local, &lookup, &envelope, way, &mut rand::rng()) {
            Ok(opened) if !(1..=GREATEST).contains(&opened.content.counter) => Ok(Err(Unopenable::COUNTER)),
            Ok(opened) => {
                let mailbox = door.mailbox.clone();
                self.keep(tx, &mailbox, opened).map(Ok)
            }
            Err(OpenError::Unavailable(_)) => Err(lookup.failure()),
            // It was opened before the ids of envelopes were forgotten: nothing is lost.
            Err(OpenError::Duplicate) => Ok(Ok(())),
            Err(error) => Ok(Err(Unopenable::of(error))),
        }
    }

    /// Stores everything that a message has changed.
    fn keep(&mut self, tx: &Transaction<'_>, mailbox: &OwnMailbox, opened: Opened) -> Result<(), StoreError> {
        if let Some(used) = &opened.used {
            shelves::use_prekey(tx, used)?;
        }
        let Some(peer) = self.peer(tx, &opened.sender)? else { return Ok(()) };
        contacts::pin(tx, peer.id, &opened.sender)?;
        contacts::set_session(tx, opened.sender.person(), &opened.session)?;
        mailboxes::set_used(tx, mailbox.row, Day::of(self.now))?;
        if matches!(mailbox.purpose, Purpose::Pairwise { generation, .. } if (1..=generation).contains(&peer.card_due))
        {
            contacts::set_card_due(tx, peer.id, 0)?;
        }
        learn(tx, &peer, &opened)?;
        let event = showing::show(tx, &peer, opened.content, self.now, self.within)?;
        self.events.extend(event);
        Ok(())
    }

    /// The contact that wrote; a stranger becomes one, unaccepted. `None` for one who is blocked.
    fn peer(&mut self, tx: &Transaction<'_>, sender: &IdentityKey) -> Result<Option<Peer>, StoreError> {
        if let Some(peer) = contacts::peer_of_hash(tx, &sender.hash())? {
            return Ok((peer.state != ContactState::Blocked).then_some(peer));
        }
        let name = placeholder(tx)?;
        let id = contacts::add(tx, &name, ContactState::Unaccepted, &sender.hash(), None)?;
        self.events.push(Event::ContactRequest(id));
        contacts::peer(tx, id).map(Some)
    }

    fn door(&mut self, tx: &Transaction<'_>, row: i64) -> Result<Option<&OpenDoor>, StoreError> {
        let door = match self.doors.entry(row) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => unknown.insert(find_door(tx, row)?),
        };
        Ok(door.as_ref())
    }
}

fn find_door(tx: &Transaction<'_>, row: i64) -> Result<Option<OpenDoor>, StoreError> {
    let Some(mailbox) = mailboxes::by_row(tx, row)? else { return Ok(None) };
    let keys = match mailbox.purpose {
        Purpose::FrontDoor { card } => {
            Some(Keys::FrontDoor(shelves::door_keys(tx, card)?.into_iter().map(|(key, _)| key).collect()))
        }
        // Nobody can write to a mailbox that was named to nobody, so its peer is known when something lies in it.
        Purpose::Pairwise { contact, .. } => contacts::peer(tx, contact)?.identity.map(Keys::Pairwise),
        Purpose::Spare { .. } => None,
    };
    Ok(keys.map(|keys| OpenDoor { mailbox, keys }))
}

/// Remembers how to reach the sender from now on.
fn learn(tx: &Transaction<'_>, peer: &Peer, opened: &Opened) -> Result<(), StoreError> {
    let content = &opened.content;
    if let Some(address) = content.return_address.as_ref().filter(|address| address.generation > peer.generation) {
        contacts::set_address(tx, peer.id, address)?;
    }
    if let Some(card) = content.card.as_ref().filter(|card| card.identity == opened.sender.hash()) {
        contacts::set_inner_card(tx, peer.id, card)?;
    }
    if peer.sent > 0 && !peer.answered {
        contacts::set_answered(tx, peer.id)?;
    }
    Ok(())
}

/// A name for someone who has none here yet.
fn placeholder(tx: &Transaction<'_>) -> Result<String, StoreError> {
    let first = contacts::next_number(tx)?;
    for number in first..i64::MAX {
        let name = format!("request-{number}");
        if !contacts::name_is_taken(tx, &name, None)? {
            return Ok(name);
        }
    }
    Err(StoreError::Row)
}

impl Unopenable {
    const NO_MAILBOX: Self = Self(1);
    const AT_REST: Self = Self(2);
    const COUNTER: Self = Self(3);

    const fn of(error: OpenError) -> Self {
        Self(match error {
            OpenError::Unavailable(_) | OpenError::Duplicate => 0,
            OpenError::Outer => 10,
            OpenError::SenderSeal => 11,
            OpenError::Certificate => 12,
            OpenError::FromOneself => 13,
            OpenError::WrongPeer => 14,
            OpenError::OtherKey => 15,
            OpenError::NoSession => 16,
            OpenError::NoPrekey => 17,
            OpenError::Replayed => 18,
            OpenError::Invalid => 19,
            OpenError::NotPostQuantum => 20,
            OpenError::Binding => 21,
            OpenError::Content(_) => 22,
        })
    }
}
