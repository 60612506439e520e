//! Leaving nothing to be read again: what is in memory is in the journal too, from where whoever opens the database takes it
//! back, row by row. With a million mailboxes that takes most of a second; passing over what tables have already, a quarter.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use fjall::{AbstractTree, Keyspace};

use super::Disk;

/// A disk that takes longer is left alone: nothing is lost, and the next start takes longer.
const PATIENCE: Duration = Duration::from_secs(5);

impl Disk {
    /// Puts what is in memory into tables, as far as that is soon done.
    pub(in super::super) fn flush(&self) {
        let _counted_or_not = self.count();
        let keyspaces = self.keyspaces();
        let (done, is_done) = channel();
        // fjall waits for a disk that is full for ever.
        let flush = move || {
            let flushed = keyspaces.iter().try_for_each(Keyspace::rotate_memtable_and_wait);
            drop(keyspaces);
            // Nobody may wait any more.
            let _told = done.send(flushed);
        };
        if thread::Builder::new().name("store-flusher".into()).spawn(flush).is_ok() {
            let _flushed_or_not = is_done.recv_timeout(PATIENCE);
        }
    }

    /// Closes the database, which is at `path`; empties its journals if tables have all that is in them.
    ///
    /// # Errors
    /// The system's; the database is closed all the same.
    pub(in super::super) fn close(self, path: &Path) -> io::Result<()> {
        let is_in_memory = |keyspace: &Keyspace| {
            !keyspace.tree.active_memtable().is_empty() || keyspace.tree.sealed_memtable_count() > 0
        };
        let is_in_tables = !self.keyspaces().iter().any(is_in_memory);
        drop(self);
        if is_in_tables { empty_journals(path) } else { Ok(()) }
    }

    fn keyspaces(&self) -> Vec<Keyspace> {
        let listings = self.listings.all().into_values().flat_map(|listings| [listings.entries, listings.claims]);
        [&self.relay, &self.mailboxes, &self.queue, &self.shelves, &self.items, &self.epochs]
            .map(Keyspace::clone)
            .into_iter()
            .chain(self.spent_if_any())
            .chain(listings)
            .chain(self.days.all())
            .collect()
    }
}

/// Leaves of a closed database's journals an empty one, as fjall does of one that nothing was written to.
///
/// The oldest goes first: what a crash leaves is the end of what was written, and comes to the same over tables that have
/// all of it.
fn empty_journals(path: &Path) -> io::Result<()> {
    let mut journals = Vec::new();
    for entry in fs::read_dir(path)? {
        let path = entry?.path();
        journals.extend(number(&path).map(|number| (number, path)));
    }
    journals.sort_unstable();
    let Some((_, last)) = journals.pop() else { return Ok(()) };
    journals.iter().try_for_each(|(_, journal)| fs::remove_file(journal))?;
    let last = File::options().write(true).open(last)?;
    last.set_len(0)?;
    last.sync_all()?;
    File::open(path)?.sync_all()
}

/// The number of a journal, if it is one.
fn number(path: &Path) -> Option<u64> {
    path.extension().filter(|extension| *extension == "jnl")?;
    path.file_stem().and_then(OsStr::to_str)?.parse().ok()
}
