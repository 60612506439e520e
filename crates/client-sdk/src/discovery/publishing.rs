//! Whether one's own number is listed: what is wanted, and how it stands. The engine does the rest.

use std::collections::HashMap;

use rusqlite::Transaction;
use sealpost_blind::discovery::{Descriptor, Stretched};
use sealpost_identity::PhoneNumber;
use sealpost_wire::EntryKey;
use sealpost_wire::directory::Epoch;
use sealpost_wire::time::Day;

use super::directory::basis;
use super::hashing::hash_here;
use super::listing::Listing;
use super::proving::hash;
use super::{Directory, DiscoveryAccess};
use crate::clock;
use crate::error::{Error, ErrorKind};
use crate::profile::add_card;
use crate::store::closings::{Closing, Target};
use crate::store::entries::{Entry, Publication, Standing};
use crate::store::numbers::NumberHash;
use crate::store::shelves::CardKind;
use crate::store::{StoreError, closings, consents, entries, lookups, pins, profile, shelves};

impl DiscoveryAccess {
    /// Lets people who have this number find a card that is made for it. Durable when it returns; the engine lists it in
    /// each open epoch as soon as its shelf is stocked, and keeps it listed.
    ///
    /// The number is not stored. So where the directory wants no proof, call this again at times, as when the app starts:
    /// it does nothing but what is due for a new epoch. Another number takes the place of the first, whose card is closed.
    ///
    /// Takes a tenth of a second for each epoch in which the number is new.
    ///
    /// # Errors
    /// [`ErrorKind::NotProved`] when the directory wants a proof and there is none, [`ErrorKind::DirectoryUnknown`] before the
    /// relay was ever reached, [`ErrorKind::NoDirectory`], [`ErrorKind::DirectoryRefused`], or trouble with storage.
    pub fn publish_number(&self, number: &PhoneNumber) -> Result<(), Error> {
        let directory = self.client.look(known_directory)??;
        let (name, known) = self.client.look(|tx| {
            let name = hash(tx, number)?;
            Ok((name, provided(tx, name, &directory)?))
        })?;
        let allowed = |known: &Provided| known.proved || directory.attester.is_none();
        if !known.values().any(allowed) {
            return Err(ErrorKind::NotProved.into());
        }
        let missing = directory
            .epochs
            .iter()
            .filter(|descriptor| known.get(&descriptor.epoch).is_some_and(|known| allowed(known) && !known.hashed));
        let hash = |descriptor: &Descriptor| Ok((descriptor.clone(), hash_here(number, descriptor)?));
        let hashed = missing.map(hash).collect::<Result<Vec<_>, ErrorKind>>()?;
        self.client.change(|tx| {
            intend(tx, name)?;
            hashed.iter().try_for_each(|(descriptor, stretched)| provide(tx, name, descriptor, stretched))
        })
    }

    /// Takes the number out of the directory. Durable when it returns, also offline: the engine withdraws the entries as
    /// soon as it can, and closes the card's shelf and front door. What comes of it is in
    /// [`Client::closings`](crate::Client::closings). To publish it again, it has to be proved again.
    ///
    /// Does nothing when no number is published.
    ///
    /// # Errors
    /// Trouble with storage.
    pub fn withdraw(&self) -> Result<(), Error> {
        self.client.change(|tx| {
            consents::discovery(tx)?;
            crate::leaving::withdraw(tx)
        })
    }

    /// How one's own entry stands in the epoch of the day.
    ///
    /// # Errors
    /// Trouble with storage.
    pub fn listing(&self) -> Result<Listing, Error> {
        self.client.look(|tx| {
            consents::discovery(tx)?;
            listing(tx, clock::today())
        })
    }
}

/// What is there for one's number in an epoch.
#[derive(Debug, Clone, Copy)]
struct Provided {
    hashed: bool,
    proved: bool,
    standing: Option<Standing>,
}

impl Provided {
    /// Whether the engine has all that it needs to publish it.
    const fn is_ready(&self, directory: &Directory) -> bool {
        self.hashed && (self.proved || directory.attester.is_none())
    }
}

/// How one's own number stands.
fn listing(tx: &Transaction<'_>, today: Day) -> Result<Listing, StoreError> {
    let Some(publication) = entries::publication(tx)? else { return withdrawal(tx) };
    let Ok(directory) = known_directory(tx)? else { return Ok(Listing::Preparing) };
    let known = provided(tx, publication.number, &directory)?;
    let of = |descriptor: &Descriptor| known.get(&descriptor.epoch);
    let looked_in = directory.to_look_in(today);
    let stands = looked_in.iter().find_map(|descriptor| Some((descriptor.epoch, of(descriptor)?.standing?)));
    Ok(match stands {
        Some((_, Standing::Waiting(from))) => Listing::Waiting { from },
        Some((_, Standing::Contested(until))) => Listing::Contested { until },
        Some((_, Standing::Full)) => Listing::Full,
        Some((epoch, Standing::Listed)) => {
            let mut later = directory.epochs.iter().filter(|descriptor| descriptor.epoch > epoch);
            let ends = later.any(|descriptor| of(descriptor).is_none_or(|known| !known.is_ready(&directory)));
            Listing::Listed { proof_due: ends.then(|| epoch.closes().plus(1)) }
        }
        None if looked_in.iter().filter_map(of).any(|known| known.is_ready(&directory)) => Listing::Preparing,
        None => Listing::ProofNeeded,
    })
}

fn withdrawal(tx: &Transaction<'_>) -> Result<Listing, StoreError> {
    let is_pending = |closing: &Closing| closing.outcome.is_none() && matches!(closing.target, Target::Entry(..));
    let pending = closings::all(tx)?.iter().any(is_pending);
    Ok(if pending { Listing::Withdrawing } else { Listing::NotPublished })
}

/// The directory, as the relay's manifest described it when it was fetched last.
fn known_directory(tx: &Transaction<'_>) -> Result<Result<Directory, ErrorKind>, StoreError> {
    let relay = profile::relay(tx)?;
    let manifest = pins::manifest(tx, &relay)?;
    Ok(manifest.ok_or(ErrorKind::DirectoryUnknown).and_then(|manifest| Directory::of(&manifest, clock::today())))
}

fn provided(
    tx: &Transaction<'_>,
    number: NumberHash,
    directory: &Directory,
) -> Result<HashMap<Epoch, Provided>, StoreError> {
    let entries = entries::of_number(tx, number)?;
    let of_epoch = |descriptor: &Descriptor| {
        let same = lookups::is_under(tx, descriptor.epoch, &basis(descriptor))?;
        let hashed = same && lookups::one(tx, descriptor.epoch, number)?.is_some();
        let entry = entries.iter().find(|entry| entry.epoch == descriptor.epoch);
        let proved = entry.is_some_and(|entry| entry.proof.is_some());
        // What the directory said last is over once it is to be told something new; but listed stays listed.
        let holds = |(entry, standing): &(&Entry, Standing)| !entry.changed || *standing == Standing::Listed;
        let standing =
            entry.and_then(|entry| Some((entry, entry.standing?.0))).filter(holds).map(|(_, standing)| standing);
        Ok((descriptor.epoch, Provided { hashed, proved, standing }))
    };
    directory.epochs.iter().map(of_epoch).collect()
}

/// Remembers which number is to be listed, and makes a card for it.
fn intend(tx: &Transaction<'_>, number: NumberHash) -> Result<(), StoreError> {
    consents::discovery(tx)?;
    match entries::publication(tx)? {
        Some(publication) if shelves::by_row(tx, publication.card)?.is_some_and(|card| card.retired) => {
            crate::moving::leave_number(tx, publication.card, None)?;
        }
        Some(publication) if publication.number == number => return Ok(()),
        Some(_) => crate::leaving::withdraw(tx)?,
        None => {}
    }
    let card = add_card(tx, CardKind::Directory)?;
    entries::publish(tx, &Publication { number, card })
}

/// Makes an entry's key, and keeps what its place is computed from.
fn provide(
    tx: &Transaction<'_>,
    number: NumberHash,
    descriptor: &Descriptor,
    stretched: &Stretched,
) -> Result<(), StoreError> {
    lookups::enter(tx, descriptor.epoch, &basis(descriptor))?;
    lookups::set_hashed(tx, descriptor.epoch, number, stretched)?;
    entries::ensure(tx, descriptor.epoch, number, &EntryKey::random(&mut rand::rng()))?;
    Ok(())
}
