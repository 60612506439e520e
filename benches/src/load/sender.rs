//! A sender: one deposit socket and the mailboxes that it alone writes to, in turn.

use std::sync::Arc;

use futures_util::FutureExt;
use sealpost_wire::frame::TaggedOutcome;
use sealpost_wire::request::Outcome;
use tokio::sync::Notify;

use super::client::Socket;
use super::frames::{self, FIRST_TAG, Prepared};
use super::latency::Latency;
use super::mark::Mark;
use super::pace::Schedule;
use super::verify::{Sent, Wrong};
use super::window::{Window, room};
use crate::failure::Failure;
use crate::scenario::phase::Phase;

/// A mailbox in the hands of its sender.
pub struct Addressed {
    /// Its number in the run.
    pub mailbox: u32,
    /// Its deposit.
    pub prepared: Prepared,
    /// What was sent there.
    pub sent: Sent,
}

/// When the next deposit is sent.
pub enum Pace {
    /// As soon as fewer than so many are under way.
    Closed {
        /// The most.
        window: u64,
    },
    /// When it is due, whatever became of the others.
    Open {
        /// When that is.
        schedule: Box<Schedule>,
        /// Called whenever it should be looked.
        ticks: Arc<Notify>,
    },
    /// The same, but it bears being told to try later, and sends nothing until then.
    Patient {
        /// When deposits are due.
        schedule: Box<Schedule>,
        /// Called whenever it should be looked.
        ticks: Arc<Notify>,
        /// When it may send again, in nanoseconds since the run began.
        held: u64,
    },
    /// So many, with a window, then no more.
    Count {
        /// How many.
        left: u64,
        /// The most under way; delivery is not waited for.
        window: u64,
    },
}

/// A deposit that waits for its answer.
#[derive(Clone, Copy)]
struct Waiting {
    at: usize,
    number: u32,
    due: u64,
}

/// One sender.
pub struct Sender {
    socket: Socket,
    mailboxes: Vec<Addressed>,
    turn: usize,
    pace: Pace,
    window: Arc<Window>,
    phase: Arc<Phase>,
    /// By tag.
    waiting: Vec<Option<Waiting>>,
    free: Vec<u32>,
    sent: u64,
    answered: u64,
    latency: Latency,
    put_off: u64,
    held_back: u64,
}

/// What a sender has done.
pub struct Posted {
    /// By mailbox.
    pub sent: Vec<(u32, Sent)>,
    /// From when a deposit was due to its acceptance.
    pub latency: Latency,
    /// Deposits that the relay put off.
    pub put_off: u64,
    /// Deposits that were due, and not sent because of that.
    pub held_back: u64,
}

impl Sender {
    /// A sender on a socket that is open.
    #[must_use]
    pub fn new(socket: Socket, mailboxes: Vec<Addressed>, pace: Pace, window: Arc<Window>, phase: Arc<Phase>) -> Self {
        let (waiting, free, latency) = (Vec::new(), Vec::new(), Latency::default());
        let (sent, answered, put_off, held_back) = (0, 0, 0, 0);
        let turn = 0;
        Self {
            socket,
            mailboxes,
            turn,
            pace,
            window,
            phase,
            waiting,
            free,
            sent,
            answered,
            latency,
            put_off,
            held_back,
        }
    }

    /// Sends until the phase says that it is enough, or the pace does, and all was answered.
    ///
    /// # Errors
    /// [`Failure`]: a deposit that is not accepted ends the run too.
    pub async fn run(mut self) -> Result<Posted, Failure> {
        loop {
            self.send().await?;
            if self.is_done() {
                break;
            }
            self.wait().await?;
        }
        let sent = self.mailboxes.into_iter().map(|addressed| (addressed.mailbox, addressed.sent)).collect();
        Ok(Posted { sent, latency: self.latency, put_off: self.put_off, held_back: self.held_back })
    }

    fn is_done(&self) -> bool {
        let enough = self.phase.is_over() || matches!(self.pace, Pace::Count { left: 0, .. });
        enough && self.sent == self.answered
    }

    /// Sends what is due, in one write.
    async fn send(&mut self) -> Result<(), Failure> {
        let due = self.due();
        if due.is_empty() {
            return Ok(());
        }
        let mut batch = Vec::with_capacity(due.len());
        for due in due {
            batch.push(self.next(due));
        }
        let prepared = |(at, tag, id): &(usize, u32, [u8; 16])| Some((&self.mailboxes.get(*at)?.prepared, *tag, *id));
        let frames = frames::packed(&batch.iter().filter_map(prepared).collect::<Vec<_>>());
        self.socket.say(frames).await
    }

    /// When those were due that are to be sent now.
    fn due(&mut self) -> Vec<u64> {
        if self.phase.is_over() {
            return Vec::new();
        }
        let now = self.phase.now();
        let delivered = self.window.delivered();
        match &mut self.pace {
            Pace::Closed { window } => {
                let count = room(*window, self.sent, self.answered, delivered);
                std::iter::repeat_n(now, count as usize).collect()
            }
            Pace::Open { schedule, .. } => std::iter::from_fn(|| schedule.due(now)).collect(),
            Pace::Patient { schedule, held, .. } => {
                let due: Vec<u64> = std::iter::from_fn(|| schedule.due(now)).collect();
                if now >= *held {
                    return due;
                }
                self.held_back += due.len() as u64;
                Vec::new()
            }
            Pace::Count { left, window } => {
                let count = room(*window, self.sent, self.answered, u64::MAX).min(*left);
                *left -= count;
                std::iter::repeat_n(now, count as usize).collect()
            }
        }
    }

    /// Gives one its mailbox, tag and id.
    fn next(&mut self, due: u64) -> (usize, u32, [u8; 16]) {
        let at = self.turn;
        self.turn = (self.turn + 1) % self.mailboxes.len();
        let (mailbox, number) =
            self.mailboxes.get_mut(at).map_or((0, 0), |addressed| (addressed.mailbox, addressed.sent.number()));
        self.sent += 1;
        let tag = self.keep(Waiting { at, number, due });
        (at, tag, Mark { mailbox, number, due }.id())
    }

    fn keep(&mut self, waiting: Waiting) -> u32 {
        if let Some(slot) = self.free.pop() {
            if let Some(place) = self.waiting.get_mut(slot as usize) {
                *place = Some(waiting);
            }
            return FIRST_TAG + slot;
        }
        self.waiting.push(Some(waiting));
        FIRST_TAG + u32::try_from(self.waiting.len() - 1).unwrap_or(0)
    }

    /// Waits until something may be due, and hears all answers that are there.
    async fn wait(&mut self) -> Result<(), Failure> {
        let ticks = match &self.pace {
            Pace::Open { ticks, .. } | Pace::Patient { ticks, .. } => Some(Arc::clone(ticks)),
            Pace::Closed { .. } | Pace::Count { .. } => None,
        };
        let looks = async {
            match ticks {
                Some(ticks) => ticks.notified().await,
                None => self.window.moved().await,
            }
        };
        let heard = tokio::select! {
            heard = self.socket.hear() => heard?,
            () = looks => return Ok(()),
            () = self.phase.over(), if !self.phase.is_over() => return Ok(()),
        };
        self.note(&heard)?;
        while let Some(heard) = self.socket.hear().now_or_never() {
            self.note(&heard?)?;
        }
        Ok(())
    }

    fn note(&mut self, frame: &[u8]) -> Result<(), Failure> {
        let now = self.phase.now();
        frames::outcomes(frame)?.into_iter().try_for_each(|outcome| self.answer(outcome, now))
    }

    /// Whether this sender bears being told to try later. At a rate, that counts as a wait until then, at the least.
    fn is_put_off(&mut self, hint: Option<u16>, due: u64, now: u64) -> Result<bool, Failure> {
        let until = now + u64::from(hint.ok_or(Failure::NoHint)?) * 1_000_000_000;
        match &mut self.pace {
            Pace::Patient { held, .. } => *held = until,
            Pace::Open { .. } if self.phase.is_measured(due) => self.latency.record(until.saturating_sub(due)),
            Pace::Open { .. } => {}
            Pace::Closed { .. } | Pace::Count { .. } => return Ok(false),
        }
        self.put_off += 1;
        Ok(true)
    }

    fn answer(&mut self, told: TaggedOutcome, now: u64) -> Result<(), Failure> {
        let slot = told.tag.checked_sub(FIRST_TAG).ok_or(Wrong::Answer)?;
        let waiting = self.waiting.get_mut(slot as usize).and_then(Option::take).ok_or(Wrong::Answer)?;
        self.free.push(slot);
        self.answered += 1;
        if told.outcome == Outcome::TryLater && self.is_put_off(told.retry_after, waiting.due, now)? {
            return Ok(());
        }
        if told.outcome != Outcome::Accepted {
            return Err(Failure::NotAccepted(told.outcome));
        }
        if let Some(addressed) = self.mailboxes.get_mut(waiting.at) {
            addressed.sent.accept(waiting.number);
        }
        if self.phase.is_measured(waiting.due) {
            self.latency.record(now.saturating_sub(waiting.due));
        }
        Ok(())
    }
}
