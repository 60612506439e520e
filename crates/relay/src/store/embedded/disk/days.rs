//! One keyspace for each day of expiry, so that a past day is dropped whole.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

use fjall::{Database, Keyspace, PersistMode};
use sealpost_wire::time::Day;

use super::open::blobs;
use super::{Disk, Fault};

const PREFIX: &str = "day-";

/// The keyspaces of days.
pub(super) struct Days(RwLock<BTreeMap<Day, Keyspace>>);

impl Days {
    /// Those that are there.
    pub(super) fn of(database: &Database) -> Result<Self, Fault> {
        let mut days = BTreeMap::new();
        for name in database.list_keyspace_names() {
            if let Some(day) = name.strip_prefix(PREFIX) {
                let day = Day(day.parse().map_err(|_| Fault::Damaged)?);
                days.insert(day, database.keyspace(&name, blobs)?);
            }
        }
        Ok(Self(RwLock::new(days)))
    }

    /// The keyspace of a day, if there is one.
    pub(super) fn find(&self, day: Day) -> Option<Keyspace> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(&day).cloned()
    }

    /// Of all days.
    pub(super) fn all(&self) -> Vec<Keyspace> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// The keyspace of a day, made if it is not there.
    pub(super) fn open(&self, database: &Database, day: Day) -> Result<Keyspace, Fault> {
        if let Some(keyspace) = self.find(day) {
            return Ok(keyspace);
        }
        let keyspace = database.keyspace(&format!("{PREFIX}{}", day.0), blobs)?;
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(day, keyspace.clone());
        Ok(keyspace)
    }
}

impl Disk {
    /// The first day that is past on `today` and has a keyspace.
    pub(in super::super) fn past_day(&self, today: Day) -> Option<Day> {
        let days = self.days.0.read().unwrap_or_else(PoisonError::into_inner);
        days.first_key_value().map(|(day, _)| *day).filter(|day| *day < today)
    }

    /// Removes, durably, rows of the queue whose envelopes go with their day.
    pub(in super::super) fn forget(&self, keys: &[[u8; 40]]) -> Result<(), Fault> {
        let mut writes = self.database.batch().durability(Some(PersistMode::SyncAll));
        for key in keys {
            writes.remove(&self.queue, key.as_slice());
        }
        Ok(writes.commit()?)
    }

    /// Drops a day's keyspace with all that is in it.
    pub(in super::super) fn drop_day(&self, day: Day) -> Result<(), Fault> {
        let keyspace = self.days.0.write().unwrap_or_else(PoisonError::into_inner).remove(&day);
        keyspace.map_or(Ok(()), |keyspace| self.drop_keyspace(keyspace))
    }

    /// Up to `most` keys of a day's envelopes, behind `after`.
    pub(in super::super) fn day_keys(&self, day: Day, after: &[u8], most: usize) -> Result<Vec<[u8; 40]>, Fault> {
        let Some(keyspace) = self.days.find(day) else { return Ok(Vec::new()) };
        let behind = (std::ops::Bound::Excluded(after.to_vec()), std::ops::Bound::Unbounded);
        let key = |row: fjall::Guard| <[u8; 40]>::try_from(&*row.key()?).map_err(|_| Fault::Damaged);
        keyspace.range::<Vec<u8>, _>(behind).take(most).map(key).collect()
    }
}
