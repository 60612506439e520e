//! A sender that goes on: its connection may break, by its own will or another's, and its mailboxes change.
//!
//! What was not answered when a connection broke is deposited again on the next, in its order and before all else, as clients
//! do. What is put off is left out, and what is due waits while much is under way: a relay that is slow for a while is not to
//! be buried by what it could not take.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use rand::Rng;
use sealpost_wire::frame::{DEPOSIT_SOCKET, TaggedOutcome};
use sealpost_wire::request::Outcome;
use tokio::sync::{mpsc, oneshot};
use tokio::time::sleep;

use super::client::{Socket, Target};
use super::frames::{self, FIRST_TAG};
use super::mark::Mark;
use super::pace::Schedule;
use super::sender::Addressed;
use super::verify::{Sent, Wrong};
use crate::failure::Failure;
use crate::scenario::phase::Phase;

/// What a client reads at once.
const BUFFER: usize = 16 * 1024;
/// How often it is looked whether something is due.
const LOOK_EVERY: Duration = Duration::from_millis(2);
/// How long a relay is left alone that does not take a connection.
const PAUSE: Duration = Duration::from_millis(100);
/// The most that is under way.
const MOST_WAITING: usize = 1_024;
/// For how long a connection is kept, in ms.
const KEPT: RangeInclusive<u64> = 4_000..=12_000;

/// Another mailbox in the place of one.
pub struct Move {
    /// The one.
    pub from: u32,
    /// The other.
    pub to: Addressed,
    /// Told what was sent to the one, once all of it is answered.
    pub done: oneshot::Sender<Sent>,
}

struct Waiting {
    mailbox: u32,
    number: u32,
    due: u64,
}

/// A sender that goes on.
pub struct Postman {
    target: Target,
    phase: Arc<Phase>,
    schedule: Schedule,
    moves: mpsc::UnboundedReceiver<Move>,
    leaving: BTreeMap<u32, oneshot::Sender<Sent>>,
    mailboxes: BTreeMap<u32, Addressed>,
    /// The mailboxes that are written to, in turn.
    turns: Vec<u32>,
    turn: usize,
    /// By tag, and so in the order in which they were sent.
    waiting: BTreeMap<u32, Waiting>,
    next_tag: u32,
    accepted: Arc<AtomicU64>,
    done: Delivery,
}

/// What a postman did.
#[derive(Debug, Clone, Default)]
pub struct Delivery {
    /// By mailbox, of those that it has still.
    pub sent: Vec<(u32, Sent)>,
    /// Connections that it has had.
    pub connections: u64,
    /// Deposits that were accepted.
    pub accepted: u64,
    /// Deposits that the relay put off.
    pub put_off: u64,
}

impl Postman {
    /// One with those mailboxes, who is told of others.
    #[must_use]
    pub fn new(
        target: Target,
        phase: Arc<Phase>,
        schedule: Schedule,
        mailboxes: Vec<Addressed>,
        moves: mpsc::UnboundedReceiver<Move>,
    ) -> Self {
        let turns = mailboxes.iter().map(|addressed| addressed.mailbox).collect();
        let mailboxes = mailboxes.into_iter().map(|addressed| (addressed.mailbox, addressed)).collect();
        let (leaving, waiting, next_tag) = (BTreeMap::new(), BTreeMap::new(), FIRST_TAG);
        let done = Delivery::default();
        let accepted = Arc::default();
        Self { target, phase, schedule, moves, leaving, mailboxes, turns, turn: 0, waiting, next_tag, accepted, done }
    }

    /// How many of its deposits have been accepted, at any time.
    #[must_use]
    pub fn accepted(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.accepted)
    }

    /// Sends until the phase is over and all was answered, on as many connections as it takes.
    ///
    /// # Errors
    /// [`Failure`], but not that of a connection.
    pub async fn run(mut self) -> Result<Delivery, Failure> {
        while !self.is_done() {
            match self.connection().await {
                Ok(()) => {}
                Err(failure) if failure.is_of_the_connection() => sleep(PAUSE).await,
                Err(failure) => return Err(failure),
            }
        }
        let sent = self.mailboxes.into_iter().map(|(mailbox, addressed)| (mailbox, addressed.sent)).collect();
        Ok(Delivery { sent, accepted: self.accepted.load(Ordering::Relaxed), ..self.done })
    }

    fn is_done(&self) -> bool {
        self.phase.is_over() && self.waiting.is_empty()
    }

    /// One connection, from its beginning to the end of its time.
    async fn connection(&mut self) -> Result<(), Failure> {
        let mut socket = self.target.socket(DEPOSIT_SOCKET, BUFFER).await?;
        self.done.connections += 1;
        let unanswered: Vec<u32> = self.waiting.keys().copied().collect();
        for Waiting { mailbox, number, .. } in self.waiting.values() {
            if let Some(addressed) = self.mailboxes.get_mut(mailbox) {
                addressed.sent.send_again(*number);
            }
        }
        self.say(&mut socket, &unanswered).await?;
        let end = Instant::now() + Duration::from_millis(rand::rng().random_range(KEPT));
        while Instant::now() < end && !self.is_done() {
            self.change();
            let due = self.due();
            self.say(&mut socket, &due).await?;
            self.hear(&mut socket).await?;
        }
        Ok(())
    }

    fn change(&mut self) {
        while let Ok(Move { from, to, done }) = self.moves.try_recv() {
            self.turns.iter_mut().filter(|turn| **turn == from).for_each(|turn| *turn = to.mailbox);
            self.mailboxes.insert(to.mailbox, to);
            self.leaving.insert(from, done);
        }
        let is_waited_for = |mailbox| self.waiting.values().any(|waiting| waiting.mailbox == mailbox);
        let left: Vec<u32> = self.leaving.keys().copied().filter(|mailbox| !is_waited_for(*mailbox)).collect();
        for mailbox in left {
            if let (Some(done), Some(addressed)) = (self.leaving.remove(&mailbox), self.mailboxes.remove(&mailbox)) {
                // Whoever wanted to know may have ended with the run.
                let _told = done.send(addressed.sent);
            }
        }
    }

    /// Gives what is due its mailbox, number and tag.
    fn due(&mut self) -> Vec<u32> {
        let (mut tags, now) = (Vec::new(), self.phase.now());
        while self.waiting.len() < MOST_WAITING && !self.phase.is_over() {
            let Some(due) = self.schedule.due(now) else { break };
            self.turn = (self.turn + 1) % self.turns.len().max(1);
            let mailbox = self.turns.get(self.turn).copied().unwrap_or_default();
            let number = self.mailboxes.get_mut(&mailbox).map_or(0, |addressed| addressed.sent.number());
            self.waiting.insert(self.next_tag, Waiting { mailbox, number, due });
            tags.push(self.next_tag);
            self.next_tag += 1;
        }
        tags
    }

    async fn say(&self, socket: &mut Socket, tags: &[u32]) -> Result<(), Failure> {
        let prepared = |tag: &u32| {
            let Waiting { mailbox, number, due } = self.waiting.get(tag)?;
            let mark = Mark { mailbox: *mailbox, number: *number, due: *due };
            Some((self.mailboxes.get(mailbox)?.deposits.of(*number)?, *tag, mark.id()))
        };
        let frames = frames::packed(&tags.iter().filter_map(prepared).collect::<Vec<_>>());
        if frames.is_empty() { Ok(()) } else { socket.say(frames).await }
    }

    async fn hear(&mut self, socket: &mut Socket) -> Result<(), Failure> {
        let heard = tokio::select! {
            heard = socket.hear() => heard?,
            () = sleep(LOOK_EVERY) => return Ok(()),
        };
        self.note(&heard)?;
        while let Some(heard) = socket.hear().now_or_never() {
            self.note(&heard?)?;
        }
        Ok(())
    }

    fn note(&mut self, frame: &[u8]) -> Result<(), Failure> {
        frames::outcomes(frame)?.into_iter().try_for_each(|told| self.answer(told))
    }

    fn answer(&mut self, told: TaggedOutcome) -> Result<(), Failure> {
        let Waiting { mailbox, number, .. } = self.waiting.remove(&told.tag).ok_or(Wrong::Answer)?;
        match told.outcome {
            Outcome::Accepted => {
                self.accepted.fetch_add(1, Ordering::Relaxed);
                if let Some(addressed) = self.mailboxes.get_mut(&mailbox) {
                    addressed.sent.accept(number);
                }
                Ok(())
            }
            Outcome::TryLater => {
                self.done.put_off += 1;
                Ok(())
            }
            other => Err(Failure::NotAccepted(other)),
        }
    }
}
