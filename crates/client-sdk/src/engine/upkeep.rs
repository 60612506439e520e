//! Keeps one's objects on one relay in order: opens, stocks, renews, closes.
//!
//! Together, each card with its shelf and front door has a connection of its own here, and so has each pairwise mailbox. Apart,
//! everything is done at a random time of its own, and each request goes through the proxy by itself.

mod tickets;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rusqlite::Transaction;
use sealpost_crypto::stocking::{Restock, restock};
use sealpost_wire::RelayRef;
use sealpost_wire::codec::{List, V1};
use sealpost_wire::request::{CloseMailbox, CountItems, MAX_ITEMS, Refusal, Stock};
use tokio::time::Instant;

use super::context::Context;
use super::errands::{Errand, Errands};
use super::health::{Part, Standing};
use super::stocking::Maker;
use crate::clock;
use crate::error::ErrorKind;
use crate::event::Event;
use crate::net::{Backoff, NetError, OwnerConnection, Reach};
use crate::policy::Pace;
use crate::store::mailboxes::{OwnMailbox, Purpose};
use crate::store::relays::RelayId;
use crate::store::shelves::OwnCard;
use crate::store::{StoreError, mailboxes, relays, shelves};

/// How often the items on a shelf are counted.
const COUNT_EVERY: Duration = Duration::from_secs(600);
/// How often the relay's manifest is fetched anew: only so is a new operator key noticed whose certificate is the old one.
const MANIFEST_EVERY: Duration = Duration::from_secs(86_400);
const FIRST_WAIT: Duration = Duration::from_millis(200);
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// How many items are put on a shelf with one request through a proxy: with the last one, they fit the longest.
const AT_ONCE_APART: usize = 15;
/// A relay keeps an envelope for so long when its manifest does not say longer.
pub(crate) const TIME_TO_LIVE: Duration = Duration::from_secs(14 * 86_400);

enum Trouble {
    Network(NetError),
    Store(StoreError),
    /// There are no tickets.
    Tickets(ErrorKind),
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

/// Runs until the engine stops, or nothing is left to do on this relay.
pub(super) async fn run(context: Context, id: RelayId) -> RelayId {
    let stop = context.stop.clone();
    let mut backoff = Backoff::new(FIRST_WAIT, LONGEST_WAIT);
    let relay = loop {
        match context.blocking(move |shared| shared.store.read(|tx| relays::reference(tx, id))).await {
            Ok(relay) => break relay,
            Err(error) => context.note_store(&error),
        }
        let pause = backoff.after_failure(None, &mut rand::rng());
        if stop.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
            return id;
        }
    };
    let errands = Errands::new(context.is_apart());
    let mut upkeep = Upkeep {
        context,
        id,
        relay,
        errands,
        is_furnished: false,
        counted: HashMap::new(),
        manifest: None,
        forbidden: None,
        ticketless: None,
    };
    upkeep.stands(Standing::Offline);
    while !stop.is_cancelled() {
        upkeep.context.beats.mark_unchanged();
        let Some(outcome) = stop.run_until_cancelled(upkeep.round()).await else { break };
        match outcome {
            Ok(Next::End) => break,
            Ok(Next::Rest(due)) => {
                backoff.succeeded();
                let is_whole = upkeep.is_furnished && upkeep.ticketless.is_none();
                upkeep.stands(if is_whole { Standing::CaughtUp } else { Standing::Online });
                upkeep.rest(due).await;
            }
            Err(trouble) => {
                upkeep.note(&trouble);
                let pause = backoff.after_failure(None, &mut rand::rng());
                let _stopped = stop.run_until_cancelled(tokio::time::sleep(pause)).await;
            }
        }
    }
    upkeep.context.shared.health.remove(Part::Upkeep(id));
    id
}

struct Upkeep {
    context: Context,
    id: RelayId,
    relay: RelayRef,
    errands: Errands,
    /// Whether each card leads to a shelf with something on it.
    is_furnished: bool,
    /// When each card's items were counted.
    counted: HashMap<i64, Instant>,
    /// When the relay's manifest was fetched.
    manifest: Option<Instant>,
    /// The region in which nothing may be opened, of which the app was told.
    forbidden: Option<String>,
    /// Why there are no tickets, of which the app was told.
    ticketless: Option<ErrorKind>,
}

/// What there is to keep in order.
struct Estate {
    in_use: bool,
    cards: Vec<(OwnCard, OwnMailbox)>,
    to_open: Vec<OwnMailbox>,
    to_close: Vec<OwnMailbox>,
    /// When the next mailbox is to be opened or closed.
    due: Option<SystemTime>,
}

/// What to do after a round.
enum Next {
    /// Nothing, until the store changes or this time comes.
    Rest(Option<SystemTime>),
    /// Nothing any more.
    End,
}

impl Upkeep {
    async fn round(&mut self) -> Result<Next, Trouble> {
        self.errands.begin();
        self.renew_manifest().await;
        let (id, now) = (self.id, clock::now());
        let estate = self.context.blocking(move |shared| shared.store.read(|tx| estate(tx, id, now))).await?;
        if !estate.in_use {
            return Ok(Next::End);
        }
        let mut outcome = self.close_all(estate.to_close).await;
        self.is_furnished = self.is_region_allowed().await?;
        if self.is_furnished {
            outcome = outcome.and(self.open_all(estate.to_open).await);
            for (card, door) in estate.cards {
                outcome = outcome.and(self.furnish(card, door).await);
            }
        }
        if self.context.is_apart() {
            let all =
                self.context.blocking(move |shared| shared.store.read(|tx| self::estate(tx, id, now))).await?.cards;
            self.is_furnished &= all.iter().all(|(card, door)| card.renewed.is_some() && door.opened.is_some());
        }
        let refill = self.look_after_tickets().await;
        match outcome.and(refill) {
            Err(Trouble::Tickets(reason)) => self.tell_ticketless(Some(reason)),
            Err(trouble) => return Err(trouble),
            Ok(()) => self.tell_ticketless(None),
        }
        Ok(Next::Rest(estate.due))
    }

    /// Whether anything may be opened or put where the relay's signed manifest says that it keeps its data; told when not.
    async fn is_region_allowed(&mut self) -> Result<bool, Trouble> {
        let known = self.context.shared.network.relay(&self.relay, Reach::Anywhere).await?;
        let region = &known.manifest.region;
        let allowed = self.context.shared.inner.options.regions.allow(region);
        let is_news = self.forbidden.as_ref() != Some(region);
        self.forbidden = (!allowed).then(|| region.clone());
        if !allowed && is_news {
            self.context.tell(Event::RegionNotAllowed { relay: self.relay.host.clone(), region: region.clone() });
        }
        Ok(allowed)
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
        match self.context.shared.network.renew(&self.relay, Reach::Anywhere).await {
            Ok(_) => self.manifest = Some(Instant::now()),
            Err(error) => self.context.note(&error),
        }
    }

    /// Waits for a change of the store, or for the next thing that is due by the clock.
    async fn rest(&mut self, due: Option<SystemTime>) {
        let wait = due.map_or(COUNT_EVERY, |due| due.duration_since(clock::now()).unwrap_or_default().min(COUNT_EVERY));
        let wait = self.errands.next().map_or(wait, |next| next.min(wait));
        tokio::select! {
            () = self.context.stop.cancelled() => {}
            _ = self.context.beats.changed() => {}
            () = tokio::time::sleep(wait) => {}
        }
    }

    fn stands(&self, standing: Standing) {
        self.context.shared.health.set(Part::Upkeep(self.id), standing);
    }

    fn note(&self, trouble: &Trouble) {
        match trouble {
            Trouble::Network(error) => {
                self.stands(Standing::after(error));
                self.context.note(error);
            }
            Trouble::Store(error) => {
                self.stands(Standing::Offline);
                self.context.note_store(error);
            }
            // Told where the round ends.
            Trouble::Tickets(_) => {}
        }
    }

    async fn connect(&self) -> Result<OwnerConnection, NetError> {
        self.context.shared.network.owner(&self.relay).await
    }

    /// Each on a connection of its own, so that none is seen together with another.
    async fn open_all(&mut self, mut mailboxes: Vec<OwnMailbox>) -> Result<(), Trouble> {
        let pace = self.context.shared.inner.options.pace;
        mailboxes.retain(|mailbox| self.errands.is_due(Errand::Mailbox(mailbox.row), until_opened(mailbox, &pace)));
        for mailbox in mailboxes {
            let mut connection = self.connect().await?;
            self.open_mailbox(&mut connection, mailbox).await?;
        }
        Ok(())
    }

    async fn close_all(&mut self, mut mailboxes: Vec<OwnMailbox>) -> Result<(), Trouble> {
        let pace = self.context.shared.inner.options.pace;
        mailboxes.retain(|mailbox| self.errands.is_due(Errand::Mailbox(mailbox.row), pace.background));
        for mailbox in mailboxes {
            let row = mailbox.row;
            self.close_mailbox(mailbox).await?;
            self.errands.done(Errand::Mailbox(row));
        }
        Ok(())
    }

    async fn close_mailbox(&self, mailbox: OwnMailbox) -> Result<(), Trouble> {
        let request = CloseMailbox { version: V1, mailbox: mailbox.id(), collect: mailbox.collect };
        match self.connect().await?.call(&request).await {
            Ok(_) => {}
            Err(error) if is_unknown(&error) => {}
            Err(error) => return Err(error.into()),
        }
        self.write(move |tx| mailboxes::remove(tx, mailbox.row)).await
    }

    async fn open_mailbox(&mut self, connection: &mut OwnerConnection, mailbox: OwnMailbox) -> Result<(), Trouble> {
        let (id, kind, collect) = (mailbox.id(), mailbox.kind(), mailbox.collect);
        self.paid_mailbox(connection, id, kind, &collect).await?;
        let (row, today) = (mailbox.row, clock::today());
        self.errands.done(Errand::Mailbox(row));
        self.write(move |tx| mailboxes::set_opened(tx, row, today)).await
    }

    /// As [`Self::card`], apart: door and shelf each at its own time. A shelf is counted at random times too.
    async fn card_apart(&mut self, card: OwnCard, door: OwnMailbox) -> Result<(), Trouble> {
        let pace = self.context.shared.inner.options.pace;
        if door.opened.is_none() && self.errands.is_due(Errand::Mailbox(door.row), pace.errand) {
            let mut connection = self.connect().await?;
            self.open_mailbox(&mut connection, door).await?;
        }
        let (shelf, is_stocked) = (Errand::Shelf(card.row), card.opened && card.renewed.is_some());
        if self.errands.is_due(shelf, if is_stocked { COUNT_EVERY } else { pace.errand }) {
            let mut connection = self.connect().await?;
            self.care_for_shelf(&mut connection, &card).await?;
            self.errands.again(shelf, COUNT_EVERY);
        }
        Ok(())
    }

    async fn card(&mut self, card: OwnCard, door: OwnMailbox) -> Result<(), Trouble> {
        if self.context.is_apart() {
            return self.card_apart(card, door).await;
        }
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
        self.care_for_shelf(&mut connection, &card).await
    }

    async fn care_for_shelf(&mut self, connection: &mut OwnerConnection, card: &OwnCard) -> Result<(), Trouble> {
        let row = card.row;
        self.open_shelf(connection, card).await?;
        match self.stock(connection, card).await {
            // It has lapsed, or the relay was set up anew.
            Err(Trouble::Network(error)) if is_unknown(&error) => {
                self.write(move |tx| shelves::set_lapsed(tx, row)).await?;
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
        self.paid_shelf(connection, shelf, &card.stock).await?;
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
        let known = self.context.shared.network.relay(&self.relay, Reach::Anywhere).await?;
        let hours = known.manifest.retention.envelope_hours;
        let time_to_live = Duration::from_secs(u64::from(hours) * 3_600).max(TIME_TO_LIVE);
        let made = card.clone();
        let make = move |shared: &super::context::Shared| {
            let maker = Maker { local: &shared.local, now: clock::now(), time_to_live };
            maker.make(&shared.store, &made, need)
        };
        let load = self.context.blocking(make).await?;
        let (mut last, mut replace, mut left) = (load.last, matches!(need, Restock::Renew(_)), left);
        let (row, today, mut waiting) = (card.row, clock::today(), load.items);
        let at_once = if self.context.is_apart() { AT_ONCE_APART } else { MAX_ITEMS };
        while last.is_some() || !waiting.is_empty() {
            let rest = waiting.split_off(waiting.len().min(at_once));
            let added = u16::try_from(waiting.len()).unwrap_or(u16::MAX);
            let items = List::new(std::mem::replace(&mut waiting, rest)).unwrap_or_default();
            let (shelf, stock) = (self.shelf(card), card.stock.clone());
            connection.call(&Stock { version: V1, shelf, stock, items, last: last.take(), replace }).await?;
            left = if replace { added } else { left.saturating_add(added) };
            let renewed = std::mem::take(&mut replace);
            self.write(move |tx| match renewed {
                true => shelves::set_renewed(tx, row, today, left),
                false => shelves::set_counted(tx, row, left),
            })
            .await?;
        }
        Ok(())
    }

    fn shelf(&self, card: &OwnCard) -> sealpost_wire::ShelfId {
        card.card(self.context.shared.local.key().hash()).shelf()
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

fn estate(tx: &Transaction<'_>, relay: RelayId, now: SystemTime) -> Result<Estate, StoreError> {
    let (mut to_open, mut to_close, mut doors) = (Vec::new(), Vec::new(), HashMap::new());
    for mailbox in mailboxes::to_keep_up(tx, relay, now)? {
        match mailbox.purpose {
            Purpose::FrontDoor { card } => drop(doors.insert(card, mailbox)),
            Purpose::Pairwise { .. } | Purpose::Spare { .. } if mailbox.closing => to_close.push(mailbox),
            Purpose::Pairwise { .. } | Purpose::Spare { .. } => to_open.push(mailbox),
        }
    }
    let cards = shelves::all(tx)?.into_iter().filter(|card| !card.closing);
    let cards = cards.filter_map(|card| doors.remove(&card.row).map(|door| (card, door))).collect();
    let (in_use, due) = (relays::in_use(tx)?.contains(&relay), mailboxes::next_due(tx, relay, now)?);
    Ok(Estate { in_use, cards, to_open, to_close, due })
}

/// How long it takes in the mean, apart, until a mailbox is opened. A message waits for one that is made for a conversation, and
/// none for a spare.
const fn until_opened(mailbox: &OwnMailbox, pace: &Pace) -> Duration {
    match mailbox.purpose {
        Purpose::Spare { .. } => pace.background,
        Purpose::Pairwise { .. } | Purpose::FrontDoor { .. } => pace.errand,
    }
}

/// The relay knows no such object, or knows it under another key: the two look alike.
fn is_unknown(error: &NetError) -> bool {
    matches!(error, NetError::Refused(refused) if matches!(refused.reason, Refusal::Denied | Refusal::Gone))
}
