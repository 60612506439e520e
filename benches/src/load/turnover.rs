//! Mailboxes that are opened, used and closed, each within a moment, as many a second as are due.
//!
//! ```text
//! open ─▶ deposit × 4 ─▶ collect ─▶ compare ─▶ acknowledge; nothing more comes ─▶ close ─▶ deposit: gone
//! ```

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use sealpost_wire::codec::{List, V1};
use sealpost_wire::request::{Collect, Outcome, Stored};
use sealpost_wire::{EnvelopeId, SizeClass};
use tokio::time::sleep;

use super::carrier::Carrier;
use super::frames::Delivered;
use super::latency::Latency;
use super::mailboxes::Mailbox;
use super::mark::Mark;
use super::pace::{LOOK_EVERY, Schedule};
use super::verify::{self, Received, Sent, Wrong};
use crate::failure::Failure;
use crate::scenario::phase::Phase;
use crate::seal::Opening;

/// Envelopes for each mailbox.
pub const EACH: u32 = 4;
/// From here on these mailboxes have numbers of their own.
const NUMBERS: u32 = 2_000_000_000;

/// Connections of both sides, and how what comes is opened.
#[derive(Clone)]
pub struct Ends {
    /// Those who own mailboxes.
    pub owners: Carrier,
    /// Those who write to them.
    pub senders: Carrier,
    /// How what is delivered is opened.
    pub opening: Opening,
}

/// What came of it.
#[derive(Debug, Clone, Default)]
pub struct Turned {
    /// From when a mailbox was due to when it was open.
    pub open: Latency,
    /// From when it was due to when it was closed.
    pub life: Latency,
    /// How many came and went.
    pub count: u64,
}

/// One mailbox's life, in nanoseconds since the run began.
struct Life {
    due: u64,
    open: u64,
    closed: u64,
}

/// Does it until the phase is over and all are closed; what was due while it was measured is in the latencies.
///
/// # Errors
/// [`Failure`], also where something is missing, altered or still there.
pub async fn run(ends: &[Ends], mut schedule: Schedule, phase: &Arc<Phase>) -> Result<Turned, Failure> {
    let mut lives: FuturesUnordered<BoxFuture<'static, Result<Life, Failure>>> = FuturesUnordered::new();
    let (mut turned, mut number) = (Turned::default(), 0);
    while !phase.is_over() || !lives.is_empty() {
        while let Some(due) = schedule.due(phase.now()).filter(|_| !phase.is_over()) {
            let Some(ends) = ends.get(number as usize % ends.len().max(1)) else { break };
            lives.push(live(ends.clone(), NUMBERS + number, due, Arc::clone(phase)).boxed());
            number += 1;
        }
        tokio::select! {
            Some(life) = lives.next() => turned.note(&life?, phase),
            () = sleep(LOOK_EVERY.max(Duration::from_millis(1))) => {}
        }
    }
    Ok(turned)
}

impl Turned {
    fn note(&mut self, life: &Life, phase: &Phase) {
        self.count += 1;
        if phase.is_measured(life.due) {
            self.open.record(life.open.saturating_sub(life.due));
            self.life.record(life.closed.saturating_sub(life.due));
        }
    }
}

async fn live(ends: Ends, number: u32, due: u64, phase: Arc<Phase>) -> Result<Life, Failure> {
    let mailbox = Mailbox::random(SizeClass::Small);
    ends.owners.call(&mailbox.open()).await?;
    let open = phase.now();
    let mut sent = Sent::default();
    for _ in 0..EACH {
        let mark = Mark { mailbox: number, number: sent.number(), due };
        match deposit(&ends.senders, &mailbox, mark).await? {
            Outcome::Accepted => sent.accept(mark.number),
            other => return Err(Failure::NotAccepted(other)),
        }
    }
    let came = collect(&ends.owners, &mailbox, Vec::new()).await?;
    check(&mailbox, number, (&sent, &came), ends.opening)?;
    let again = collect(&ends.owners, &mailbox, came.iter().map(|stored| stored.id).collect()).await?;
    if !again.is_empty() {
        return Err(Wrong::Kept.into());
    }
    ends.owners.call(&mailbox.close()).await?;
    let closed = phase.now();
    let late = deposit(&ends.senders, &mailbox, Mark { mailbox: number, number: EACH, due }).await?;
    if late == Outcome::Gone { Ok(Life { due, open, closed }) } else { Err(Wrong::Kept.into()) }
}

async fn deposit(senders: &Carrier, mailbox: &Mailbox, mark: Mark) -> Result<Outcome, Failure> {
    let deposit = mailbox.deposit(EnvelopeId::from_bytes(mark.id())).ok_or(Failure::NoFrame)?;
    Ok(senders.call(&deposit).await?.outcome)
}

async fn collect(owners: &Carrier, mailbox: &Mailbox, received: Vec<EnvelopeId>) -> Result<Vec<Stored>, Failure> {
    let (collect, received) = (mailbox.collect.clone(), List::new(received).unwrap_or_default());
    let collect = Collect { version: V1, mailbox: mailbox.id(), collect, after: 0, max: 64, received };
    Ok(owners.call(&collect).await?.envelopes.into_vec())
}

/// Compares what came with what was sent, envelope by envelope.
fn check(mailbox: &Mailbox, number: u32, (sent, came): (&Sent, &[Stored]), opening: Opening) -> Result<(), Wrong> {
    let mut received = Received::default();
    for stored in came {
        let mark = Mark::of(&stored.id);
        if mark.mailbox != number {
            return Err(Wrong::Foreign);
        }
        received.take(mark)?;
        let (sequence, id, sealed) = (stored.sequence, stored.id, stored.sealed.as_bytes());
        if !opening.is_of(mailbox, &Delivered { channel: 0, sequence, id, sealed }) {
            return Err(Wrong::Altered);
        }
    }
    verify::compare([(sent, &received)])
}

#[cfg(test)]
mod tests {
    use sealpost_relay::at_rest;
    use sealpost_wire::Envelope;

    use super::*;

    fn stored(mailbox: &Mailbox, number: u32) -> Stored {
        let id = EnvelopeId::from_bytes(Mark { mailbox: 9, number, due: 0 }.id());
        let envelope = Envelope::new(mailbox.envelope(number).into()).unwrap();
        let sealed = at_rest::seal(&mailbox.deposit, &mailbox.id(), &id, envelope).unwrap();
        Stored { sequence: u64::from(number), id, sealed }
    }

    #[test]
    fn what_is_missing_in_disorder_anothers_or_altered_is_noticed() {
        let (mailbox, other) = (Mailbox::random(SizeClass::Small), Mailbox::random(SizeClass::Small));
        let mut sent = Sent::default();
        for _ in 0..2 {
            let number = sent.number();
            sent.accept(number);
        }
        let check = |number, came: &[Stored]| check(&mailbox, number, (&sent, came), Opening::AtRest);
        let [first, second] = [0, 1].map(|number| stored(&mailbox, number));
        assert_eq!(check(9, &[first.clone(), second.clone()]), Ok(()));
        assert_eq!(check(9, std::slice::from_ref(&second)), Err(Wrong::Lost(1)));
        assert_eq!(check(9, &[second, first.clone()]), Err(Wrong::Order));
        assert_eq!(check(8, std::slice::from_ref(&first)), Err(Wrong::Foreign));
        assert_eq!(check(9, &[first, stored(&other, 1)]), Err(Wrong::Altered));
    }
}
