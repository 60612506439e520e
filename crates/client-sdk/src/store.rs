//! What a profile keeps, in a database that is encrypted as a whole (SQLCipher).
//!
//! One file below here for each group of tables. Functions there take an open [`Transaction`] and only keep; what belongs
//! together is put into one transaction by whoever calls them.

pub(crate) mod closings;
pub(crate) mod consents;
pub(crate) mod contacts;
pub(crate) mod entries;
pub(crate) mod error;
mod files;
pub(crate) mod found;
mod header;
pub(crate) mod inbox;
pub(crate) mod lookups;
pub(crate) mod mailboxes;
pub(crate) mod messages;
pub(crate) mod moves;
pub(crate) mod numbers;
mod open;
pub(crate) mod outbox;
pub(crate) mod pins;
pub(crate) mod profile;
pub(crate) mod receipts;
pub(crate) mod relays;
mod schema;
pub(crate) mod shelves;
pub(crate) mod tickets;
mod value;

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use rusqlite::{Connection, Transaction, TransactionBehavior};

pub(crate) use error::StoreError;
pub(crate) use files::Files;

use crate::unlock::Unlock;
use header::StoreKey;

/// One connection to a profile's database. Another process, or another `Store` of this one, may have its own.
pub(crate) struct Store {
    connection: Mutex<Connection>,
    files: Files,
    key: StoreKey,
}

impl Store {
    /// Opens the profile in `directory`, or makes a fresh one where there is nothing.
    ///
    /// # Errors
    /// [`StoreError`] tells a wrong key, damage, a foreign or newer database, and trouble with the disk apart.
    pub(crate) fn open(directory: &Path, unlock: &Unlock) -> Result<Self, StoreError> {
        let files = Files::prepare(directory)?;
        let key = {
            let _alone = files.opening()?;
            header::unlock(&files, unlock)?
        };
        Self::with_key(files, key)
    }

    /// A second connection to the same database, so that one does not wait for the other's work.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub(crate) fn another(&self) -> Result<Self, StoreError> {
        Self::with_key(self.files.clone(), self.key.clone())
    }

    fn with_key(files: Files, key: StoreKey) -> Result<Self, StoreError> {
        let connection = {
            let _alone = files.opening()?;
            open::connection(&files, &key)?
        };
        Ok(Self { connection: Mutex::new(connection), files, key })
    }

    /// Where the profile's files are.
    pub(crate) const fn files(&self) -> &Files {
        &self.files
    }

    /// Runs `work` in a transaction that only reads: all of it sees one state.
    pub(crate) fn read<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.transact(TransactionBehavior::Deferred, work)
    }

    /// Runs `work` in a transaction that is durable when this returns `Ok`, and has changed nothing otherwise.
    pub(crate) fn write<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.transact(TransactionBehavior::Immediate, work)
    }

    fn transact<T>(
        &self,
        behavior: TransactionBehavior,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        // A panic inside `work` rolled its transaction back, so the connection behind a poisoned lock is in order.
        let mut connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let outcome = transact(&mut connection, behavior, work);
        // Whoever still has a wiped database open reads what it was overwritten with.
        outcome.map_err(|error| if self.files.are_wiped() { StoreError::Phase } else { error })
    }

    /// A number that changes whenever another connection, of this process or another, has committed something.
    pub(crate) fn data_version(&self) -> Result<i64, StoreError> {
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(connection.pragma_query_value(None, "data_version", |row| row.get(0))?)
    }
}

fn transact<T>(
    connection: &mut Connection,
    behavior: TransactionBehavior,
    work: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let transaction = connection.transaction_with_behavior(behavior)?;
    let done = work(&transaction)?;
    transaction.commit()?;
    Ok(done)
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Store")
    }
}

#[cfg(test)]
mod tests;
