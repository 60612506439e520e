//! The store on a Redis server, or on a cluster of them, which several relays may share.
//!
//! ```text
//! requests ─▶ worker (one thread: sends in order, waits for none) ─▶ scripts in Redis: each does one thing at one moment
//! collectors ◀── wake: "read this mailbox" ◀──────────────────────── sharded channels ◀── other relays
//! ```
//!
//! Nothing is kept in this process. All that lies under one tag is on one server and is changed at one moment; scripts are
//! called by their hash. Redis answers when its disk, or its replicas, have what [`Durability`] asks for.

mod answer;
mod call;
mod check;
mod context;
mod deposits;
mod directory;
mod dump;
mod erase;
mod format;
mod health;
mod keys;
mod link;
mod mailboxes;
mod open;
mod options;
mod orphans;
mod replication;
mod scripts;
mod settling;
mod shelves;
mod spending;
#[cfg(test)]
mod tests;
mod traces;
mod upkeep;
mod wake;
mod waste;
mod worker;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use sealpost_wire::directory::{BucketRead, Epoch, Slot};
use sealpost_wire::request::MailboxKind;
use sealpost_wire::time::{Day, Hour};
use sealpost_wire::{EnvelopeId, MailboxId, SealedItem};
use tokio::runtime::Builder;
use tokio::sync::mpsc::{self, unbounded_channel};
use tokio::sync::{Semaphore, oneshot};

use super::{
    Arrivals, Denied, EntryOwner, EpochState, Kept, MailboxOwner, Moment, NewEntry, NewEnvelope, NewItems, NoBucket,
    NotPlaced, NotStocked, Page, Placed, Quota, Range, Reply, ShelfOwner, Spend, Spent, Store, Unavailable,
};
use answer::Fault;
use context::Context;
use health::Health;
use keys::Keys;
use replication::Replication;
use wake::{DRAIN_EVERY, Wake};
use worker::{Command, Commands};

pub use check::{Seen, Unfit};
pub(crate) use dump::{adopt, dump, dump_objects, fill};
pub(crate) use erase::erase;
pub use open::{OpenError, look};
pub use options::{Durability, Options, Rates};
pub use traces::Trace;
pub use waste::Waste;

/// Requests that may be under way. Who asks beyond that is told to try later.
const MOST_UNDER_WAY: usize = 1 << 16;

/// A store in Redis. Dropping it finishes what was asked for.
pub struct Redis {
    /// `None` once the store is being dropped.
    commands: Option<Commands>,
    context: Arc<Context>,
    line: Arc<Semaphore>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Redis {
    /// Connects to the servers and looks whether they keep what they are given. Tells `arrivals`, from a thread of its own,
    /// what happens from then on.
    ///
    /// # Errors
    /// [`OpenError`], with what is to be done.
    pub fn open(options: Options, quota: Quota, arrivals: Arc<dyn Arrivals>) -> Result<Self, OpenError> {
        Self::open_draining(options, quota, arrivals, DRAIN_EVERY)
    }

    /// The same, where everything that is waited for is read so often.
    fn open_draining(
        options: Options,
        quota: Quota,
        arrivals: Arc<dyn Arrivals>,
        every: Duration,
    ) -> Result<Self, OpenError> {
        let (opened, ready) = std::sync::mpsc::sync_channel(1);
        let (commands, inbox) = unbounded_channel();
        let work = move || worker_thread(&options, (quota, every), arrivals, &opened, inbox);
        let thread = thread::Builder::new().name("store-redis".into()).spawn(work).map_err(OpenError::Thread)?;
        let gone = |_| OpenError::Thread(std::io::Error::other("it ended"));
        let context = ready.recv().map_err(gone)??;
        let line = Arc::new(Semaphore::new(MOST_UNDER_WAY));
        Ok(Self { commands: Some(commands), context, line, thread: Mutex::new(Some(thread)) })
    }

    /// Settles values by name: of each name, the first value that any relay proposes stands. All that stand, also by other
    /// names. In Redis alone, since no other store is shared.
    pub fn settle(&self, proposed: BTreeMap<String, Vec<u8>>) -> Reply<BTreeMap<String, Vec<u8>>> {
        self.ask(|it| async move { it.settle(proposed).await })
    }

    /// Erases what was settled by these names.
    pub fn unsettle(&self, names: Vec<String>) -> Reply<()> {
        self.ask(|it| async move { it.unsettle(names).await })
    }

    /// Has the worker do something, unless too much is under way; its answer, or that it could not give one.
    fn ask<T: Send + 'static, F>(&self, work: impl FnOnce(Arc<Context>) -> F) -> Reply<T>
    where
        F: Future<Output = Result<T, Fault>> + Send + 'static,
    {
        let (Some(commands), Ok(place)) = (&self.commands, Arc::clone(&self.line).try_acquire_owned()) else {
            return Box::pin(std::future::ready(Err(Unavailable)));
        };
        let (answer, reply) = oneshot::channel();
        let work = work(Arc::clone(&self.context));
        let work = async move {
            if let Ok(value) = work.await {
                // Whoever asked may have gone.
                let _told = answer.send(value);
            }
            drop(place);
        };
        // A worker that is gone drops the request, and the answer with it.
        let _sent = commands.send(Command::Work(Box::pin(work)));
        Box::pin(async { reply.await.map_err(|_| Unavailable) })
    }
}

type Ready = std::sync::mpsc::SyncSender<Result<Arc<Context>, OpenError>>;

fn worker_thread(
    options: &Options,
    (quota, drain_every): (Quota, Duration),
    arrivals: Arc<dyn Arrivals>,
    opened: &Ready,
    commands: mpsc::UnboundedReceiver<Command>,
) {
    let runtime = match Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return drop(opened.send(Err(OpenError::Thread(error)))),
    };
    runtime.block_on(async {
        let replication = Replication::default();
        let connected = async {
            let connected = open::open(options).await?;
            replication.learn(&connected.link).await?;
            Ok(connected)
        };
        let connected = match connected.await {
            Ok(connected) => connected,
            Err(error) => return drop(opened.send(Err(error))),
        };
        let (others, news) = unbounded_channel();
        let context = Arc::new(Context {
            link: connected.link.clone(),
            keys: Keys::new(options.namespace.clone()),
            quota,
            durability: options.durability,
            rates: options.rates,
            drain_every,
            wake: Wake::new(arrivals, others),
            health: Arc::<Health>::default(),
            replication,
            swept: upkeep::Swept::default(),
        });
        if opened.send(Ok(Arc::clone(&context))).is_ok() {
            worker::run(connected, context, news, commands).await;
        }
    });
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.commands = None;
        if let Some(thread) = self.thread.get_mut().unwrap_or_else(PoisonError::into_inner).take() {
            // A thread that panicked has nothing more to finish.
            let _finished = thread.join();
        }
    }
}

impl Store for Redis {
    fn open_mailbox(&self, owner: MailboxOwner, kind: MailboxKind, at: Moment) -> Reply<Result<(), Denied>> {
        self.ask(|it| async move { it.open_mailbox(owner, kind, at).await })
    }

    fn deposit(&self, envelopes: Vec<NewEnvelope>, now: Hour) -> Reply<Vec<Kept>> {
        self.ask(|it| async move { it.deposit(envelopes, now).await })
    }

    fn page(&self, owner: MailboxOwner, range: Range, at: Moment) -> Reply<Result<Page, Denied>> {
        self.ask(|it| async move { it.page(owner, range, at).await })
    }

    fn acknowledge(&self, received: Vec<(MailboxOwner, Vec<EnvelopeId>)>, now: Hour) -> Reply<Vec<Result<(), Denied>>> {
        self.ask(|it| async move { it.acknowledge(received, now).await })
    }

    fn close_mailbox(&self, owner: MailboxOwner, now: Hour) -> Reply<Result<(), Denied>> {
        self.ask(|it| async move { it.close_mailbox(owner, now).await })
    }

    fn open_shelf(&self, owner: ShelfOwner, at: Moment) -> Reply<Result<(), Denied>> {
        self.ask(|it| async move { it.open_shelf(owner, at).await })
    }

    fn stock(&self, owner: ShelfOwner, items: NewItems, at: Moment) -> Reply<Result<(), NotStocked>> {
        self.ask(|it| async move { it.stock(owner, items, at).await })
    }

    fn count_items(&self, owner: ShelfOwner, now: Hour) -> Reply<Result<u16, Denied>> {
        self.ask(|it| async move { it.count_items(owner, now).await })
    }

    fn take(&self, shelf: ShelfOwner, now: Hour) -> Reply<Option<SealedItem>> {
        self.ask(|it| async move { it.take(shelf, now).await })
    }

    fn close_shelf(&self, owner: ShelfOwner, now: Hour) -> Reply<Result<(), Denied>> {
        self.ask(|it| async move { it.close_shelf(owner, now).await })
    }

    fn open_epoch(&self, epoch: Epoch, descriptor: Vec<u8>) -> Reply<EpochState> {
        self.ask(|it| async move { it.open_epoch(epoch, descriptor).await })
    }

    fn epochs(&self) -> Reply<BTreeMap<Epoch, EpochState>> {
        self.ask(|it| async move { it.epochs().await })
    }

    fn retire_epoch(&self, epoch: Epoch) -> Reply<bool> {
        self.ask(|it| async move { it.retire_epoch(epoch).await })
    }

    fn publish(&self, entry: NewEntry, today: Day) -> Reply<Result<Placed, NotPlaced>> {
        self.ask(|it| async move { it.publish(entry, today).await })
    }

    fn withdraw(&self, owner: EntryOwner) -> Reply<Result<(), Denied>> {
        self.ask(|it| async move { it.withdraw(owner).await })
    }

    fn bucket(&self, read: BucketRead) -> Reply<Result<Vec<Slot>, NoBucket>> {
        self.ask(|it| async move { it.bucket(read).await })
    }

    fn spend(&self, spends: Vec<Spend>) -> Reply<Vec<Spent>> {
        self.ask(|it| async move { it.spend(spends).await })
    }

    fn forget_spent(&self, today: Day) -> Reply<u64> {
        self.ask(|it| async move { it.forget_spent(today).await })
    }

    fn renew(&self, mailboxes: Vec<MailboxId>, at: Moment) -> Reply<()> {
        self.ask(|it| async move { it.renew(mailboxes, at).await })
    }

    fn expire(&self, now: Hour) -> Reply<bool> {
        self.ask(|it| async move { it.expire(now).await })
    }

    fn lapse(&self, today: Day) -> Reply<u64> {
        self.ask(|it| async move { it.lapse(today).await })
    }

    fn purge(&self, _now: Hour) -> Reply<()> {
        self.ask(|it| async move { it.purge().await })
    }

    fn shutdown(&self) -> Reply<()> {
        let (answer, reply) = oneshot::channel();
        if let Some(commands) = &self.commands {
            // A worker that is gone has nothing to finish, and drops the answer.
            let _sent = commands.send(Command::Stop(answer));
        }
        Box::pin(async { reply.await.map_err(|_| Unavailable) })
    }

    fn size(&self) -> Option<u64> {
        self.ready().then(|| self.context.health.bytes())
    }

    fn ready(&self) -> bool {
        self.context.health.is_ready()
    }

    /// Servers that do not answer in time are out, and whoever waits for them is told.
    fn stall(&self) -> Duration {
        // While the store is there its thread ends by panicking, or when it is shut down.
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        let has_ended = thread.as_ref().is_none_or(JoinHandle::is_finished);
        if has_ended { Duration::MAX } else { Duration::ZERO }
    }
}
