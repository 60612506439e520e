//! Keeps one's objects on the relay in order: opens, stocks, renews, replaces, closes.
//!
//! Each card with its shelf and front door has a connection of its own here, and so have the pairwise mailboxes.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::Transaction;
use sealpost_crypto::MessageId;
use sealpost_crypto::stocking::{RENEWAL_DAYS, Restock, restock};
use sealpost_wire::codec::{List, V1};
use sealpost_wire::request::{CloseMailbox, CountItems, OpenMailbox, OpenShelf, Refusal, Stock};
use sealpost_wire::time::Day;
use tokio::time::Instant;

use super::context::Context;
use super::health::{Part, Standing};
use super::sealing::add_mailbox;
use super::stocking::Maker;
use crate::clock;
use crate::contact::ContactState;
use crate::discovery::kept_on;
use crate::net::{Backoff, NetError, OwnerConnection, Reach};
use crate::store::mailboxes::{OwnMailbox, Purpose};
use crate::store::shelves::OwnCard;
use crate::store::{StoreError, contacts, entries, inbox, lookups, mailboxes, outbox, shelves};

/// How often the items on a shelf are counted.
const COUNT_EVERY: Duration = Duration::from_secs(600);
/// How often what is due by the day is looked for.
const DAILY_EVERY: Duration = Duration::from_secs(3_600);
/// How often the relay's manifest is fetched anew: only so is a new operator key noticed whose certificate is the old one.
const MANIFEST_EVERY: Duration = Duration::from_secs(86_400);
const FIRST_WAIT: Duration = Duration::from_millis(200);
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// A relay keeps an envelope for so long when its manifest does not say longer.
const TIME_TO_LIVE: Duration = Duration::from_secs(14 * 86_400);
/// After a time to live, a relay's rounding and clocks are allowed for.
const MARGIN_DAYS: u32 = 3;

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

/// Runs until the engine stops.
pub(super) async fn run(context: Context) {
    let mut upkeep = Upkeep { context, counted: HashMap::new(), daily: None, manifest: None };
    let stop = upkeep.context.stop.clone();
    let mut backoff = Backoff::new(FIRST_WAIT, LONGEST_WAIT);
    upkeep.stands(Standing::Offline);
    while !stop.is_cancelled() {
        upkeep.context.beats.mark_unchanged();
        let Some(outcome) = stop.run_until_cancelled(upkeep.round()).await else { break };
        let Some(trouble) = outcome.err() else {
            backoff.succeeded();
            upkeep.stands(Standing::CaughtUp);
            upkeep.rest().await;
            continue;
        };
        upkeep.stands(Standing::Offline);
        match &trouble {
            Trouble::Network(error) => upkeep.context.note(error),
            Trouble::Store(error) => upkeep.context.note_store(error),
        }
        let pause = backoff.after_failure(None, &mut rand::rng());
        let _stopped = stop.run_until_cancelled(tokio::time::sleep(pause)).await;
    }
}

struct Upkeep {
    context: Context,
    /// When each card's items were counted.
    counted: HashMap<i64, Instant>,
    daily: Option<Instant>,
    /// When the relay's manifest was fetched.
    manifest: Option<Instant>,
}

/// What there is to keep in order.
struct Estate {
    cards: Vec<(OwnCard, OwnMailbox)>,
    to_open: Vec<OwnMailbox>,
    to_close: Vec<OwnMailbox>,
}

impl Upkeep {
    async fn round(&mut self) -> Result<(), Trouble> {
        if self.daily.is_none_or(|last| last.elapsed() >= DAILY_EVERY) {
            self.context.blocking(|shared| shared.store.write(|tx| daily(tx, clock::today()))).await?;
            self.daily = Some(Instant::now());
        }
        self.renew_manifest().await;
        let estate = self.context.blocking(|shared| shared.store.read(estate)).await?;
        let mut outcome = self.pairwise(estate.to_open, estate.to_close).await;
        for (card, door) in estate.cards {
            outcome = outcome.and(self.furnish(card, door).await);
        }
        outcome
    }

    /// Opens and stocks what a card leads to, unless the card was withdrawn meanwhile.
    async fn furnish(&mut self, card: OwnCard, door: OwnMailbox) -> Result<(), Trouble> {
        let (shared, row) = (Arc::clone(&self.context.shared), card.row);
        let _furnishing = shared.furnishing.lock().await;
        let is_there = self.context.blocking(move |shared| shared.store.read(|tx| shelves::by_row(tx, row))).await?;
        match is_there {
            Some(card) => match self.card(card, door).await {
                Err(Trouble::Store(StoreError::NoRow)) => Ok(()),
                outcome => outcome,
            },
            None => Ok(()),
        }
    }

    /// What goes wrong here is told, and is no reason to leave the rest undone.
    async fn renew_manifest(&mut self) {
        if self.manifest.is_some_and(|last| last.elapsed() < MANIFEST_EVERY) {
            return;
        }
        match self.context.shared.network.renew(self.context.relay(), Reach::Anywhere).await {
            Ok(_) => self.manifest = Some(Instant::now()),
            Err(error) => self.context.note(&error),
        }
    }

    /// Waits for a change of the store, or for the next thing that is due by the clock.
    async fn rest(&mut self) {
        tokio::select! {
            () = self.context.stop.cancelled() => {}
            _ = self.context.beats.changed() => {}
            () = tokio::time::sleep(COUNT_EVERY) => {}
        }
    }

    fn stands(&self, standing: Standing) {
        self.context.shared.health.set(Part::Upkeep, standing);
    }

    async fn connect(&self) -> Result<OwnerConnection, NetError> {
        self.context.shared.network.owner(self.context.relay()).await
    }

    async fn pairwise(&self, open: Vec<OwnMailbox>, close: Vec<OwnMailbox>) -> Result<(), Trouble> {
        if open.is_empty() && close.is_empty() {
            return Ok(());
        }
        let mut connection = self.connect().await?;
        for mailbox in open {
            self.open_mailbox(&mut connection, mailbox).await?;
        }
        for mailbox in close {
            let request = CloseMailbox { version: V1, mailbox: mailbox.id(), collect: mailbox.collect };
            match connection.call(&request).await {
                Ok(_) => {}
                Err(error) if is_unknown(&error) => {}
                Err(error) => return Err(error.into()),
            }
            self.write(move |tx| mailboxes::remove(tx, mailbox.row)).await?;
        }
        Ok(())
    }

    async fn open_mailbox(&self, connection: &mut OwnerConnection, mailbox: OwnMailbox) -> Result<(), Trouble> {
        let (id, kind, collect) = (mailbox.id(), mailbox.kind(), mailbox.collect);
        connection.call(&OpenMailbox { version: V1, mailbox: id, collect, kind, ticket: None }).await?;
        let (row, purpose, today) = (mailbox.row, mailbox.purpose, clock::today());
        self.write(move |tx| {
            mailboxes::set_opened(tx, row, today)?;
            announce(tx, &purpose)
        })
        .await
    }

    async fn card(&mut self, card: OwnCard, door: OwnMailbox) -> Result<(), Trouble> {
        let counted = self.counted.get(&card.row).is_some_and(|last| last.elapsed() < COUNT_EVERY);
        let today = clock::today();
        let fresh = card.counted.is_some_and(|left| restock(card.renewed, left, today) == Restock::Nothing);
        if card.opened && door.opened.is_some() && counted && fresh {
            return Ok(());
        }
        let mut connection = self.connect().await?;
        if door.opened.is_none() {
            self.open_mailbox(&mut connection, door).await?;
        }
        self.open_shelf(&mut connection, &card).await?;
        match self.stock(&mut connection, &card).await {
            // It has lapsed, or the relay was set up anew.
            Err(Trouble::Network(error)) if is_unknown(&error) => {
                self.write(move |tx| shelves::set_lapsed(tx, card.row)).await?;
                Err(error.into())
            }
            outcome => outcome,
        }
    }

    async fn open_shelf(&self, connection: &mut OwnerConnection, card: &OwnCard) -> Result<(), Trouble> {
        if card.opened {
            return Ok(());
        }
        let shelf = self.shelf(card);
        connection.call(&OpenShelf { version: V1, shelf, stock: card.stock.clone(), ticket: None }).await?;
        let row = card.row;
        self.write(move |tx| shelves::set_opened(tx, row)).await
    }

    async fn stock(&mut self, connection: &mut OwnerConnection, card: &OwnCard) -> Result<(), Trouble> {
        let (shelf, row) = (self.shelf(card), card.row);
        let count = CountItems { version: V1, shelf, stock: card.stock.clone() };
        let left = connection.call(&count).await?.items;
        self.write(move |tx| shelves::set_counted(tx, row, left)).await?;
        let need = restock(card.renewed, left, clock::today());
        if need != Restock::Nothing {
            self.fill(connection, card, need, left).await?;
        }
        self.counted.insert(row, Instant::now());
        Ok(())
    }

    async fn fill(
        &self,
        connection: &mut OwnerConnection,
        card: &OwnCard,
        need: Restock,
        left: u16,
    ) -> Result<(), Trouble> {
        let known = self.context.shared.network.relay(self.context.relay(), Reach::Anywhere).await?;
        let hours = known.manifest.retention.envelope_hours;
        let time_to_live = Duration::from_secs(u64::from(hours) * 3_600).max(TIME_TO_LIVE);
        let made = card.clone();
        let make = move |shared: &super::context::Shared| {
            let (local, relay, now) = (&shared.local, &shared.inner.own.relay, clock::now());
            Maker { local, relay, now, time_to_live }.make(&shared.store, &made, need)
        };
        let load = self.context.blocking(make).await?;
        let replace = matches!(need, Restock::Renew(_));
        let added = u16::try_from(load.items.len()).unwrap_or(u16::MAX);
        let items = List::new(load.items).unwrap_or_default();
        let (shelf, stock, row) = (self.shelf(card), card.stock.clone(), card.row);
        connection.call(&Stock { version: V1, shelf, stock, items, last: load.last, replace }).await?;
        let today = clock::today();
        self.write(move |tx| match replace {
            true => shelves::set_renewed(tx, row, today, added),
            false => shelves::set_counted(tx, row, left.saturating_add(added)),
        })
        .await
    }

    fn shelf(&self, card: &OwnCard) -> sealpost_wire::ShelfId {
        card.card(self.context.relay(), self.context.shared.local.key().hash()).shelf()
    }

    async fn write(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<(), StoreError> + Send + 'static,
    ) -> Result<(), Trouble> {
        self.context.blocking(move |shared| shared.store.write(work)).await?;
        self.context.changed();
        Ok(())
    }
}

fn estate(tx: &Transaction<'_>) -> Result<Estate, StoreError> {
    let (mut to_open, mut to_close, mut doors) = (Vec::new(), Vec::new(), HashMap::new());
    for mailbox in mailboxes::to_keep_up(tx)? {
        match mailbox.purpose {
            Purpose::FrontDoor { card } => drop(doors.insert(card, mailbox)),
            Purpose::Pairwise { .. } if mailbox.closing => to_close.push(mailbox),
            Purpose::Pairwise { .. } if mailbox.opened.is_none() => to_open.push(mailbox),
            Purpose::Pairwise { .. } => {}
        }
    }
    let cards = shelves::all(tx)?.into_iter();
    let cards = cards.filter_map(|card| doors.remove(&card.row).map(|door| (card, door))).collect();
    Ok(Estate { cards, to_open, to_close })
}

/// What is due by the day: replaces mailboxes, closes replaced ones, erases what has had its time.
fn daily(tx: &Transaction<'_>, today: Day) -> Result<(), StoreError> {
    let days = |span: u32| Day(today.0.saturating_sub(span));
    let lifetime = u32::try_from(TIME_TO_LIVE.as_secs() / 86_400).unwrap_or(u32::MAX);
    mailboxes::close_superseded(tx, days(lifetime))?;
    for contact in mailboxes::due_for_rotation(tx, days(RENEWAL_DAYS))? {
        add_mailbox(tx, contact)?;
    }
    shelves::erase_expired(tx, today)?;
    let (first, last) = kept_on(today);
    lookups::erase_beyond(tx, first, last)?;
    entries::erase_beyond(tx, first, last)?;
    inbox::forget_before(tx, days(lifetime + MARGIN_DAYS))
}

/// A fresh mailbox is named to its contact with the next message; when none waits, by a message made for it.
fn announce(tx: &Transaction<'_>, purpose: &Purpose) -> Result<(), StoreError> {
    let Purpose::Pairwise { contact, generation: 2.., .. } = *purpose else { return Ok(()) };
    let peer = contacts::peer(tx, contact)?;
    let reachable = peer.state == ContactState::Accepted && peer.address.is_some();
    if reachable && outbox::count_for(tx, contact)? == 0 {
        outbox::enqueue(tx, contact, MessageId::random(&mut rand::rng()), None)?;
    }
    Ok(())
}

/// The relay knows no such object, or knows it under another key: the two look alike.
fn is_unknown(error: &NetError) -> bool {
    matches!(error, NetError::Refused(refused) if matches!(refused.reason, Refusal::Denied | Refusal::Gone))
}
