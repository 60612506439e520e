//! A sender: one deposit socket and the mailboxes that it alone writes to, in turn.

use futures_util::FutureExt;
use sealpost_wire::frame::TaggedOutcome;

use super::client::Socket;
use super::frames::{self, Deposits, FIRST_TAG};
use super::mark::Mark;
use super::tally::{Posted, Tally};
use super::verify::{Sent, Wrong};
use crate::failure::Failure;

/// A mailbox in the hands of its sender.
pub struct Addressed {
    /// Its number in the run.
    pub mailbox: u32,
    /// What is deposited.
    pub deposits: Deposits,
    /// What was sent there.
    pub sent: Sent,
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
    tally: Tally,
    /// By tag.
    waiting: Vec<Option<Waiting>>,
    free: Vec<u32>,
}

impl Sender {
    /// A sender on a socket that is open.
    #[must_use]
    pub const fn new(socket: Socket, mailboxes: Vec<Addressed>, tally: Tally) -> Self {
        Self { socket, mailboxes, turn: 0, tally, waiting: Vec::new(), free: Vec::new() }
    }

    /// Sends until the phase says that it is enough, or the pace does, and all was answered.
    ///
    /// # Errors
    /// [`Failure`]: a deposit that is not accepted ends the run too.
    pub async fn run(mut self) -> Result<Posted, Failure> {
        loop {
            self.send().await?;
            if self.tally.is_done() {
                break;
            }
            self.wait().await?;
        }
        let sent = self.mailboxes.into_iter().map(|addressed| (addressed.mailbox, addressed.sent)).collect();
        Ok(self.tally.posted(sent))
    }

    /// Sends what is due, in one write.
    async fn send(&mut self) -> Result<(), Failure> {
        let due = self.tally.due();
        if due.is_empty() {
            return Ok(());
        }
        let mut batch = Vec::with_capacity(due.len());
        for due in due {
            batch.push(self.next(due));
        }
        let prepared = |(at, tag, mark): &(usize, u32, Mark)| {
            Some((self.mailboxes.get(*at)?.deposits.of(mark.number)?, *tag, mark.id()))
        };
        let frames = frames::packed(&batch.iter().filter_map(prepared).collect::<Vec<_>>());
        self.socket.say(frames).await
    }

    /// Gives one its mailbox, tag and mark.
    fn next(&mut self, due: u64) -> (usize, u32, Mark) {
        let at = self.turn;
        self.turn = (self.turn + 1) % self.mailboxes.len();
        let (mailbox, number) =
            self.mailboxes.get_mut(at).map_or((0, 0), |addressed| (addressed.mailbox, addressed.sent.number()));
        let tag = self.keep(Waiting { at, number, due });
        (at, tag, Mark { mailbox, number, due })
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
        let heard = tokio::select! {
            heard = self.socket.hear() => heard?,
            () = self.tally.stirred() => return Ok(()),
        };
        self.note(&heard)?;
        while let Some(heard) = self.socket.hear().now_or_never() {
            self.note(&heard?)?;
        }
        Ok(())
    }

    fn note(&mut self, frame: &[u8]) -> Result<(), Failure> {
        let now = self.tally.now();
        frames::outcomes(frame)?.into_iter().try_for_each(|outcome| self.answer(outcome, now))
    }

    fn answer(&mut self, told: TaggedOutcome, now: u64) -> Result<(), Failure> {
        let slot = told.tag.checked_sub(FIRST_TAG).ok_or(Wrong::Answer)?;
        let waiting = self.waiting.get_mut(slot as usize).and_then(Option::take).ok_or(Wrong::Answer)?;
        self.free.push(slot);
        let is_accepted = self.tally.answer(waiting.due, told.outcome, told.retry_after, now)?;
        if let Some(addressed) = self.mailboxes.get_mut(waiting.at).filter(|_| is_accepted) {
            addressed.sent.accept(waiting.number);
        }
        Ok(())
    }
}
