//! A relay, an owner and a sender.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sealpost_wire::codec::{List, V1};
use sealpost_wire::frame::Subscribe;
use sealpost_wire::operator::OperatorSecret;
use sealpost_wire::request::{
    Acknowledge, CloseMailbox, Collect, Deposit, MailboxKind, OpenMailbox, OpenShelf, Outcome, Stock, Take,
};
use sealpost_wire::{
    CollectKey, DepositKey, Envelope, EnvelopeId, MailboxId, SealedItem, SizeClass, StockKey, TakeKey, Ticket,
};
use tempfile::TempDir;

use crate::clock::ManualClock;
use crate::service::{Relay, Settings};

pub(super) struct World {
    pub(super) relay: Relay,
    pub(super) clock: Arc<ManualClock>,
    pub(super) settings: Settings,
    pub(super) root: TempDir,
}

impl World {
    pub(super) fn new() -> Self {
        Self::with(|_| {})
    }

    /// With settings of its own.
    pub(super) fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let root = tempfile::tempdir().unwrap();
        let mut settings = Settings { directory: root.path().join("store"), ..Settings::default() };
        settings.memory.disk_reserve_bytes = 0;
        change(&mut settings);
        let clock = Arc::new(ManualClock::new(start()));
        let relay = Relay::open(settings.clone(), operator(), Arc::clone(&clock) as _).unwrap();
        Self { relay, clock, settings, root }
    }

    /// Ends the relay and opens it again.
    pub(super) fn restart(self) -> Self {
        let Self { relay, clock, settings, root } = self;
        drop(relay);
        let relay = Relay::open(settings.clone(), operator(), Arc::clone(&clock) as _).unwrap();
        Self { relay, clock, settings, root }
    }

    pub(super) fn wait(&self, hours: u64) {
        self.clock.advance(Duration::from_secs(hours * 3_600));
    }

    pub(super) async fn open(&self, mailbox: &Mailbox) {
        self.relay.open_mailbox(mailbox.open()).await.unwrap();
    }

    pub(super) async fn deposit(&self, mailbox: &Mailbox, number: u32) -> Outcome {
        self.relay.deposit(mailbox.deposit(number)).await.outcome
    }

    /// What lies in the mailbox, by number.
    pub(super) async fn lying(&self, mailbox: &Mailbox) -> Vec<u32> {
        let collected = self.relay.collect(mailbox.collect(0), usize::MAX).await.unwrap();
        collected.envelopes.iter().map(|stored| number(&stored.id)).collect()
    }
}

fn start() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(480_005 * 3_600 + 1_800)
}

pub(super) fn operator() -> Arc<OperatorSecret> {
    Arc::new(OperatorSecret::from_seed(&[1; 32]))
}

/// Both halves of one mailbox.
pub(super) struct Mailbox {
    pub(super) deposit: DepositKey,
    pub(super) collect: CollectKey,
}

impl Mailbox {
    pub(super) fn new() -> Self {
        let mut rng = rand::rng();
        Self { deposit: DepositKey::random(&mut rng), collect: CollectKey::random(&mut rng) }
    }

    pub(super) fn id(&self) -> MailboxId {
        MailboxId::of(&self.deposit, &self.collect.hash())
    }

    pub(super) fn open(&self) -> OpenMailbox {
        let (mailbox, collect, kind) = (self.id(), self.collect.clone(), MailboxKind::FrontDoor);
        OpenMailbox { version: V1, mailbox, collect, kind, ticket: None }
    }

    pub(super) fn deposit(&self, number: u32) -> Deposit {
        let (deposit, collect) = (self.deposit.clone(), self.collect.hash());
        let ticket = Ticket::from_bytes(&[0; Ticket::LENGTH]);
        Deposit { version: V1, deposit, collect, id: id(number), envelope: envelope(number), ticket }
    }

    pub(super) fn collect(&self, after: u64) -> Collect {
        let (mailbox, collect, received) = (self.id(), self.collect.clone(), List::default());
        Collect { version: V1, mailbox, collect, after, max: u16::MAX, received }
    }

    pub(super) fn acknowledge(&self, numbers: &[u32]) -> Acknowledge {
        let ids = List::new(numbers.iter().copied().map(id).collect()).unwrap();
        Acknowledge { version: V1, mailbox: self.id(), collect: self.collect.clone(), ids }
    }

    pub(super) fn close(&self) -> CloseMailbox {
        CloseMailbox { version: V1, mailbox: self.id(), collect: self.collect.clone() }
    }

    pub(super) fn subscribe(&self, channel: u32) -> Subscribe {
        Subscribe { channel, mailbox: self.id(), collect: self.collect.clone() }
    }
}

/// Both halves of one shelf.
pub(super) struct Shelf {
    pub(super) take: TakeKey,
    pub(super) stock: StockKey,
}

impl Shelf {
    pub(super) fn new() -> Self {
        let mut rng = rand::rng();
        Self { take: TakeKey::random(&mut rng), stock: StockKey::random(&mut rng) }
    }

    pub(super) fn id(&self) -> sealpost_wire::ShelfId {
        sealpost_wire::ShelfId::of(&self.take, &self.stock.hash())
    }

    pub(super) fn open(&self) -> OpenShelf {
        OpenShelf { version: V1, shelf: self.id(), stock: self.stock.clone(), ticket: None }
    }

    pub(super) fn stock(&self, items: u8) -> Stock {
        let items = List::new((1..=items).map(item).collect()).unwrap();
        let (shelf, stock, last) = (self.id(), self.stock.clone(), Some(item(0)));
        Stock { version: V1, shelf, stock, items, last, replace: false }
    }

    pub(super) fn take(&self) -> Take {
        Take { version: V1, take: self.take.clone(), stock: self.stock.hash() }
    }
}

pub(super) fn id(number: u32) -> EnvelopeId {
    let mut bytes = [9; 16];
    bytes[..4].copy_from_slice(&number.to_be_bytes());
    EnvelopeId::from_bytes(bytes)
}

pub(super) fn number(id: &EnvelopeId) -> u32 {
    u32::from_be_bytes(id.as_bytes()[..4].try_into().unwrap())
}

/// An envelope in which its number is repeated.
pub(super) fn envelope(number: u32) -> Envelope {
    let bytes = b"sealed ".iter().copied().chain(number.to_be_bytes());
    Envelope::new(bytes.collect::<Vec<u8>>().into_iter().cycle().take(SizeClass::Small.envelope_length()).collect())
        .unwrap()
}

fn item(number: u8) -> SealedItem {
    SealedItem::new(vec![number; SealedItem::LENGTH].into()).unwrap()
}
