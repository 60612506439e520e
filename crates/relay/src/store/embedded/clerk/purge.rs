//! Physical erasure: the database is written anew without what was erased, and the old files are deleted.

use std::io;

use sealpost_wire::time::Hour;
use tokio::sync::oneshot;

use super::{Clerk, answer_now};
use crate::store::embedded::disk::{Disk, Fault};

impl Clerk {
    /// Rewrites the database. If that fails before the old one is given up, the old one stays, and whoever asked is told
    /// that the store was out.
    pub(in super::super) fn purge(&mut self, now: Hour, answer: oneshot::Sender<()>) -> Result<(), Fault> {
        self.settle()?;
        if self.rewrite(now).is_err() {
            // Mostly for want of room for a second copy.
            return self.directory.clear_next().map_err(io_fault);
        }
        // From here on the index knows envelopes that were left behind.
        self.mailboxes.clear();
        self.shelves.clear();
        self.expiring = None;
        self.shared.replace(None);
        self.directory.swap().map_err(io_fault)?;
        self.shared.replace(Some(Disk::open(&self.directory.live(), self.options.cache_bytes)?));
        answer_now(answer, ());
        Ok(())
    }

    /// Writes `next` and closes it.
    fn rewrite(&self, now: Hour) -> Result<(), Fault> {
        self.directory.clear_next().map_err(io_fault)?;
        let fresh = Disk::make(&self.directory.next(), self.options.cache_bytes)?;
        self.disk(|disk| disk.copy_live(&fresh, now))
    }
}

fn io_fault(error: io::Error) -> Fault {
    Fault::Database(error.into())
}
