//! The thread that orders all requests: what it decides one after the other, batches make durable together.

mod expiry;
mod listings;
mod mailboxes;
mod outage;
mod purge;
mod shelves;
mod spending;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use sealpost_wire::{MailboxId, ShelfId};
use tokio::sync::oneshot;

use super::batch::Batch;
use super::cache::{BatchNumber, Cache};
use super::committer::{Answer, Job};
use super::directory::Directory;
use super::disk::{Disk, Fault};
use super::{Options, Shared};
use crate::log::Event;
use crate::store::sequence::Blocks;
use crate::store::{Arrivals, Kept};
use mailboxes::Mailbox;
use shelves::Shelf;

/// How long each deposit waits for others, and for its acknowledgement, before it is written.
const LINGER: Duration = Duration::from_millis(2);
/// The same for each that waits, where there are many: so long their collectors need to be served.
const LINGER_EACH: Duration = Duration::from_micros(5);
/// No deposit waits longer than this for its acknowledgement.
const LONGEST_LINGER: Duration = Duration::from_millis(25);
/// Commands that are carried out before it is looked whether a batch is due.
const COMMANDS_AT_ONCE: usize = 64;

/// What the clerk is told.
pub(super) enum Command {
    /// A request.
    Work(Work),
    /// The committer is done with its batch: whether it is durable.
    Committed(bool),
    /// The store is being dropped.
    Stop,
}

pub(super) type Work = Box<dyn FnOnce(&mut Clerk) -> Result<(), Fault> + Send>;

/// Orders requests. It alone changes the index and fills batches.
pub(super) struct Clerk {
    options: Options,
    directory: Directory,
    shared: Arc<Shared>,
    arrivals: Arc<dyn Arrivals>,
    inbox: Receiver<Command>,
    /// Commands that come before those of the inbox, such as came while it waited for the committer.
    backlog: VecDeque<Command>,
    committer: Sender<Job>,
    mailboxes: Cache<MailboxId, Mailbox>,
    shelves: Cache<ShelfId, Shelf>,
    blocks: Blocks,
    pending: Batch,
    /// Who is answered when the pending batch is durable.
    answers: Vec<Waiting>,
    /// How many deposits are among them.
    deposits: usize,
    /// Whether one of them gains nothing from company.
    is_urgent: bool,
    /// The number of the pending batch.
    number: BatchNumber,
    /// When the first request of the pending batch came.
    begun: Option<Instant>,
    /// What the committer is writing.
    flushing: Option<Arc<Batch>>,
    expiring: Option<expiry::Cursor>,
    state: State,
    told_of_damage: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    /// The database failed; it was last tried to open it again then.
    Out(Instant),
    /// Closed for good.
    Closed,
}

/// Somebody who waits for an answer.
struct Waiting {
    /// Since when, for deposits.
    came: Option<Instant>,
    /// How many deposits it is about.
    deposits: usize,
    answer: Answer,
}

/// What of the pending batch is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// Deposits that have waited, and everything else.
    Ripe,
    /// Everything.
    Whole,
}

impl Clerk {
    pub(super) fn new(
        options: Options,
        directory: Directory,
        shared: Arc<Shared>,
        reserved: u64,
        arrivals: Arc<dyn Arrivals>,
        inbox: Receiver<Command>,
        committer: Sender<Job>,
    ) -> Self {
        Self {
            mailboxes: Cache::new(options.index_bytes),
            shelves: Cache::new(options.index_bytes / 4),
            options,
            directory,
            shared,
            arrivals,
            inbox,
            backlog: VecDeque::new(),
            committer,
            blocks: Blocks::behind(reserved),
            pending: Batch::default(),
            answers: Vec::new(),
            deposits: 0,
            is_urgent: false,
            number: 1,
            begun: None,
            flushing: None,
            expiring: None,
            state: State::Open,
            told_of_damage: false,
        }
    }

    /// Works until the store is dropped.
    pub(super) fn run(mut self) {
        loop {
            let mut command = self.wait();
            for _ in 0..COMMANDS_AT_ONCE {
                match command.take() {
                    None => break,
                    Some(Command::Work(work)) => self.work(work),
                    Some(Command::Committed(durable)) => self.committed(durable),
                    Some(Command::Stop) => return self.close(),
                }
                command = self.backlog.pop_front().or_else(|| self.inbox.try_recv().ok());
            }
            if let Some(next) = command {
                self.backlog.push_front(next);
            }
            self.reopen_if_out();
            self.submit_if_due();
            self.trim();
        }
    }

    /// The next command, if one comes before there is something else to do.
    fn wait(&mut self) -> Option<Command> {
        if let Some(command) = self.backlog.pop_front() {
            return Some(command);
        }
        let received = match self.patience() {
            None => self.inbox.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(patience) => self.inbox.recv_timeout(patience),
        };
        match received {
            Ok(command) => Some(command),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => Some(Command::Stop),
        }
    }

    fn patience(&self) -> Option<Duration> {
        match (self.state, self.begun) {
            (State::Out(tried), _) => Some(outage::PAUSE.saturating_sub(tried.elapsed())),
            (State::Open, Some(begun)) if self.flushing.is_none() => {
                Some(self.linger().saturating_sub(begun.elapsed()))
            }
            _ => None,
        }
    }

    /// Carries out a request. Dropping it, and its answer with it, is how it is told that the store is out.
    fn work(&mut self, work: Work) {
        if self.state != State::Open {
            return;
        }
        match work(self) {
            Ok(()) => {}
            Err(Fault::Damaged | Fault::Newer { .. }) => self.tell_of_damage(),
            Err(Fault::Database(_)) => self.fail(),
        }
        if self.begun.is_none() && self.has_pending() {
            self.begun = Some(Instant::now());
        }
    }

    /// Once: a line for each request would tell when somebody uses what is damaged.
    fn tell_of_damage(&mut self) {
        if !std::mem::replace(&mut self.told_of_damage, true) {
            Event::DamagedRow {}.log();
        }
    }

    fn submit_if_due(&mut self) {
        if self.flushing.is_some() {
            return;
        }
        let waited = self.begun.is_some_and(|begun| begun.elapsed() >= self.linger());
        if waited || self.is_urgent {
            self.submit(Part::Ripe);
        }
    }

    /// Hands the pending batch to the committer; deposits that have just come begin the next one.
    ///
    /// Whether a deposit is among them is told by when it came alone, and so is when it is answered.
    fn submit(&mut self, part: Part) {
        let linger = self.linger();
        self.begun = None;
        self.is_urgent = false;
        if !self.has_pending() {
            return;
        }
        let (mut batch, mut answers) = (std::mem::take(&mut self.pending), std::mem::take(&mut self.answers));
        self.number += 1;
        if let Some(cut) = Instant::now().checked_sub(linger).filter(|_| part == Part::Ripe) {
            self.pending = batch.split_off(cut);
            self.answers = answers.extract_if(.., |waiting| waiting.came.is_some_and(|came| came > cut)).collect();
            self.begun = self.answers.first().and_then(|waiting| waiting.came);
            self.pending.mailboxes().iter().for_each(|mailbox| self.mailboxes.hold(mailbox, self.number));
        }
        self.deposits = self.answers.iter().map(|waiting| waiting.deposits).sum();
        if answers.iter().any(|waiting| waiting.came.is_some()) {
            batch.note_deposit();
        }
        let batch = Arc::new(batch);
        self.flushing = Some(Arc::clone(&batch));
        let answers = answers.into_iter().map(|waiting| waiting.answer).collect();
        if self.committer.send((batch, answers)).is_err() {
            self.fail();
        }
    }

    fn has_pending(&self) -> bool {
        !self.pending.is_empty() || !self.answers.is_empty()
    }

    /// Answers a request when the pending batch is durable.
    fn answer<T: Send + 'static>(&mut self, answer: oneshot::Sender<T>, value: T) {
        self.answers.push(Waiting { came: None, deposits: 0, answer: Box::new(move || answer_now(answer, value)) });
    }

    /// Answers a deposit when it has waited, and the batch that it is in is durable.
    fn answer_deposits(&mut self, answer: oneshot::Sender<Vec<Kept>>, kept: Vec<Kept>, came: Instant) {
        let deposits = kept.len();
        self.deposits += deposits;
        self.answers.push(Waiting { came: Some(came), deposits, answer: Box::new(move || answer_now(answer, kept)) });
    }

    /// Told by how many deposits came, whatever became of them: were it told by what is still to be written, the time of
    /// an answer would say whether recipients are there.
    fn linger(&self) -> Duration {
        let deposits = u32::try_from(self.deposits).unwrap_or(u32::MAX);
        LINGER_EACH.saturating_mul(deposits).clamp(LINGER, LONGEST_LINGER)
    }

    /// The same, without waiting for company.
    fn answer_soon<T: Send + 'static>(&mut self, answer: oneshot::Sender<T>, value: T) {
        self.is_urgent = true;
        self.answer(answer, value);
    }

    fn committed(&mut self, durable: bool) {
        self.flushing = None;
        if !durable {
            self.fail();
        }
    }

    /// Forgets objects that are not in use and that the disk knows, also when they are only read.
    fn trim(&mut self) {
        let last_durable = self.number - 1 - BatchNumber::from(self.flushing.is_some());
        self.mailboxes.trim(last_durable);
        self.shelves.trim(last_durable);
    }

    /// Waits until everything decided so far is durable; commands that come meanwhile come later.
    fn settle(&mut self) -> Result<(), Fault> {
        self.wait_for_committer();
        self.submit(Part::Whole);
        self.wait_for_committer();
        if self.state == State::Open { Ok(()) } else { Err(Fault::Database(fjall::Error::Poisoned)) }
    }

    fn wait_for_committer(&mut self) {
        while self.flushing.is_some() {
            match self.inbox.recv() {
                Ok(Command::Committed(durable)) => self.committed(durable),
                Ok(command) => self.backlog.push_back(command),
                Err(_) => self.flushing = None,
            }
        }
    }

    fn disk<T>(&self, work: impl FnOnce(&Disk) -> Result<T, Fault>) -> Result<T, Fault> {
        self.shared.with(work)
    }
}

/// Gives an answer at once. Whoever asked may have gone; then nobody is to be told.
fn answer_now<T>(answer: oneshot::Sender<T>, value: T) {
    let _told = answer.send(value);
}
