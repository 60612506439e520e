//! Collects mailboxes apart: asks for each on its own clock, through the proxy; opens, commits, and acknowledges with the next
//! request for that mailbox.
//!
//! Every request is for one envelope and, whatever comes of it, as long as any other, so that the proxy does not see who
//! receives something but where more than one envelope lay there.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use rusqlite::Transaction;
use sealpost_wire::EnvelopeId;
use sealpost_wire::codec::{List, V1};
use sealpost_wire::request::{Collect, Refusal};
use sealpost_wire::time::Day;
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;

use super::context::Context;
use super::health::{Part, Standing};
use super::opening::Arrival;
use crate::clock;
use crate::contact::ContactId;
use crate::net::NetError;
use crate::policy::{Attention, Schedule, in_front};
use crate::store::mailboxes::Collected;
use crate::store::{StoreError, mailboxes, relays};

/// How long to look for trouble with the store to pass, and the longest sleep when nothing is due.
const LONGEST_REST: Duration = Duration::from_secs(60);

/// Runs until the engine stops; does nothing where mailboxes are collected together.
pub(super) async fn run(context: Context) {
    if context.is_apart() {
        Poller::new(context).run().await;
    }
}

struct Poller {
    context: Context,
    looked_at: watch::Receiver<BTreeSet<ContactId>>,
    /// What the schedule's times are counted from.
    began: Instant,
    schedule: Schedule<i64>,
    /// What there is to know of each mailbox, by its row.
    known: HashMap<i64, Known>,
    polls: JoinSet<Polled>,
    /// How the way to one's relay stood when it was last gone.
    way: Standing,
}

#[derive(Default)]
struct Known {
    polling: bool,
    /// What is committed, and to be erased with the next request.
    received: Vec<EnvelopeId>,
    /// When it was asked for last, if nothing was left behind then.
    empty: Option<Instant>,
    /// Whether it is at one's home: a relay that is being moved away from may be away for ever.
    at_home: bool,
    /// The day on which it was noted to hold nothing more.
    drained: Option<Day>,
}

/// What came of a request for one mailbox.
struct Polled {
    row: i64,
    began: Instant,
    outcome: Result<Found, Trouble>,
}

struct Found {
    ids: Vec<EnvelopeId>,
    more: bool,
    drained: Option<Day>,
}

enum Trouble {
    Network(NetError),
    Store(StoreError),
}

impl From<NetError> for Trouble {
    fn from(error: NetError) -> Self {
        Self::Network(error)
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Poller {
    fn new(context: Context) -> Self {
        let inner = &context.shared.inner;
        let (looked_at, schedule) = (inner.looked_at.subscribe(), Schedule::new(inner.options.pace));
        let (known, polls, way) = (HashMap::new(), JoinSet::new(), Standing::Offline);
        Self { context, looked_at, began: Instant::now(), schedule, known, polls, way }
    }

    async fn run(mut self) {
        let stop = self.context.stop.clone();
        while !stop.is_cancelled() {
            self.context.beats.mark_unchanged();
            self.looked_at.mark_unchanged();
            if let Err(error) = self.synchronize().await {
                self.context.note_store(&error);
            }
            self.report();
            let due = self.schedule.next().map_or(LONGEST_REST, |due| due.saturating_sub(self.began.elapsed()));
            tokio::select! {
                () = stop.cancelled() => {}
                _ = self.context.beats.changed() => {}
                _ = self.looked_at.changed() => {}
                Some(polled) = self.polls.join_next() => self.after(polled).await,
                () = tokio::time::sleep(due.min(LONGEST_REST)) => self.poll_due(),
            }
        }
    }

    /// Gives new mailboxes a clock, and stops those of others.
    async fn synchronize(&mut self) -> Result<(), StoreError> {
        let look = |tx: &Transaction<'_>| Ok((mailboxes::collected(tx)?, relays::home(tx)?));
        let (rows, home) = self.context.blocking(move |shared| shared.store.read(look)).await?;
        let wanted = attention(&rows, &self.looked_at.borrow());
        self.known.retain(|row, _| wanted.contains_key(row));
        for mailbox in &rows {
            self.known.entry(mailbox.row).or_default().at_home = mailbox.relay == home;
        }
        self.schedule.set(&wanted, self.began.elapsed(), &mut rand::rng());
        Ok(())
    }

    /// Asks for the mailboxes whose time has come, each by itself, so that none waits for another.
    fn poll_due(&mut self) {
        while let Some(row) = self.schedule.take_due(self.began.elapsed(), &mut rand::rng()) {
            let Some(known) = self.known.get_mut(&row).filter(|known| !known.polling) else { continue };
            known.polling = true;
            let (context, received, drained) = (self.context.clone(), known.received.clone(), known.drained);
            self.polls.spawn(async move {
                let began = Instant::now();
                Polled { row, began, outcome: poll(&context, row, received, drained).await }
            });
        }
    }

    async fn after(&mut self, polled: Result<Polled, JoinError>) {
        let Ok(Polled { row, began, outcome }) = polled else {
            // It panicked, and its hook reported it.
            self.known.values_mut().for_each(|known| known.polling = false);
            return;
        };
        let Some(known) = self.known.get_mut(&row) else { return };
        known.polling = false;
        match outcome {
            Ok(Found { ids, more, drained }) => {
                self.way = if known.at_home { Standing::Online } else { self.way };
                (known.received, known.empty, known.drained) = (ids, (!more).then_some(began), drained);
                if more {
                    self.schedule.hasten(row, self.began.elapsed(), &mut rand::rng());
                }
            }
            Err(Trouble::Network(error)) => self.after_trouble(row, &error).await,
            Err(Trouble::Store(error)) => self.context.note_store(&error),
        }
    }

    async fn after_trouble(&mut self, row: i64, error: &NetError) {
        if !is_unknown(error) {
            let at_home = self.known.get(&row).is_some_and(|known| known.at_home);
            self.way = if at_home { Standing::after(error) } else { self.way };
            return self.context.note(error);
        }
        if let Err(error) = self.context.set_lapsed(vec![row]).await {
            self.context.note_store(&error);
        }
    }

    fn report(&self) {
        let at_home = self.known.values().filter(|known| known.at_home);
        let empty = at_home.map(|known| known.empty).collect::<Option<Vec<_>>>();
        let standing = if self.way == Standing::Online && empty.is_some() { Standing::CaughtUp } else { self.way };
        let health = &self.context.shared.health;
        health.set_empty_since(empty.and_then(|moments| moments.into_iter().min()));
        health.set(Part::Poller, standing);
    }
}

/// How each mailbox is asked for, when somebody looks at these conversations: of each of them, one is in front.
pub(super) fn attention(rows: &[Collected], looked_at: &BTreeSet<ContactId>) -> BTreeMap<i64, Attention> {
    let front = |contact: &ContactId| {
        in_front(rows.iter().filter(|mailbox| mailbox.contact == Some(*contact)).map(Collected::held))
    };
    let in_front: BTreeSet<i64> = looked_at.iter().filter_map(front).collect();
    let attention = |mailbox: &Collected| match mailbox.row {
        row if in_front.contains(&row) => Attention::Foreground,
        _ if mailbox.is_door() => Attention::Door,
        _ => Attention::Background,
    };
    rows.iter().map(|mailbox| (mailbox.row, attention(mailbox))).collect()
}

/// Asks for one envelope; what came before is erased by the same request.
async fn poll(context: &Context, row: i64, received: Vec<EnvelopeId>, drained: Option<Day>) -> Result<Found, Trouble> {
    let mailbox = context.blocking(move |shared| shared.store.read(|tx| mailboxes::by_row(tx, row))).await?;
    let Some(mailbox) = mailbox else { return Ok(Found { ids: Vec::new(), more: false, drained }) };
    let received = List::new(received).unwrap_or_default();
    let (id, collect) = (mailbox.id(), mailbox.collect);
    let request = Collect { version: V1, mailbox: id, collect, after: 0, max: 1, received };
    let page = context.shared.network.owner(&mailbox.relay).await?.call(&request).await?;
    let (more, today) = (page.more, clock::today());
    let arrivals: Vec<_> =
        page.envelopes.into_vec().into_iter().map(|stored| Arrival { mailbox: row, stored }).collect();
    let ids = arrivals.iter().map(|arrival| arrival.stored.id).collect();
    if !arrivals.is_empty() {
        context.open(arrivals).await?;
    }
    if more || drained == Some(today) {
        return Ok(Found { ids, more, drained });
    }
    let note = move |tx: &Transaction<'_>| mailboxes::set_drained(tx, row, today);
    context.blocking(move |shared| shared.store.write(note)).await?;
    Ok(Found { ids, more, drained: Some(today) })
}

/// The relay knows no such mailbox, or knows it under another key: the two look alike.
fn is_unknown(error: &NetError) -> bool {
    matches!(error, NetError::Refused(refused) if matches!(refused.reason, Refusal::Denied | Refusal::Gone))
}
