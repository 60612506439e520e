//! What the tests of the contract stand on.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sealpost_wire::request::{MailboxKind, Stored};
use sealpost_wire::time::{Day, Hour};
use sealpost_wire::{AtRest, CollectHash, EnvelopeId, MailboxId, SealedItem, ShelfId, SizeClass, StockHash};
use tokio::time::{sleep, timeout};

use crate::store::{
    Arrivals, Denied, Kept, MailboxOwner, Moment, NewEnvelope, NewItems, NotStocked, Page, Quota, Range, Right,
    ShelfOwner, Store,
};

/// One way of keeping.
pub(in crate::store) trait Backend: Sized {
    type Store: Store;

    /// A fresh backend, with the quota of [`QUOTA`].
    fn fresh() -> Self;

    /// Opens its store.
    fn open(&self, arrivals: Arc<dyn Arrivals>) -> Self::Store;

    /// Ends the process that `store` stands for, in the middle of whatever it does, and starts another.
    fn crash(&mut self, store: Self::Store, arrivals: Arc<dyn Arrivals>) -> Self::Store;
}

pub(in crate::store) const QUOTA: Quota = Quota { envelopes: 5, bytes: 80_000, items: 100 };
/// The hour at which tests begin: not the first of its day.
pub(in crate::store) const NOW: Hour = Hour(480_005);
pub(in crate::store) const OWNER: MailboxOwner = mailbox(1, 2);
pub(in crate::store) const SHELF: ShelfOwner = shelf(3, 4);

/// The mailbox of one deposit key and one collect hash, each told by a number.
pub(in crate::store) const fn mailbox(id: u8, collect: u8) -> MailboxOwner {
    MailboxOwner { id: MailboxId::from_bytes([id; 32]), collect: CollectHash::from_bytes([collect; 32]) }
}

pub(super) const fn shelf(id: u8, stock: u8) -> ShelfOwner {
    ShelfOwner { id: ShelfId::from_bytes([id; 32]), stock: StockHash::from_bytes([stock; 32]) }
}

pub(in crate::store) const fn id(number: u8) -> EnvelopeId {
    EnvelopeId::from_bytes([number; 16])
}

pub(in crate::store) fn sealed(number: u8, class: SizeClass) -> AtRest {
    AtRest::new(vec![number; class.stored_length()].into()).unwrap()
}

pub(in crate::store) fn item(number: u8) -> SealedItem {
    SealedItem::new(vec![number; SealedItem::LENGTH].into()).unwrap()
}

pub(in crate::store) fn items(numbers: impl IntoIterator<Item = u8>, last: Option<u8>) -> NewItems {
    NewItems { items: numbers.into_iter().map(item).collect(), last: last.map(item), replace: false }
}

/// The envelope of that number, for that mailbox, with two weeks to live.
pub(in crate::store) fn envelope(owner: MailboxOwner, number: u8, now: Hour) -> NewEnvelope {
    NewEnvelope {
        mailbox: owner.id,
        collect: owner.collect,
        id: id(number),
        sealed: sealed(number, SizeClass::Small),
        expires: Hour(now.0 + 337),
        right: Right::Full,
    }
}

pub(in crate::store) fn at(now: Hour) -> Moment {
    Moment { now, lease: now.day().plus(90) }
}

pub(in crate::store) const fn days(count: u32) -> u32 {
    count * 24
}

/// Remembers what it is told.
#[derive(Default)]
pub(in crate::store) struct Heard {
    pub(super) arrived: Mutex<Vec<(MailboxId, u64, EnvelopeId)>>,
    pub(super) closed: Mutex<Vec<MailboxId>>,
    /// What it was given if it had all before it.
    pub(super) next: Mutex<Vec<(MailboxId, u64, EnvelopeId)>>,
    /// How often it was told to read.
    stirred: AtomicUsize,
    /// How often anew.
    anew: AtomicUsize,
}

impl Arrivals for Heard {
    fn arrived(&self, mailbox: &MailboxId, stored: &Arc<Stored>) {
        self.arrived.lock().unwrap().push((*mailbox, stored.sequence, stored.id));
    }

    fn arrived_next(&self, mailbox: &MailboxId, stored: &Arc<Stored>) {
        self.next.lock().unwrap().push((*mailbox, stored.sequence, stored.id));
        self.stirred.fetch_add(1, Ordering::SeqCst);
    }

    fn stirred(&self, _mailbox: &MailboxId) {
        self.stirred.fetch_add(1, Ordering::SeqCst);
    }

    fn stirred_all(&self, anew: bool) {
        self.stirred.fetch_add(1, Ordering::SeqCst);
        self.anew.fetch_add(usize::from(anew), Ordering::SeqCst);
    }

    fn closed(&self, mailbox: &MailboxId) {
        self.closed.lock().unwrap().push(*mailbox);
    }
}

impl Heard {
    /// Of which mailboxes it was told that they are no more.
    pub(in crate::store) fn closed(&self) -> Vec<MailboxId> {
        self.closed.lock().unwrap().clone()
    }

    /// How often it was told of something to read.
    pub(in crate::store) fn times(&self) -> usize {
        self.arrived.lock().unwrap().len() + self.stirred.load(Ordering::SeqCst)
    }

    /// How often it was told to read everything anew.
    pub(in crate::store) fn times_anew(&self) -> usize {
        self.anew.load(Ordering::SeqCst)
    }

    /// Waits until it has been told more often.
    pub(in crate::store) async fn more_than(&self, times: usize) {
        rises(|| self.times(), times).await;
    }

    /// Waits until it has been told more often to read everything anew.
    pub(in crate::store) async fn anew_more_than(&self, times: usize) {
        rises(|| self.times_anew(), times).await;
    }
}

async fn rises(count: impl Fn() -> usize, above: usize) {
    let risen = async {
        while count() <= above {
            sleep(Duration::from_millis(1)).await;
        }
    };
    timeout(Duration::from_secs(60), risen).await.unwrap();
}

/// A store, and what it told.
pub(in crate::store) struct World<B: Backend> {
    backend: B,
    store: Option<B::Store>,
    pub(super) heard: Arc<Heard>,
}

impl<B: Backend> World<B> {
    pub(in crate::store) fn new() -> Self {
        let (backend, heard) = (B::fresh(), Arc::<Heard>::default());
        let store = backend.open(Arc::clone(&heard) as _);
        Self { backend, store: Some(store), heard }
    }

    pub(in crate::store) fn store(&self) -> &B::Store {
        self.store.as_ref().unwrap()
    }

    pub(in crate::store) fn crash(&mut self) {
        let store = self.store.take().unwrap();
        self.store = Some(self.backend.crash(store, Arc::clone(&self.heard) as _));
    }

    /// With [`OWNER`]'s mailbox open.
    pub(super) async fn with_mailbox(&self) -> &Self {
        assert_eq!(self.open(OWNER, NOW).await, Ok(()));
        self
    }

    /// With [`SHELF`] open.
    pub(super) async fn with_shelf(&self) -> &Self {
        assert_eq!(self.store().open_shelf(SHELF, at(NOW)).await.unwrap(), Ok(()));
        self
    }

    pub(super) async fn open(&self, owner: MailboxOwner, now: Hour) -> Result<(), Denied> {
        self.store().open_mailbox(owner, MailboxKind::Pairwise, at(now)).await.unwrap()
    }

    pub(super) async fn deposit(&self, owner: MailboxOwner, number: u8, now: Hour) -> Kept {
        self.deposit_all(vec![envelope(owner, number, now)], now).await[0]
    }

    pub(super) async fn deposit_all(&self, envelopes: Vec<NewEnvelope>, now: Hour) -> Vec<Kept> {
        self.store().deposit(envelopes, now).await.unwrap()
    }

    pub(super) async fn page(&self, owner: MailboxOwner, after: u64, now: Hour) -> Result<Page, Denied> {
        let range = Range { after, envelopes: 512, bytes: usize::MAX };
        self.store().page(owner, range, at(now)).await.unwrap()
    }

    /// Everything in [`OWNER`]'s mailbox, after checking that it is whole: ids by number.
    pub(super) async fn lying(&self, now: Hour) -> Vec<u8> {
        let page = self.page(OWNER, 0, now).await.unwrap();
        assert!(!page.more);
        for stored in &page.envelopes {
            assert_eq!(stored.sealed, sealed(stored.id.as_bytes()[0], stored.sealed.class()));
        }
        page.envelopes.iter().map(|stored| stored.id.as_bytes()[0]).collect()
    }

    pub(super) async fn acknowledge(&self, numbers: &[u8]) {
        let ids = numbers.iter().copied().map(id).collect();
        assert_eq!(self.store().acknowledge(vec![(OWNER, ids)], NOW).await, Ok(vec![Ok(())]));
    }

    pub(super) async fn close(&self, owner: MailboxOwner, now: Hour) -> Result<(), Denied> {
        self.store().close_mailbox(owner, now).await.unwrap()
    }

    pub(super) async fn expire(&self, now: Hour) {
        while self.store().expire(now).await.unwrap() {}
    }

    pub(super) async fn lapse(&self, today: Day) -> u64 {
        self.store().lapse(today).await.unwrap()
    }

    pub(super) async fn stock(&self, items: NewItems) -> Result<(), NotStocked> {
        self.store().stock(SHELF, items, at(NOW)).await.unwrap()
    }

    /// Takes an item, by its number.
    pub(super) async fn take(&self) -> Option<u8> {
        self.store().take(SHELF, NOW).await.unwrap().map(|item| item.as_bytes()[0])
    }

    pub(super) async fn count(&self) -> Result<u16, Denied> {
        self.store().count_items(SHELF, NOW).await.unwrap()
    }
}
