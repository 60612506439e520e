//! Copying what is live into a fresh database, which is how the rest is got rid of.

use fjall::{Keyspace, OwnedWriteBatch, PersistMode};
use sealpost_wire::time::Hour;

use super::{Disk, Fault};
use crate::store::embedded::rows;

/// Rows that are written at a time; the longest is some 64 KiB.
const ROWS: usize = 64;

impl Disk {
    /// Copies to `fresh` every row but those of envelopes that have expired at `now`, and syncs it.
    pub(in super::super) fn copy_live(&self, fresh: &Self, now: Hour) -> Result<(), Fault> {
        let mut writer = Writer { fresh, batch: fresh.database.batch() };
        writer.all(&self.relay, &fresh.relay)?;
        writer.all(&self.mailboxes, &fresh.mailboxes)?;
        writer.all(&self.shelves, &fresh.shelves)?;
        writer.all(&self.items, &fresh.items)?;
        writer.all(&self.epochs, &fresh.epochs)?;
        writer.all(&self.spent()?, &fresh.spent()?)?;
        for (epoch, from) in self.listings.all() {
            let to = fresh.listings.open(&fresh.database, epoch)?;
            writer.all(&from.entries, &to.entries)?;
            writer.all(&from.claims, &to.claims)?;
        }
        self.copy_envelopes(&mut writer, now)?;
        writer.flush()?;
        Ok(fresh.database.persist(PersistMode::SyncAll)?)
    }

    /// Goes by the queue, so that bytes without an entry are left behind.
    fn copy_envelopes(&self, writer: &mut Writer<'_>, now: Hour) -> Result<(), Fault> {
        for row in self.queue.iter() {
            let (key, value) = row.into_inner()?;
            let entry = rows::entry_from_bytes(0, &value).ok_or(Fault::Damaged)?;
            let bytes = self.days.find(entry.expires.day()).map(|day| day.get(&key)).transpose()?.flatten();
            if let Some(bytes) = bytes.filter(|_| now < entry.expires) {
                let day = writer.fresh.days.open(&writer.fresh.database, entry.expires.day())?;
                writer.insert(&day, &key, &bytes)?;
                writer.insert(&writer.fresh.queue, &key, &value)?;
            }
        }
        Ok(())
    }
}

struct Writer<'a> {
    fresh: &'a Disk,
    batch: OwnedWriteBatch,
}

impl Writer<'_> {
    fn all(&mut self, from: &Keyspace, to: &Keyspace) -> Result<(), Fault> {
        for row in from.iter() {
            let (key, value) = row.into_inner()?;
            self.insert(to, &key, &value)?;
        }
        Ok(())
    }

    fn insert(&mut self, to: &Keyspace, key: &[u8], value: &[u8]) -> Result<(), Fault> {
        self.batch.insert(to, key, value);
        if self.batch.len() >= ROWS { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), Fault> {
        let full = std::mem::replace(&mut self.batch, self.fresh.database.batch());
        Ok(full.commit()?)
    }
}
