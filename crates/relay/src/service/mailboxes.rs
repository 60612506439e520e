//! Mailboxes: open, deposit, collect, acknowledge, close.

use std::time::Instant;

use sealpost_wire::codec::{List, V1};
use sealpost_wire::request::{
    Acknowledge, CloseMailbox, ClosedReply, Collect, Collected, Deposit, Deposited, Done, MAX_BATCH, OpenMailbox,
    Outcome, Refusal,
};
use sealpost_wire::statement::{Closed, SignedDeletion};
use sealpost_wire::ticket::TicketKind;
use sealpost_wire::time::Hour;
use sealpost_wire::{CollectKey, EnvelopeId, MailboxId};

use super::in_flight::{Room, Underway};
use super::tickets::Standing;
use super::{Denial, Inner, Relay, STORE_OUT};
use crate::at_rest;
use crate::store::{Denied, Kept, MailboxOwner, NewEnvelope, Range};

/// How long whoever is too fast by the counts of other relays waits, in seconds: they count by the hour.
const ELSEWHERE: u16 = 600;
/// How long whoever comes when too much is in flight waits, in seconds: it is a matter of less than one.
const CROWDED: u16 = 1;
/// The most bytes of envelopes in one reply to a collect.
const PAGE_BYTES: usize = 1024 * 1024;

impl Relay {
    /// Opens a mailbox; the same again changes nothing.
    ///
    /// # Errors
    /// *denied*, when it is open with another key; where there are tickets, *ticket needed* and *ticket spent*; *try later*.
    pub async fn open_mailbox(&self, request: OpenMailbox) -> Result<Done, Denial> {
        self.0.pay(TicketKind::Mailbox, request.ticket.as_ref(), &request).await?;
        let owner = owner(request.mailbox, &request.collect);
        self.0.store.open_mailbox(owner, request.kind, self.0.moment()).await??;
        self.0.counts.mailboxes_opened.add(1);
        Ok(Done { version: V1 })
    }

    /// Deposits one envelope.
    pub async fn deposit(&self, request: Deposit) -> Deposited {
        let outcome = self.deposit_many(vec![request]).await.pop();
        outcome.unwrap_or_else(|| self.0.deposited(Fate::Admitted { wait: 0 }))
    }

    /// Deposits envelopes that came in together; one outcome for each, in their order.
    ///
    /// Completes at the end of the store's batch, whatever became of each.
    pub async fn deposit_many(&self, requests: Vec<Deposit>) -> Vec<Deposited> {
        self.begin_deposits(requests).await.outcomes().await
    }

    /// Hands envelopes that came in together to the store, behind all that were handed over before. Waits for its turn while
    /// too many bytes are in flight.
    pub async fn begin_deposits(&self, requests: Vec<Deposit>) -> Depositing {
        let room = self.0.in_flight.wait(&requests).await;
        self.hand_over(requests, room).await
    }

    /// The same for a sender of whom others wait already: where too many bytes are in flight, *try later*.
    pub async fn begin_more_deposits(&self, requests: Vec<Deposit>) -> Depositing {
        let room = self.0.in_flight.enter(&requests);
        self.hand_over(requests, room).await
    }

    async fn hand_over(&self, requests: Vec<Deposit>, room: Option<Room>) -> Depositing {
        let (relay, begun) = (self.clone(), Instant::now());
        let Some(room) = room else {
            let fates = requests.iter().map(|_| Fate::Slowed(CROWDED)).collect();
            return Depositing { relay, begun, fates, underway: Underway { reply: None, room: None } };
        };
        let now = self.0.hour();
        let standings = self.0.standings(&requests).await;
        let mut fates = Vec::with_capacity(requests.len());
        let mut envelopes = Vec::with_capacity(requests.len());
        for (request, standing) in requests.into_iter().zip(standings) {
            fates.push(self.0.admit(request, standing, now, &mut envelopes));
        }
        let underway = Underway { reply: Some(self.0.store.deposit(envelopes, now)), room: Some(room) };
        Depositing { relay, begun, fates, underway }
    }

    /// Erases what has been received, then reads what lies in a mailbox, oldest first, as far as there is room for the bytes of
    /// envelopes, and renews its lease.
    ///
    /// # Errors
    /// *denied*, *try later*.
    pub async fn collect(&self, request: Collect, room: usize) -> Result<Collected, Denial> {
        let owner = owner(request.mailbox, &request.collect);
        if !request.received.is_empty() {
            self.erase(owner, request.received).await?;
        }
        let envelopes = usize::from(request.max).min(MAX_BATCH);
        let range = Range { after: request.after, envelopes, bytes: room.min(PAGE_BYTES) };
        let page = self.0.store.page(owner, range, self.0.moment()).await??;
        self.0.counts.delivered.add(page.envelopes.len());
        // The range asked for no more than a list holds.
        let envelopes = List::new(page.envelopes).unwrap_or_default();
        Ok(Collected { version: V1, envelopes, more: page.more })
    }

    /// Erases what has been received.
    ///
    /// # Errors
    /// *denied*, *try later*.
    pub async fn acknowledge(&self, request: Acknowledge) -> Result<Done, Denial> {
        self.erase(owner(request.mailbox, &request.collect), request.ids).await?;
        Ok(Done { version: V1 })
    }

    async fn erase(&self, owner: MailboxOwner, ids: List<EnvelopeId, MAX_BATCH>) -> Result<(), Denial> {
        let ids = ids.into_vec();
        let count = ids.len();
        let answers = self.0.store.acknowledge(vec![(owner, ids)], self.0.hour()).await?;
        answers.into_iter().collect::<Result<(), Denied>>()?;
        self.0.counts.acknowledged.add(count);
        Ok(())
    }

    /// Closes a mailbox, erases everything in it and states so.
    ///
    /// # Errors
    /// *denied*, also when it is already closed; *try later*.
    pub async fn close_mailbox(&self, request: CloseMailbox) -> Result<ClosedReply, Denial> {
        let owner = owner(request.mailbox, &request.collect);
        self.0.store.close_mailbox(owner, self.0.hour()).await??;
        self.0.counts.mailboxes_closed.add(1);
        Ok(self.0.state(Closed::Mailbox(request.mailbox)))
    }
}

/// Envelopes that were handed to the store together, and what becomes of them.
pub struct Depositing {
    relay: Relay,
    begun: Instant,
    fates: Vec<Fate>,
    underway: Underway,
}

impl Depositing {
    /// One outcome for each, in their order, at the end of the store's batch.
    pub async fn outcomes(mut self) -> Vec<Deposited> {
        let is_kept = self.underway.reply.is_some();
        let kept = self.underway.settled().await;
        if is_kept {
            self.relay.0.in_flight.took(self.begun.elapsed());
        }
        settle(&mut self.fates, kept);
        self.fates.into_iter().map(|fate| self.relay.0.deposited(fate)).collect()
    }
}

pub(super) fn owner(id: MailboxId, collect: &CollectKey) -> MailboxOwner {
    MailboxOwner { id, collect: collect.hash() }
}

impl Inner {
    /// Checks the rate and seals the envelope under the key at rest, which is forgotten with the request.
    fn admit(&self, request: Deposit, standing: Standing, now: Hour, admitted: &mut Vec<NewEnvelope>) -> Fate {
        let (right, wait) = match standing {
            Standing::Comes(right, wait) => (right, wait),
            Standing::Refused => return Fate::Refused,
            Standing::Unknown(seconds) => return Fate::Slowed(seconds),
        };
        let mailbox = MailboxId::of(&request.deposit, &request.collect);
        if let Err(seconds) = self.rates.deposit(&mailbox) {
            return Fate::Slowed(seconds);
        }
        let Deposit { deposit, collect, id, envelope, .. } = request;
        let Some(sealed) = at_rest::seal(&deposit, &mailbox, &id, envelope) else { return Fate::Slowed(STORE_OUT) };
        admitted.push(NewEnvelope { mailbox, collect, id, sealed, expires: self.expiry(now), right });
        Fate::Admitted { wait }
    }

    pub(super) fn state(&self, closed: Closed) -> ClosedReply {
        ClosedReply { version: V1, statement: SignedDeletion::sign(closed, self.day(), &self.operator) }
    }

    fn deposited(&self, fate: Fate) -> Deposited {
        let (outcome, retry_after, count) = match fate {
            Fate::Settled(Kept::Kept) => (Outcome::Accepted, None, &self.counts.accepted),
            Fate::Settled(Kept::Full) => (Outcome::Full, None, &self.counts.full),
            Fate::Settled(Kept::Gone) => (Outcome::Gone, None, &self.counts.gone),
            Fate::Settled(Kept::Slowed) => (Outcome::TryLater, Some(STORE_OUT), &self.counts.slowed),
            Fate::Slowed(seconds) => (Outcome::TryLater, Some(seconds), &self.counts.slowed),
            Fate::Refused => (Outcome::TicketRefused, None, &self.counts.tickets_refused),
            Fate::Admitted { .. } => (Outcome::TryLater, Some(STORE_OUT), &self.counts.store_out),
        };
        count.add(1);
        Deposited { version: V1, outcome, retry_after }
    }
}

/// What became of one deposit so far.
enum Fate {
    /// It came too fast; it may be tried again in so many seconds.
    Slowed(u16),
    /// Its ticket is no good.
    Refused,
    /// It was handed to the store, which has not answered; when that finds it too fast, it may be tried again in so many
    /// seconds.
    Admitted { wait: u16 },
    /// The store has answered.
    Settled(Kept),
}

/// Gives those that were admitted the store's answers, in order; they stay as they are when it has none.
fn settle(fates: &mut [Fate], kept: Vec<Kept>) {
    let admitted = fates.iter_mut().filter(|fate| matches!(fate, Fate::Admitted { .. }));
    for (fate, kept) in admitted.zip(kept) {
        *fate = match (&*fate, kept) {
            // Where it is too fast by what other relays have counted, this one knows no better.
            (Fate::Admitted { wait: 0 }, Kept::Slowed) => Fate::Slowed(ELSEWHERE),
            (Fate::Admitted { wait }, Kept::Slowed) => Fate::Slowed(*wait),
            (_, kept) => Fate::Settled(kept),
        };
    }
}

impl From<Denied> for Denial {
    fn from(Denied: Denied) -> Self {
        Self::of(Refusal::Denied)
    }
}
