//! A sender whose deposits are requests, each by itself, many at once on one connection.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use sealpost_wire::EnvelopeId;
use sealpost_wire::request::Deposited;

use super::carrier::Carrier;
use super::mailboxes::Mailbox;
use super::mark::Mark;
use super::tally::{Posted, Tally};
use super::verify::Sent;
use crate::failure::Failure;

/// A mailbox in the hands of its asker.
pub struct Asked {
    /// Its number in the run.
    pub mailbox: u32,
    /// Its keys and its envelope.
    pub of: Arc<Mailbox>,
    /// What was sent there.
    pub sent: Sent,
}

/// A deposit that was answered.
struct Answered {
    at: usize,
    number: u32,
    due: u64,
    told: Deposited,
}

/// One such sender.
pub struct Asker {
    carrier: Carrier,
    mailboxes: Vec<Asked>,
    turn: usize,
    tally: Tally,
    under_way: FuturesUnordered<BoxFuture<'static, Result<Answered, Failure>>>,
}

impl Asker {
    /// An asker on a connection that is open.
    #[must_use]
    pub fn new(carrier: Carrier, mailboxes: Vec<Asked>, tally: Tally) -> Self {
        Self { carrier, mailboxes, turn: 0, tally, under_way: FuturesUnordered::new() }
    }

    /// Sends until the phase says that it is enough, or the pace does, and all was answered.
    ///
    /// # Errors
    /// [`Failure`]: a deposit that is not accepted ends the run too.
    pub async fn run(mut self) -> Result<Posted, Failure> {
        loop {
            for due in self.tally.due() {
                self.send(due)?;
            }
            if self.tally.is_done() {
                break;
            }
            self.wait().await?;
        }
        let sent = self.mailboxes.into_iter().map(|asked| (asked.mailbox, asked.sent)).collect();
        Ok(self.tally.posted(sent))
    }

    fn send(&mut self, due: u64) -> Result<(), Failure> {
        let at = self.turn;
        self.turn = (self.turn + 1) % self.mailboxes.len().max(1);
        let Some(asked) = self.mailboxes.get_mut(at) else { return Ok(()) };
        let (number, of) = (asked.sent.number(), Arc::clone(&asked.of));
        let id = EnvelopeId::from_bytes(Mark { mailbox: asked.mailbox, number, due }.id());
        let deposit = of.deposit(id).ok_or(Failure::NoFrame)?;
        let carrier = self.carrier.clone();
        let asks = async move { Ok(Answered { at, number, due, told: carrier.call(&deposit).await? }) };
        self.under_way.push(asks.boxed());
        Ok(())
    }

    async fn wait(&mut self) -> Result<(), Failure> {
        let answered = tokio::select! {
            Some(answered) = self.under_way.next() => answered?,
            () = self.tally.stirred() => return Ok(()),
        };
        self.note(&answered)?;
        while let Some(Some(answered)) = self.under_way.next().now_or_never() {
            self.note(&answered?)?;
        }
        Ok(())
    }

    fn note(&mut self, Answered { at, number, due, told }: &Answered) -> Result<(), Failure> {
        let now = self.tally.now();
        let is_accepted = self.tally.answer(*due, told.outcome, told.retry_after, now)?;
        if let Some(asked) = self.mailboxes.get_mut(*at).filter(|_| is_accepted) {
            asked.sent.accept(*number);
        }
        Ok(())
    }
}
