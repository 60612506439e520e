//! Keeping fjall's count of changes ahead of what it says of keyspaces.
//!
//! fjall numbers keyspaces, and changes. Making and dropping a keyspace are changes that it keeps apart from rows; when it
//! opens a database, it goes on behind the last change of a row, and gives the number of a keyspace that was dropped to the
//! next one that is made. That one would then be made before its namesake was dropped, and be dropped with all that
//! is in it at the start after. A row that stays as it is, written behind, keeps the count.

use fjall::{Keyspace, PersistMode};

use super::{Disk, Fault};
use crate::store::embedded::rows::{FORMAT, FORMAT_1};

/// More than what is changed between a row and a crash: an epoch's two keyspaces take two changes each.
const UNCOUNTED: usize = 16;

impl Disk {
    /// Drops a keyspace with all that is in it.
    pub(super) fn drop_keyspace(&self, keyspace: Keyspace) -> Result<(), Fault> {
        self.database.delete_keyspace(keyspace)?;
        self.count()?;
        Ok(self.database.persist(PersistMode::SyncAll)?)
    }

    /// Writes a row that stays as it is.
    pub(super) fn count(&self) -> Result<(), Fault> {
        Ok(self.relay.insert(FORMAT, FORMAT_1)?)
    }

    /// Goes on behind what a crash left uncounted.
    pub(super) fn count_on(&self) -> Result<(), Fault> {
        (0..UNCOUNTED).try_for_each(|_| self.count())
    }
}
