//! The lane of one contact: deposits what waits for them, in order, over connections that carry nothing else.

use std::time::Duration;

use sealpost_crypto::MessageId;
use sealpost_identity::CardRef;
use sealpost_wire::codec::V1;
use sealpost_wire::request::{Deposit, Deposited, Outcome, Refusal, Take};
use sealpost_wire::{Address, RelayRef, SealedItem, Ticket};

use super::context::{Context, Shared};
use super::health::{Part, Standing};
use super::sealing::{self, Introduced, Plan, Sealer};
use crate::clock;
use crate::contact::ContactId;
use crate::event::{Event, WaitReason};
use crate::message::{FailureReason, MessageState};
use crate::net::{Backoff, DepositSocket, NetError, Reach};
use crate::store::outbox::{SealedRow, Waiting};
use crate::store::{StoreError, outbox, tickets};

/// How long an idle lane keeps its connection for what may come next.
const LINGER: Duration = Duration::from_secs(10);
/// How often a door may lead to a mailbox that is gone before the contact counts as gone.
const GONE_DOORS: u32 = 3;
/// Waits for a contact whose mailbox is full, or whose relay is away, grow up to this.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
const FIRST_WAIT: Duration = Duration::from_millis(200);

/// What one contact's messages are doing.
pub(super) struct Lane {
    context: Context,
    contact: ContactId,
    link: Option<(RelayRef, DepositSocket)>,
    backoff: Backoff,
    gone_doors: u32,
    told: Option<WaitReason>,
}

/// What to do after a step.
enum Next {
    /// The next step.
    Step,
    /// Nothing, until something is put into the outbox.
    Rest,
    /// Wait until the store changes.
    Await(WaitReason),
    /// Try again after a while.
    Retry(Option<WaitReason>, Option<Duration>),
}

impl Lane {
    pub(super) fn new(context: Context, contact: ContactId) -> Self {
        let backoff = Backoff::new(FIRST_WAIT, LONGEST_WAIT);
        Self { context, contact, link: None, backoff, gone_doors: 0, told: None }
    }

    /// Runs until nothing has been waiting for some time, or the engine stops.
    pub(super) async fn run(mut self) -> ContactId {
        let stop = self.context.stop.clone();
        while !stop.is_cancelled() {
            self.context.beats.mark_unchanged();
            let goes_on = match self.step().await {
                Next::Step => true,
                Next::Rest => self.rest().await,
                Next::Await(reason) => self.wait(Some(reason), None).await,
                Next::Retry(reason, wish) => {
                    self.link = None;
                    let pause = self.backoff.after_failure(wish, &mut rand::rng());
                    self.wait(reason, Some(pause)).await
                }
            };
            if !goes_on {
                break;
            }
        }
        self.context.shared.health.remove(Part::Lane(self.contact));
        self.contact
    }

    async fn step(&mut self) -> Next {
        let contact = self.contact;
        let plan = self.store(move |shared| shared.seal(|sealer, tx| sealer.plan(tx, contact))).await;
        match plan {
            Err(next) => next,
            Ok(Plan::Nothing) => Next::Rest,
            Ok(Plan::AwaitReturnAddress) => {
                self.context.changed();
                Next::Await(WaitReason::NoReturnAddress)
            }
            Ok(Plan::GivenUp(messages, reason)) => self.report_failed(&messages, reason),
            Ok(Plan::Introduce(cards)) => self.introduce(cards).await,
            Ok(Plan::Deposit(batch)) => self.deposit(batch).await,
        }
    }

    async fn deposit(&mut self, batch: Vec<(Waiting, SealedRow)>) -> Next {
        let Some(target) = batch.first().map(|(_, sealed)| sealed.target.clone()) else { return Next::Rest };
        let tickets = match self.tickets(&target, &batch).await {
            Ok(tickets) => tickets,
            Err(next) => return next,
        };
        let outcomes = match self.exchange(&target, &batch, tickets).await {
            Ok(outcomes) => outcomes,
            Err(error) => return self.after_network_trouble(&error).await,
        };
        let (mut accepted, mut refused, mut used) = (Vec::new(), None, Vec::new());
        for ((row, sealed), outcome) in batch.into_iter().zip(outcomes) {
            let is_used = |done: &Deposited| matches!(done.outcome, Outcome::Accepted | Outcome::TicketRefused);
            used.extend(outcome.as_ref().is_ok_and(is_used).then(|| *sealed.id.as_bytes()));
            match outcome {
                Ok(Deposited { outcome: Outcome::Accepted, .. }) => accepted.push(row),
                other => refused = refused.or(Some(other)),
            }
        }
        let forget = move |shared: &Shared| {
            shared.store.write(|tx| used.iter().try_for_each(|purpose| tickets::forget_for(tx, purpose)))
        };
        if let Err(next) = self.store(forget).await {
            return next;
        }
        if let Err(next) = self.accept(accepted).await {
            return next;
        }
        match refused {
            None => self.progressed(),
            Some(Ok(deposited)) => self.after_refusal(&target, deposited).await,
            Some(Err(error)) => self.after_network_trouble(&error).await,
        }
    }

    /// The tickets for what goes to a front door, as far as the contact's item had some; nothing else needs any. The same
    /// envelope goes with the same ticket until it is answered.
    async fn tickets(&self, target: &Address, batch: &[(Waiting, SealedRow)]) -> Result<Vec<Option<Ticket>>, Next> {
        let (contact, issuer, today) = (self.contact, target.relay.operator, clock::today());
        let purposes: Vec<_> = batch.iter().map(|(_, sealed)| sealed.expires.map(|_| *sealed.id.as_bytes())).collect();
        if purposes.iter().all(Option::is_none) {
            return Ok(vec![None; batch.len()]);
        }
        self.store(move |shared| {
            shared.store.write(|tx| {
                let reserve = |purpose: &Option<[u8; 16]>| match purpose {
                    Some(purpose) => tickets::reserve_for(tx, contact, &issuer, today, purpose),
                    None => Ok(None),
                };
                purposes.iter().map(reserve).collect()
            })
        })
        .await
    }

    /// Deposits a batch in order, and gathers what became of each.
    async fn exchange(
        &mut self,
        target: &Address,
        batch: &[(Waiting, SealedRow)],
        tickets: Vec<Option<Ticket>>,
    ) -> Result<Vec<Result<Deposited, NetError>>, NetError> {
        let reach = self.reach(&target.relay).await;
        if self.context.shared.network.has_proxy() {
            return self.one_by_one(&target.relay, reach, batch, tickets).await;
        }
        let socket = self.socket(&target.relay, reach).await?;
        let mut pending = Vec::with_capacity(batch.len());
        for ((_, sealed), ticket) in batch.iter().zip(tickets) {
            pending.push(socket.deposit(deposit(sealed, ticket)).await?);
        }
        let mut outcomes = Vec::with_capacity(pending.len());
        for outcome in pending {
            outcomes.push(outcome.await);
        }
        Ok(outcomes)
    }

    /// The same through a proxy, up to the first that is not accepted: what comes behind it would come before it.
    async fn one_by_one(
        &self,
        relay: &RelayRef,
        reach: Reach,
        batch: &[(Waiting, SealedRow)],
        tickets: Vec<Option<Ticket>>,
    ) -> Result<Vec<Result<Deposited, NetError>>, NetError> {
        let mut connection = self.context.shared.network.sender(relay, reach).await?;
        let mut outcomes = Vec::with_capacity(batch.len());
        for ((_, sealed), ticket) in batch.iter().zip(tickets) {
            let outcome = connection.call(&deposit(sealed, ticket)).await;
            let goes_on = outcome.as_ref().is_ok_and(|deposited| deposited.outcome == Outcome::Accepted);
            outcomes.push(outcome);
            if !goes_on {
                break;
            }
        }
        Ok(outcomes)
    }

    async fn socket(&mut self, relay: &RelayRef, reach: Reach) -> Result<&DepositSocket, NetError> {
        if self.link.as_ref().is_none_or(|(linked, _)| linked != relay) {
            // The old connection ends before the new one begins: they are not to be seen together.
            self.link = None;
            let socket = self.context.shared.network.deposit_socket(relay, reach).await?;
            return Ok(&self.link.insert((relay.clone(), socket)).1);
        }
        self.link.as_ref().map(|(_, socket)| socket).ok_or(NetError::Closed)
    }

    /// Commits that a relay has accepted these, and tells.
    async fn accept(&mut self, accepted: Vec<Waiting>) -> Result<(), Next> {
        if accepted.is_empty() {
            return Ok(());
        }
        let messages = self
            .store(move |shared| {
                shared.store.write(|tx| {
                    let mut finished = Vec::new();
                    for row in &accepted {
                        if outbox::finish(tx, row, MessageState::Accepted)? {
                            finished.push(row.message);
                        }
                    }
                    Ok(finished)
                })
            })
            .await?;
        messages.into_iter().for_each(|message| self.context.tell(Event::Accepted(message)));
        Ok(())
    }

    async fn after_refusal(&mut self, target: &Address, deposited: Deposited) -> Next {
        let wish = deposited.retry_after.map(|seconds| Duration::from_secs(seconds.into()));
        match deposited.outcome {
            Outcome::Full => Next::Retry(Some(WaitReason::Full), wish),
            // It was thrown away; there may be another.
            Outcome::TicketRefused => Next::Step,
            Outcome::TryLater | Outcome::Accepted => Next::Retry(Some(WaitReason::TryLater), wish),
            Outcome::Gone => self.after_gone(target.clone()).await,
        }
    }

    async fn after_gone(&mut self, target: Address) -> Next {
        tracing::debug!("a mailbox is gone");
        let contact = self.contact;
        self.gone_doors += 1;
        if self.gone_doors > GONE_DOORS {
            return self.give_up(FailureReason::ContactGone).await;
        }
        let gone = move |shared: &Shared| shared.store.write(|tx| sealing::address_is_gone(tx, contact, &target));
        match self.store(gone).await {
            Ok(()) => Next::Step,
            Err(next) => next,
        }
    }

    /// Takes an item by the first card that leads anywhere.
    async fn introduce(&mut self, cards: Vec<CardRef>) -> Next {
        let mut failure = FailureReason::ContactGone;
        for card in cards {
            let item = match self.take(&card).await {
                Ok(item) => item,
                Err(NetError::Refused(refused)) if refused.reason == Refusal::Gone => continue,
                Err(error) => return self.after_network_trouble(&error).await,
            };
            let contact = self.contact;
            let introduced =
                self.store(move |shared| shared.seal(|sealer, tx| sealer.introduce(tx, contact, &card, &item))).await;
            match introduced {
                Err(next) => return next,
                Ok(Introduced::Done) => return Next::Step,
                Ok(Introduced::Expired) => return Next::Retry(Some(WaitReason::CardExpired), None),
                Ok(Introduced::Mismatch) => failure = FailureReason::CardMismatch,
            }
        }
        if failure == FailureReason::ContactGone {
            let contact = self.contact;
            let waits =
                move |shared: &Shared| shared.store.read(|tx| sealing::may_still_come(tx, contact, clock::now()));
            match self.store(waits).await {
                Ok(true) => return Next::Retry(Some(WaitReason::NotThereYet), None),
                Ok(false) => {}
                Err(next) => return next,
            }
        }
        self.give_up(failure).await
    }

    async fn take(&mut self, card: &CardRef) -> Result<SealedItem, NetError> {
        let reach = self.reach(&card.relay).await;
        let mut connection = self.context.shared.network.sender(&card.relay, reach).await?;
        let take = Take { version: V1, take: card.seed.take_key(), stock: card.stock };
        connection.call(&take).await.map(|taken| taken.item)
    }

    /// How far the way to this relay may go; where that cannot be told, no farther than to any relay.
    async fn reach(&self, relay: &RelayRef) -> Reach {
        let (contact, relay) = (self.contact, relay.clone());
        self.context.blocking(move |shared| shared.reach(contact, &relay)).await.unwrap_or(Reach::Public)
    }

    async fn after_network_trouble(&mut self, error: &NetError) -> Next {
        self.context.note(error);
        match error {
            NetError::Proxy(_) => {
                self.context.shared.health.set(Part::Lane(self.contact), Standing::after(error));
                Next::Retry(Some(WaitReason::NoProxy), None)
            }
            NetError::Tripwire(_) => self.give_up(FailureReason::Tripwire).await,
            NetError::Refused(refused) if is_final(refused.reason) => self.give_up(FailureReason::Refused).await,
            NetError::Refused(_) => Next::Retry(Some(WaitReason::TryLater), error.retry_after()),
            NetError::Trust(_) => Next::Retry(Some(WaitReason::NotTrusted), None),
            _ => Next::Retry(Some(WaitReason::Unreachable), None),
        }
    }

    async fn give_up(&mut self, reason: FailureReason) -> Next {
        let contact = self.contact;
        match self.store(move |shared| shared.store.write(|tx| sealing::give_up(tx, contact, reason))).await {
            Ok(Plan::GivenUp(messages, reason)) => self.report_failed(&messages, reason),
            Ok(_) => Next::Step,
            Err(next) => next,
        }
    }

    fn report_failed(&mut self, messages: &[MessageId], reason: FailureReason) -> Next {
        messages.iter().for_each(|message| self.context.tell(Event::Failed(*message, reason)));
        self.progressed()
    }

    fn progressed(&mut self) -> Next {
        self.context.shared.health.remove(Part::Lane(self.contact));
        self.backoff.succeeded();
        (self.told, self.gone_doors) = (None, 0);
        Next::Step
    }

    /// Works on the store; trouble with it is told, and tried again.
    async fn store<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Shared) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Next> {
        self.context.blocking(work).await.map_err(|error| {
            self.context.note_store(&error);
            Next::Retry(None, None)
        })
    }

    /// Whether something was put into the store before the lane's time is over.
    async fn rest(&mut self) -> bool {
        tokio::select! {
            () = self.context.stop.cancelled() => false,
            changed = self.context.beats.changed() => changed.is_ok(),
            () = tokio::time::sleep(LINGER) => false,
        }
    }

    /// Waits for the end of the pause, or for a change of the store where there is no pause. Whether to go on.
    async fn wait(&mut self, reason: Option<WaitReason>, pause: Option<Duration>) -> bool {
        if self.told != reason {
            reason.into_iter().for_each(|reason| self.context.tell(Event::Waiting(self.contact, reason)));
            self.told = reason;
        }
        let (changes, pause) = (pause.is_none(), pause.unwrap_or(LONGEST_WAIT));
        tokio::select! {
            () = self.context.stop.cancelled() => false,
            _ = self.context.beats.changed(), if changes => true,
            () = tokio::time::sleep(pause) => true,
        }
    }
}

impl Shared {
    /// Runs a sealer's work in one transaction.
    fn seal<T>(
        &self,
        work: impl FnOnce(&Sealer<'_>, &rusqlite::Transaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let sealer = Sealer { local: &self.local, now: clock::now() };
        self.store.write(|tx| work(&sealer, tx))
    }
}

fn deposit(sealed: &SealedRow, ticket: Option<Ticket>) -> Deposit {
    Deposit {
        version: V1,
        deposit: sealed.target.deposit.clone(),
        collect: sealed.target.collect,
        id: sealed.id,
        envelope: sealed.envelope.clone(),
        ticket,
    }
}

/// What no later try will change.
const fn is_final(reason: Refusal) -> bool {
    matches!(reason, Refusal::Malformed | Refusal::TicketNeeded | Refusal::TooLarge | Refusal::Version)
}
