//! Two keyspaces for each epoch of a directory, so that an epoch is dropped whole.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

use fjall::{Database, Keyspace, PersistMode, Readable};
use sealpost_wire::directory::{BucketRead, Epoch, Slot};

use super::open::{entries, rows};
use super::{Disk, Fault};
use crate::store::embedded::rows::{EntryRow, bucket_keys, epoch_from_bytes, epoch_key};
use crate::store::{EpochState, NoBucket};

const ENTRIES: &str = "entries-";
const CLAIMS: &str = "claims-";

/// The keyspaces of epochs.
pub(super) struct Epochs(RwLock<BTreeMap<Epoch, Listings>>);

/// What is listed in one epoch.
#[derive(Clone)]
pub(super) struct Listings {
    pub(super) entries: Keyspace,
    pub(super) claims: Keyspace,
}

impl Listings {
    fn open(database: &Database, Epoch(number): Epoch) -> Result<Self, Fault> {
        let entries = database.keyspace(&format!("{ENTRIES}{number}"), entries)?;
        let claims = database.keyspace(&format!("{CLAIMS}{number}"), rows)?;
        Ok(Self { entries, claims })
    }
}

impl Epochs {
    /// Those that are open by their rows. What is left of others, whose retiring was interrupted, is dropped.
    pub(super) fn of(database: &Database, epochs: &Keyspace) -> Result<Self, Fault> {
        let mut listings = BTreeMap::new();
        for (epoch, state) in states(epochs)? {
            if matches!(state, EpochState::Open(_)) {
                listings.insert(epoch, Listings::open(database, epoch)?);
            }
        }
        for name in database.list_keyspace_names() {
            let Some(number) = name.strip_prefix(ENTRIES).or_else(|| name.strip_prefix(CLAIMS)) else { continue };
            if !listings.contains_key(&Epoch(number.parse().map_err(|_| Fault::Damaged)?)) {
                database.delete_keyspace(database.keyspace(&name, rows)?)?;
            }
        }
        Ok(Self(RwLock::new(listings)))
    }

    /// The keyspaces of an epoch, if there are any.
    pub(super) fn find(&self, epoch: Epoch) -> Option<Listings> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(&epoch).cloned()
    }

    /// The keyspaces of an epoch, made if they are not there.
    pub(super) fn open(&self, database: &Database, epoch: Epoch) -> Result<Listings, Fault> {
        if let Some(listings) = self.find(epoch) {
            return Ok(listings);
        }
        let listings = Listings::open(database, epoch)?;
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(epoch, listings.clone());
        Ok(listings)
    }

    /// Of all epochs.
    pub(super) fn all(&self) -> BTreeMap<Epoch, Listings> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn take(&self, epoch: Epoch) -> Option<Listings> {
        self.0.write().unwrap_or_else(PoisonError::into_inner).remove(&epoch)
    }
}

impl Disk {
    /// What is known of all epochs.
    pub(in super::super) fn epochs(&self) -> Result<BTreeMap<Epoch, EpochState>, Fault> {
        states(&self.epochs)
    }

    /// Marks an epoch, durably, as retired and drops its keyspaces with all that is in them.
    pub(in super::super) fn retire(&self, epoch: Epoch) -> Result<(), Fault> {
        self.epochs.insert(epoch_key(epoch), [])?;
        self.database.persist(PersistMode::SyncAll)?;
        let Some(Listings { entries, claims }) = self.listings.take(epoch) else { return Ok(()) };
        self.drop_keyspace(entries)?;
        self.drop_keyspace(claims)
    }

    /// The slots of a bucket, as of one moment.
    pub(in super::super) fn bucket(&self, read: BucketRead) -> Result<Result<Vec<Slot>, NoBucket>, Fault> {
        // Looked for first, so that an epoch that is retired meanwhile is none.
        let listings = self.listings.find(read.epoch);
        let now = self.database.snapshot();
        let row = now.get(&self.epochs, epoch_key(read.epoch))?;
        let state = row.map(|row| epoch_from_bytes(&row).ok_or(Fault::Damaged)).transpose()?;
        let Some(EpochState::Open(open)) = state else { return Ok(Err(NoBucket::NoEpoch)) };
        if open.bits != read.bits {
            return Ok(Err(NoBucket::OtherBits));
        }
        // An epoch has keyspaces from its first entry on.
        let Some(listings) = listings else { return Ok(Ok(Vec::new())) };
        let (first, last) = bucket_keys(read.number, read.bits);
        let slot = |row: fjall::Guard| Ok(EntryRow::from_bytes(&row.value()?).ok_or(Fault::Damaged)?.slot);
        now.range(&listings.entries, first..=last).map(slot).collect::<Result<_, _>>().map(Ok)
    }

    /// The keys of an epoch's entries from `first` to `last`.
    pub(in super::super) fn entry_keys(
        &self,
        epoch: Epoch,
        first: [u8; 20],
        last: [u8; 20],
    ) -> Result<Vec<fjall::UserKey>, Fault> {
        let Some(listings) = self.listings.find(epoch) else { return Ok(Vec::new()) };
        listings.entries.range(first..=last).map(|row| Ok(row.key()?)).collect()
    }
}

fn states(epochs: &Keyspace) -> Result<BTreeMap<Epoch, EpochState>, Fault> {
    let state = |row: fjall::Guard| {
        let (key, value) = row.into_inner()?;
        let number = <[u8; 4]>::try_from(&*key).map_err(|_| Fault::Damaged)?;
        Ok((Epoch(u32::from_be_bytes(number)), epoch_from_bytes(&value).ok_or(Fault::Damaged)?))
    };
    epochs.iter().map(state).collect()
}
