//! What happens when the database fails, and how it comes back.
//!
//! fjall takes no more writes after one has failed, on a full disk for instance, until it is opened again. So the clerk
//! forgets what was not yet durable, tells nobody that it was kept, and opens the database anew until that works.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::{Clerk, State, answer_now};
use crate::log::Event;
use crate::store::embedded::batch::Batch;
use crate::store::embedded::disk::{Disk, Fault};

/// How long a database that failed is left alone.
pub(super) const PAUSE: Duration = Duration::from_secs(1);

impl Clerk {
    /// Drops everything that is not durable, with the answers that wait for it, and closes the database.
    pub(super) fn fail(&mut self) {
        if self.state == State::Open {
            Event::StoreOut {}.log();
            self.state = State::Out(Instant::now());
        }
        self.discard();
    }

    /// Opens the database again, if it is time to try.
    pub(super) fn reopen_if_out(&mut self) {
        let State::Out(tried) = self.state else { return };
        // The committer may still be busy with the batch that was given up; its disk must be closed first.
        if tried.elapsed() < PAUSE || self.flushing.is_some() {
            return;
        }
        self.state = State::Out(Instant::now());
        if let Ok(disk) = self.open_again() {
            Event::StoreBack {}.log();
            self.shared.replace(Some(disk));
            self.shared.ready.store(true, Ordering::Relaxed);
            self.state = State::Open;
        }
    }

    fn open_again(&self) -> Result<Disk, Fault> {
        self.directory.settle_again().map_err(fjall::Error::from)?;
        Disk::open(&self.directory.live(), self.options.cache_bytes)
    }

    /// Makes everything durable and closes for good.
    pub(in super::super) fn shutdown(&mut self, answer: oneshot::Sender<()>) -> Result<(), Fault> {
        self.settle()?;
        self.shared.write(Disk::sync)?;
        self.shared.with(|disk| {
            disk.flush();
            Ok(())
        })?;
        self.state = State::Closed;
        if let Some(disk) = self.shared.take() {
            // Journals that stay are read again, and nothing else.
            let _emptied_or_not = disk.close(&self.directory.live());
        }
        self.discard();
        answer_now(answer, ());
        Ok(())
    }

    /// The same, when nobody waits for it.
    pub(super) fn close(mut self) {
        if self.state != State::Closed && self.settle().is_err() {
            Event::NotSynced {}.log();
        }
        self.state = State::Closed;
        self.discard();
    }

    fn discard(&mut self) {
        self.shared.ready.store(false, Ordering::Relaxed);
        self.pending = Batch::default();
        self.answers.clear();
        self.deposits = 0;
        self.begun = None;
        self.expiring = None;
        self.mailboxes.clear();
        self.shelves.clear();
        self.shared.replace(None);
    }
}
