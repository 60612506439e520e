//! The database on disk: fjall, as this store uses it.

mod copy;
mod count;
mod days;
mod dump;
mod epochs;
mod fill;
mod flush;
mod open;
mod read;
mod spent;
mod tables;
mod tidy;

use fjall::{Database, Keyspace, PersistMode};
use sealpost_wire::SizeClass;
use thiserror::Error;

use super::batch::Batch;
use super::rows::{self, BOUNDARY, RESERVED, Space};
use days::Days;
pub(super) use dump::Place;
use epochs::Epochs;
pub(super) use fill::Begun;

/// The most that is written in the place of what was acknowledged before, in bytes: one envelope of any length, or a few.
const FILLER: usize = SizeClass::Large.stored_length();

/// A database that is open.
pub(super) struct Disk {
    database: Database,
    relay: Keyspace,
    mailboxes: Keyspace,
    queue: Keyspace,
    shelves: Keyspace,
    items: Keyspace,
    epochs: Keyspace,
    listings: Epochs,
    days: Days,
}

/// What goes wrong on a disk.
#[derive(Debug, Error)]
pub(super) enum Fault {
    /// The database failed: an I/O error, a full disk, or one of those earlier.
    #[error("the database failed")]
    Database(#[from] fjall::Error),
    /// A later version of this program wrote it.
    #[error("it has the format {format}")]
    Newer {
        /// Which.
        format: u8,
    },
    /// A row is not one that this program writes.
    #[error("a row is damaged")]
    Damaged,
}

impl Disk {
    /// Writes and syncs a batch, all of it or nothing. After an error the database takes no more writes until it is
    /// opened again.
    pub(super) fn commit(&self, batch: &Batch) -> Result<(), Fault> {
        let mut writes = self.database.batch().durability(Some(PersistMode::SyncAll));
        for (key, new) in batch.envelopes() {
            writes.insert(&self.queue, key.as_slice(), rows::entry_to_bytes(&new.entry));
            writes.insert(&self.days.open(&self.database, new.entry.expires.day())?, key.as_slice(), new.bytes());
        }
        // Each of these keys was written once and is removed once, which is what weak tombstones ask for; they vanish
        // together with their envelopes, mostly before either reaches a table.
        for (key, day) in batch.erased() {
            writes.remove_weak(&self.queue, key.as_slice());
            if let Some(day) = self.days.find(*day) {
                writes.remove_weak(&day, key.as_slice());
            }
        }
        for ((space, key), value) in batch.rows() {
            let keyspace = self.space(*space)?;
            match value {
                Some(value) => writes.insert(&keyspace, key.as_slice(), value.as_slice()),
                None => writes.remove(&keyspace, key.as_slice()),
            }
        }
        // What was acknowledged before it was written takes its time all the same, or early answers would tell the senders that
        // their recipient is there. Among many, one more or less does not show.
        let unwritten = batch.unwritten().min(FILLER);
        if unwritten > 0 || (writes.is_empty() && batch.has_deposits()) {
            writes.insert(&self.relay, BOUNDARY, vec![0; unwritten]);
        }
        Ok(writes.commit()?)
    }

    /// Makes the mark of reserved sequences durable.
    pub(super) fn reserve(&self, mark: u64) -> Result<(), Fault> {
        self.relay.insert(RESERVED, mark.to_be_bytes())?;
        Ok(self.database.persist(PersistMode::SyncAll)?)
    }

    /// The mark of reserved sequences.
    pub(super) fn reserved(&self) -> Result<u64, Fault> {
        let Some(mark) = self.relay.get(RESERVED)? else { return Ok(0) };
        rows::number(&mark).ok_or(Fault::Damaged)
    }

    /// Syncs what was written.
    pub(super) fn sync(&self) -> Result<(), Fault> {
        Ok(self.database.persist(PersistMode::SyncAll)?)
    }

    /// What its files take, in bytes.
    pub(super) fn size(&self) -> Result<u64, Fault> {
        Ok(self.database.disk_space()?)
    }

    /// The keyspace of a space, made if it is not there.
    fn space(&self, space: Space) -> Result<Keyspace, Fault> {
        if let Space::Entries(epoch) | Space::Claims(epoch) = space {
            self.listings.open(&self.database, epoch)?;
        }
        self.find_space(space).ok_or(Fault::Damaged)
    }

    /// The keyspace of a space, if it is there.
    fn find_space(&self, space: Space) -> Option<Keyspace> {
        match space {
            Space::Mailboxes => Some(self.mailboxes.clone()),
            Space::Shelves => Some(self.shelves.clone()),
            Space::Items => Some(self.items.clone()),
            Space::Epochs => Some(self.epochs.clone()),
            Space::Spent => self.spent().ok(),
            Space::Entries(epoch) => self.listings.find(epoch).map(|listings| listings.entries),
            Space::Claims(epoch) => self.listings.find(epoch).map(|listings| listings.claims),
        }
    }
}
