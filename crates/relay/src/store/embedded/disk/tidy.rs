//! Putting together what is scattered, and deleting what that leaves.

use fjall::{AbstractTree, Keyspace};

use super::{Disk, Fault};

impl Disk {
    /// Merges the entries of each epoch if they lie in several runs, each of which costs every reading of a bucket, and
    /// if at least twice of what they take is `free`: until this ends, the merged ones lie there besides. Tells of how many
    /// epochs it did.
    pub(in super::super) fn tidy(&self, free: u64) -> Result<usize, Fault> {
        let mut merged = 0;
        for listings in self.listings.all().into_values() {
            let entries = &listings.entries;
            if runs(entries) > 1 && entries.disk_space() < free / 2 {
                entries.major_compact()?;
                merged += 1;
            }
        }
        self.delete_merged()?;
        Ok(merged)
    }

    /// The database deletes what it has merged, of all keyspaces, when one begins a new table in memory; a row that stays as it
    /// is gives occasion for that.
    fn delete_merged(&self) -> Result<(), Fault> {
        self.count()?;
        self.relay.rotate_memtable()?;
        Ok(())
    }
}

/// In how many places rows are looked for, memory apart.
fn runs(keyspace: &Keyspace) -> usize {
    let deeper = (1..).map_while(|level| keyspace.tree.level_table_count(level)).filter(|tables| *tables > 0);
    keyspace.l0_table_count() + deeper.count()
}
