//! The store inside the relay's own process, on fjall.
//!
//! ```text
//! requests ─▶ clerk (one thread: orders, decides, announces) ─▶ committer (one thread: writes, syncs, answers)
//!               │ index of the mailboxes in use                     │
//!               └──────────── disk: fjall ◀─────────────────────────┘
//! ```
//!
//! While one batch is being synced, the next one fills: that is the group commit. An envelope that is acknowledged
//! before its batch is written is never written.

mod batch;
mod buckets;
mod cache;
mod clerk;
mod committer;
mod directory;
mod disk;
mod dump;
mod pages;
mod rows;
#[cfg(test)]
mod tests;
mod writes;

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use miette::Diagnostic;
use sealpost_wire::directory::{BucketRead, Epoch, Slot};
use sealpost_wire::request::MailboxKind;
use sealpost_wire::time::{Day, Hour};
use sealpost_wire::{EnvelopeId, MailboxId, SealedItem};
use thiserror::Error;
use tokio::sync::{Semaphore, oneshot};

use super::{
    Arrivals, Denied, EntryOwner, EpochState, Kept, MailboxOwner, Moment, NewEntry, NewEnvelope, NewItems, NoBucket,
    NotPlaced, NotStocked, Page, Placed, Quota, Range, Reply, STUCK, ShelfOwner, Spend, Spent, Store, Unavailable,
};
use buckets::Reader;
use clerk::{Clerk, Command};
use directory::Directory;
use disk::{Disk, Fault};
pub(crate) use dump::{adopt, dump, dump_objects, fill, is_free};
use writes::Writes;

/// What an embedded store is opened with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Its directory; made if it is not there.
    pub directory: PathBuf,
    /// How much one object may hold.
    pub quota: Quota,
    /// The index of objects in use, in bytes.
    pub index_bytes: usize,
    /// The cache of blocks, in bytes.
    pub cache_bytes: u64,
    /// Disk space that deposits leave free, in bytes.
    pub disk_reserve_bytes: u64,
}

/// Why a store could not be opened.
#[derive(Debug, Error, Diagnostic)]
pub enum OpenError {
    /// The directory cannot be made, read or settled.
    #[error("the store's directory cannot be used")]
    #[diagnostic(help("the server's own account must own the directory of `data`, and be able to write there"))]
    Directory(#[source] io::Error),
    /// Another process has it open.
    #[error("another process has the store open")]
    #[diagnostic(help("one server has one store: `sealpost-relay status` says whether it runs"))]
    Locked,
    /// It is not filled to its end.
    #[error("the store is being filled by an import that has not ended")]
    #[diagnostic(help("give the same `sealpost-relay import` again: it goes on where it was"))]
    HalfFilled,
    /// It is damaged, or was not written by this program.
    #[error("the store's directory holds something else than a store that this program can read")]
    #[diagnostic(help("is `data` the right directory? If so, put it back from a backup"))]
    Foreign(#[source] Option<fjall::Error>),
    /// A later version of the program wrote it.
    #[error("the store was written by a later version of this program: its format is {format}, and this one knows {FORMAT_1}", FORMAT_1 = rows::FORMAT_1[0])]
    #[diagnostic(help(
        "start the later version again, or go back to a backup from before it; nothing was changed. A later version \
         changes an older store when it is started, so make a backup before that"
    ))]
    Newer {
        /// The format that it has.
        format: u8,
    },
    /// The system does not give the store its threads.
    #[error("the store's threads cannot be started")]
    Threads(#[source] io::Error),
}

/// Requests that may wait for the clerk. Who asks beyond that is told to try later: a request whose sender has left still
/// waits for its turn, so nothing else bounds them.
const MOST_WAITING: usize = 1 << 16;

/// A store in this process. Dropping it finishes what was asked for, syncs and closes.
pub struct Embedded {
    commands: Sender<Command>,
    line: Arc<Semaphore>,
    shared: Arc<Shared>,
    directory: Directory,
    /// `None` once the store is being dropped.
    reader: Option<Reader>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

/// What the store's threads and its readers share.
struct Shared {
    /// `None` while the store is out.
    disk: RwLock<Option<Disk>>,
    ready: AtomicBool,
    writes: Writes,
}

impl Embedded {
    /// Opens the store in that directory, or makes it; recovers what a killed process left. Tells `arrivals`, from a
    /// thread of its own, what happens from then on.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(options: Options, arrivals: Arc<dyn Arrivals>) -> Result<Self, OpenError> {
        let directory = Directory::settle(options.directory.clone())?;
        let disk = open_or_make(&directory, options.cache_bytes)?;
        let reserved = disk.reserved()?;
        let shared =
            Arc::new(Shared { disk: RwLock::new(Some(disk)), ready: AtomicBool::new(true), writes: Writes::default() });
        let (commands, inbox) = channel();
        let (committer, batches) =
            committer::spawn(Arc::clone(&shared), commands.clone()).map_err(OpenError::Threads)?;
        let clerk = Clerk::new(options, directory.clone(), Arc::clone(&shared), reserved, arrivals, inbox, batches);
        let clerk =
            thread::Builder::new().name("store-clerk".into()).spawn(|| clerk.run()).map_err(OpenError::Threads)?;
        let (reader, reading) = Reader::spawn(Arc::clone(&shared)).map_err(OpenError::Threads)?;
        let line = Arc::new(Semaphore::new(MOST_WAITING));
        let threads = Mutex::new(vec![clerk, committer, reading]);
        Ok(Self { commands, line, shared, directory, reader: Some(reader), threads })
    }

    /// Has the clerk do something, unless too much waits for it; its answer, or that it could not give one.
    fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Clerk, oneshot::Sender<T>) -> Result<(), Fault> + Send + 'static,
    ) -> Reply<T> {
        let Ok(place) = Arc::clone(&self.line).try_acquire_owned() else {
            return Box::pin(std::future::ready(Err(Unavailable)));
        };
        self.insist(|clerk, answer| {
            drop(place);
            work(clerk, answer)
        })
    }

    /// The same, however much waits for it.
    fn insist<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Clerk, oneshot::Sender<T>) -> Result<(), Fault> + Send + 'static,
    ) -> Reply<T> {
        let (answer, reply) = oneshot::channel();
        // A clerk that is gone drops the command, and the answer with it.
        let _sent = self.commands.send(Command::Work(Box::new(|clerk| work(clerk, answer))));
        Box::pin(async { reply.await.map_err(|_| Unavailable) })
    }
}

fn open_or_make(directory: &Directory, cache_bytes: u64) -> Result<Disk, OpenError> {
    if !directory.live().try_exists().map_err(OpenError::Directory)? {
        if directory.filling().try_exists().map_err(OpenError::Directory)? {
            return Err(OpenError::HalfFilled);
        }
        // Made elsewhere and moved, since a database that is half made cannot be opened.
        drop(Disk::make(&directory.next(), cache_bytes)?);
        directory.adopt_next().map_err(OpenError::Directory)?;
    }
    Ok(Disk::open(&directory.live(), cache_bytes)?)
}

impl From<Fault> for OpenError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Database(fjall::Error::Locked) => Self::Locked,
            Fault::Database(fjall::Error::Io(error)) => Self::Directory(error),
            Fault::Database(error) => Self::Foreign(Some(error)),
            Fault::Damaged => Self::Foreign(None),
            Fault::Newer { format } => Self::Newer { format },
        }
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        let _sent = self.commands.send(Command::Stop);
        self.reader = None;
        if self.shared.writes.longest() >= STUCK {
            // Whoever waits for them waits for ever.
            return;
        }
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            // A thread that panicked has nothing more to finish.
            let _finished = thread.join();
        }
    }
}

impl Shared {
    /// Does something with the disk, which stays for as long as it takes.
    fn with<T>(&self, work: impl FnOnce(&Disk) -> Result<T, Fault>) -> Result<T, Fault> {
        match &*self.disk.read().unwrap_or_else(PoisonError::into_inner) {
            Some(disk) => work(disk),
            None => Err(Fault::Database(fjall::Error::Poisoned)),
        }
    }

    /// The same for what writes, which is watched.
    fn write<T>(&self, work: impl FnOnce(&Disk) -> Result<T, Fault>) -> Result<T, Fault> {
        self.writes.watch(|| self.with(work))
    }

    /// Puts another disk, or none, in the place of the one that is there, which is closed first.
    fn replace(&self, disk: Option<Disk>) {
        *self.disk.write().unwrap_or_else(PoisonError::into_inner) = disk;
    }

    /// Takes the disk away from everyone.
    fn take(&self) -> Option<Disk> {
        self.disk.write().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Store for Embedded {
    fn open_mailbox(&self, owner: MailboxOwner, kind: MailboxKind, at: Moment) -> Reply<Result<(), Denied>> {
        self.ask(move |clerk, answer| clerk.open_mailbox(owner, kind, at, answer))
    }

    fn deposit(&self, envelopes: Vec<NewEnvelope>, now: Hour) -> Reply<Vec<Kept>> {
        self.ask(move |clerk, answer| clerk.deposit(envelopes, now, answer))
    }

    fn page(&self, owner: MailboxOwner, range: Range, at: Moment) -> Reply<Result<Page, Denied>> {
        let plan = self.ask(move |clerk, answer| clerk.plan_page(owner, range, at, answer));
        pages::fetch(plan, Arc::clone(&self.shared))
    }

    fn acknowledge(&self, received: Vec<(MailboxOwner, Vec<EnvelopeId>)>, now: Hour) -> Reply<Vec<Result<(), Denied>>> {
        self.ask(move |clerk, answer| clerk.acknowledge(&received, now, answer))
    }

    fn close_mailbox(&self, owner: MailboxOwner, now: Hour) -> Reply<Result<(), Denied>> {
        self.ask(move |clerk, answer| clerk.close_mailbox(owner, now, answer))
    }

    fn open_shelf(&self, owner: ShelfOwner, at: Moment) -> Reply<Result<(), Denied>> {
        self.ask(move |clerk, answer| clerk.open_shelf(owner, at, answer))
    }

    fn stock(&self, owner: ShelfOwner, items: NewItems, at: Moment) -> Reply<Result<(), NotStocked>> {
        self.ask(move |clerk, answer| clerk.stock(owner, items, at, answer))
    }

    fn count_items(&self, owner: ShelfOwner, now: Hour) -> Reply<Result<u16, Denied>> {
        self.ask(move |clerk, answer| clerk.count_items(owner, now, answer))
    }

    fn take(&self, shelf: ShelfOwner, now: Hour) -> Reply<Option<SealedItem>> {
        self.ask(move |clerk, answer| clerk.take(shelf, now, answer))
    }

    fn close_shelf(&self, owner: ShelfOwner, now: Hour) -> Reply<Result<(), Denied>> {
        self.ask(move |clerk, answer| clerk.close_shelf(owner, now, answer))
    }

    fn open_epoch(&self, epoch: Epoch, descriptor: Vec<u8>) -> Reply<EpochState> {
        self.ask(move |clerk, answer| clerk.open_epoch(epoch, descriptor, answer))
    }

    fn epochs(&self) -> Reply<BTreeMap<Epoch, EpochState>> {
        self.ask(Clerk::epochs)
    }

    fn retire_epoch(&self, epoch: Epoch) -> Reply<bool> {
        self.ask(move |clerk, answer| clerk.retire_epoch(epoch, answer))
    }

    fn publish(&self, entry: NewEntry, today: Day) -> Reply<Result<Placed, NotPlaced>> {
        self.ask(move |clerk, answer| clerk.publish(&entry, today, answer))
    }

    fn withdraw(&self, owner: EntryOwner) -> Reply<Result<(), Denied>> {
        self.ask(move |clerk, answer| clerk.withdraw(owner, answer))
    }

    fn bucket(&self, read: BucketRead) -> Reply<Result<Vec<Slot>, NoBucket>> {
        match &self.reader {
            Some(reader) => reader.read(read),
            None => Box::pin(std::future::ready(Err(Unavailable))),
        }
    }

    fn spend(&self, spends: Vec<Spend>) -> Reply<Vec<Spent>> {
        self.ask(move |clerk, answer| clerk.spend(&spends, answer))
    }

    fn forget_spent(&self, today: Day) -> Reply<u64> {
        self.ask(move |clerk, answer| clerk.forget_spent(today, answer))
    }

    fn renew(&self, mailboxes: Vec<MailboxId>, at: Moment) -> Reply<()> {
        self.ask(move |clerk, answer| clerk.renew(&mailboxes, at, answer))
    }

    fn expire(&self, now: Hour) -> Reply<bool> {
        self.ask(move |clerk, answer| clerk.expire(now, answer))
    }

    fn lapse(&self, today: Day) -> Reply<u64> {
        self.ask(move |clerk, answer| clerk.lapse(today, answer))
    }

    fn tidy(&self) -> Reply<usize> {
        let (answer, reply) = oneshot::channel();
        let (shared, directory) = (Arc::clone(&self.shared), self.directory.clone());
        let tidy = move || {
            let free = directory.free_space().unwrap_or_default();
            let _left = shared.with(|disk| disk.tidy(free)).map(|places| answer.send(places));
        };
        // A system that gives no thread now may give one the next time.
        let _spawned = thread::Builder::new().name("store-tidier".into()).spawn(tidy);
        Box::pin(async { reply.await.map_err(|_| Unavailable) })
    }

    fn show(&self, now: Hour) -> Option<io::Result<()>> {
        Some(dump::show(Arc::clone(&self.shared), self.directory.path(), now))
    }

    fn purge(&self, now: Hour) -> Reply<()> {
        self.ask(move |clerk, answer| clerk.purge(now, answer))
    }

    fn shutdown(&self) -> Reply<()> {
        self.insist(|clerk, answer| clerk.shutdown(answer))
    }

    fn size(&self) -> Option<u64> {
        self.shared.with(Disk::size).ok()
    }

    fn ready(&self) -> bool {
        self.shared.ready.load(Ordering::Relaxed)
    }

    fn stall(&self) -> Duration {
        // While the store is there its threads end by panicking alone.
        let threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        if threads.iter().any(JoinHandle::is_finished) { Duration::MAX } else { self.shared.writes.longest() }
    }
}
