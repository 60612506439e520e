//! Leaving nothing to be read again: what is in memory is in the journal too, from where whoever opens the database takes it
//! back, row by row. With a million mailboxes that takes most of a second.

use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use fjall::Keyspace;

use super::Disk;

/// A disk that takes longer is left alone: nothing is lost, and the next start takes longer.
const PATIENCE: Duration = Duration::from_secs(5);

impl Disk {
    /// Puts what is in memory into tables, as far as that is soon done.
    pub(in super::super) fn flush(&self) {
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
