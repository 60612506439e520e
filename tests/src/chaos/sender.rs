//! A sender: letters to some mailboxes at a steady pace, each until it is accepted, at whichever relay takes it.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use sealpost_wire::codec::{List, V1};
use sealpost_wire::frame::{DEPOSIT_SOCKET, DepositFrame, OutcomeFrame, Tagged, TaggedOutcome};
use sealpost_wire::request::Outcome;
use tokio::time::{sleep, timeout};

use super::client::Socket;
use super::ledger::Ledger;
use super::letter::Mailbox;
use super::load::{RELAYS, Signal};
use super::outage::Gap;
use crate::Result;

/// Letters that may wait at once to be accepted; beyond that none is written.
const MOST: usize = 64;
/// How long an answer may take before the other relay is asked.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long a relay may tell to try later before the other is asked.
const REFUSED: Duration = Duration::from_secs(2);
/// When a letter is tried again that was refused, and a relay that was not reached.
const AGAIN: Duration = Duration::from_millis(100);
/// From here on, a time without acceptance is noted.
const NOTED: Duration = Duration::from_millis(100);

/// A letter that is not accepted yet.
#[derive(Clone, Copy)]
struct Waiting {
    mailbox: usize,
    letter: u32,
    due: Instant,
    /// When it is to be sent.
    at: Instant,
}

/// One sender.
pub(super) struct Sender {
    relays: [SocketAddr; RELAYS],
    mailboxes: Vec<Arc<Mailbox>>,
    ledger: Arc<Ledger>,
    signal: Arc<Signal>,
    pace: Duration,
    /// To be sent.
    queue: VecDeque<Waiting>,
    /// Sent, by tag, and when.
    sent: BTreeMap<u32, (Waiting, Instant)>,
    tags: u32,
    letters: usize,
    accepted_at: Instant,
    refused_since: Option<Instant>,
}

impl Sender {
    pub(super) fn new(
        relays: [SocketAddr; RELAYS],
        mailboxes: Vec<Arc<Mailbox>>,
        (ledger, signal): (Arc<Ledger>, Arc<Signal>),
        pace: Duration,
    ) -> Self {
        let (queue, sent) = (VecDeque::new(), BTreeMap::new());
        let (accepted_at, refused_since) = (Instant::now(), None);
        let (tags, letters) = (0, 0);
        Self { relays, mailboxes, ledger, signal, pace, queue, sent, tags, letters, accepted_at, refused_since }
    }

    /// Writes until it is told to stop, then until everything is accepted.
    ///
    /// # Errors
    /// None of a relay or a connection: those are what is tried.
    pub(super) async fn run(mut self) -> Result<()> {
        for relay in (0..RELAYS).cycle() {
            if self.is_done() {
                break;
            }
            let Some(address) = self.relays.get(relay) else { break };
            match Socket::open(*address, DEPOSIT_SOCKET).await {
                Ok(socket) => drop(self.talk(socket).await),
                Err(_) => sleep(AGAIN).await,
            }
            self.take_back();
        }
        Ok(())
    }

    fn is_done(&self) -> bool {
        self.signal.is_enough() && self.queue.is_empty() && self.sent.is_empty()
    }

    /// Speaks with one relay until that fails, or the other may do better.
    async fn talk(&mut self, mut socket: Socket) -> Result<()> {
        self.refused_since = None;
        while !self.is_done() {
            self.write();
            if let Some(frame) = self.frame()? {
                socket.say(&frame).await?;
            }
            if let Ok(heard) = timeout(self.pace, socket.hear::<OutcomeFrame>()).await {
                for outcome in heard?.outcomes.into_vec() {
                    self.answer(outcome);
                }
            }
            if self.is_impatient() {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Writes what is due by the pace.
    fn write(&mut self) {
        if self.signal.is_enough() || self.queue.len() + self.sent.len() >= MOST {
            return;
        }
        let due = self.signal.started() + self.pace * u32::try_from(self.letters).unwrap_or(u32::MAX);
        let now = Instant::now();
        if due > now {
            return;
        }
        let place = self.letters % self.mailboxes.len().max(1);
        // Where much was not written in an outage, that is not made up for.
        let missed = now.duration_since(due).as_nanos() / self.pace.as_nanos().max(1);
        self.letters += 1 + usize::try_from(missed).unwrap_or_default();
        if let Some(mailbox) = self.mailboxes.get(place) {
            let letter = self.ledger.number(mailbox.number);
            self.queue.push_back(Waiting { mailbox: place, letter, due: now, at: now });
        }
    }

    /// All that may be sent now.
    fn frame(&mut self) -> Result<Option<DepositFrame>> {
        let now = Instant::now();
        let (due, rest): (Vec<_>, Vec<_>) = self.queue.drain(..).partition(|waiting| waiting.at <= now);
        self.queue.extend(rest);
        let mut deposits = Vec::new();
        for waiting in due {
            let Some(mailbox) = self.mailboxes.get(waiting.mailbox) else { continue };
            let deposit = mailbox.deposit(waiting.letter)?;
            self.tags = self.tags.wrapping_add(1);
            self.sent.insert(self.tags, (waiting, now));
            deposits.push(Tagged { tag: self.tags, deposit });
        }
        let deposits = List::new(deposits).map_err(|_| "more letters than a frame takes")?;
        Ok((!deposits.is_empty()).then_some(DepositFrame { version: V1, deposits }))
    }

    fn answer(&mut self, TaggedOutcome { tag, outcome, .. }: TaggedOutcome) {
        let Some((waiting, _)) = self.sent.remove(&tag) else { return };
        match outcome {
            Outcome::Accepted => return self.accept(waiting),
            Outcome::Gone => self.ledger.counts.denied.fetch_add(1, Ordering::Relaxed),
            _ => self.ledger.counts.refused.fetch_add(1, Ordering::Relaxed),
        };
        self.refused_since.get_or_insert_with(Instant::now);
        self.queue.push_back(Waiting { at: Instant::now() + AGAIN, ..waiting });
    }

    fn accept(&mut self, waiting: Waiting) {
        if let Some(mailbox) = self.mailboxes.get(waiting.mailbox) {
            self.ledger.accept(mailbox.number, waiting.letter, waiting.due);
        }
        let gap = Gap { from: self.accepted_at, until: Instant::now() };
        if gap.until.duration_since(gap.from) > NOTED {
            self.ledger.waited(gap);
        }
        (self.accepted_at, self.refused_since) = (gap.until, None);
    }

    fn is_impatient(&self) -> bool {
        let is_silent = self.sent.values().any(|(_, at)| at.elapsed() > PATIENCE);
        is_silent || self.refused_since.is_some_and(|since| since.elapsed() > REFUSED)
    }

    /// What became of letters that were not answered nobody knows: they are sent again, under the same ids.
    fn take_back(&mut self) {
        let sent = std::mem::take(&mut self.sent);
        self.queue.extend(sent.into_values().map(|(waiting, _)| waiting));
    }
}
