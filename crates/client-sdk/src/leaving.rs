//! After the opt-out: closing what is left on the relay.

mod closing;

use std::sync::Arc;
use std::time::SystemTime;

use rusqlite::Transaction;
use sealpost_wire::RelayRef;
use sealpost_wire::statement::{Closed, SignedDeletion};

pub(crate) use closing::close;

use crate::error::Error;
use crate::options::Options;
use crate::store::closings::{Closing, Outcome, Target};
use crate::store::numbers::NumberHash;
use crate::store::{Store, StoreError, closings, entries, mailboxes, profile, shelves};

/// A profile whose consent was revoked. All it can still do is to close what the relay holds for it.
pub struct Leaving {
    store: Arc<Store>,
    options: Options,
}

/// What came of closing one's objects on the relay: after the opt-out all of them, before it what was withdrawn.
#[derive(Debug, Clone, Default)]
pub struct OptOutReport {
    /// Objects that the relay has closed, each with its statement of deletion, signed by its operator and verified.
    pub confirmed: Vec<(Closed, SignedDeletion)>,
    /// Objects that the relay did not know: lapsed, closed before, or never opened. There is no statement about them.
    pub already_gone: usize,
    /// Objects that are still to be closed: the relay was not reached, or could not do it. Call [`Leaving::finish`] again;
    /// what is never closed lapses with its lease.
    pub pending: usize,
    /// Whether everything was done, and the profile's files are wiped.
    pub wiped: bool,
}

/// Turns an opted-in profile's store into a leaving one: only what is needed to close remains.
pub(crate) fn revoke(tx: &Transaction<'_>, now: SystemTime) -> Result<(), StoreError> {
    let own = profile::own(tx)?;
    let hash = own.identity.public().hash();
    withdraw(tx)?;
    for mailbox in mailboxes::perhaps_known(tx, now)? {
        closings::add(tx, &mailbox.relay, &Target::Mailbox(mailbox.id(), mailbox.collect.clone()), None)?;
    }
    for card in shelves::all(tx)? {
        let shelf = card.card(hash).shelf();
        closings::add(tx, &card.relay, &Target::Shelf(shelf, card.stock.clone()), None)?;
    }
    profile::leave(tx)?;
    closings::erase_all_else(tx)
}

/// Takes one's number out of the directory: its entries are to be withdrawn, its card's shelf and front door to be closed.
pub(crate) fn withdraw(tx: &Transaction<'_>) -> Result<(), StoreError> {
    let Some(publication) = entries::publication(tx)? else { return Ok(()) };
    let own = profile::own(tx)?;
    let card = shelves::by_row(tx, publication.card)?.ok_or(StoreError::Row)?;
    withdraw_entries(tx, &card.relay, publication.number, None)?;
    if let Some(door) = mailboxes::front_door_of(tx, card.row)? {
        closings::add(tx, &door.relay, &Target::Mailbox(door.id(), door.collect.clone()), None)?;
    }
    let shelf = card.card(own.identity.public().hash()).shelf();
    closings::add(tx, &card.relay, &Target::Shelf(shelf, card.stock), None)?;
    entries::unpublish(tx)?;
    shelves::remove(tx, publication.card)
}

/// Keeps, of every entry that may stand in the directory, what takes it out.
pub(crate) fn withdraw_entries(
    tx: &Transaction<'_>,
    relay: &RelayRef,
    number: NumberHash,
    left_by: Option<i64>,
) -> Result<(), StoreError> {
    for entry in entries::of_number(tx, number)? {
        if let Some(place) = entry.place {
            closings::add(tx, relay, &Target::Entry(entry.epoch, place, entry.key), left_by)?;
        }
        entries::remove(tx, entry.epoch, entry.number)?;
    }
    Ok(())
}

impl Leaving {
    pub(crate) fn open(store: Arc<Store>, options: Options) -> Result<Self, Error> {
        store.read(profile::closing_on_record)?;
        crate::client::route::remember(&store, &options)?;
        Ok(Self { store, options })
    }

    /// What has come of it so far.
    ///
    /// # Errors
    /// Trouble with storage.
    pub fn report(&self) -> Result<OptOutReport, Error> {
        Ok(OptOutReport::of(self.store.read(closings::all)?))
    }
}

impl OptOutReport {
    pub(crate) fn of(closings: Vec<Closing>) -> Self {
        closings.into_iter().fold(Self::default(), Self::with)
    }

    fn with(mut self, closing: Closing) -> Self {
        match closing.outcome {
            Some(Outcome::Confirmed(statement)) => self.confirmed.push((closing.target.closed(), statement)),
            Some(Outcome::Gone) => self.already_gone += 1,
            None => self.pending += 1,
        }
        self
    }
}

impl std::fmt::Debug for Leaving {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Leaving")
    }
}
