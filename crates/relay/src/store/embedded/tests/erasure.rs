//! What is left of what was erased: rows after closing, bytes after purging.

use std::sync::Arc;

use sealpost_wire::directory::{BucketBits, BucketPrefix, BucketRead, Epoch, Slot};
use sealpost_wire::request::MailboxKind;
use sealpost_wire::time::Hour;
use sealpost_wire::{AtRest, EntryHash, EnvelopeId, MailboxId, SealedItem, ShelfId, SizeClass};

use super::backend::options;
use super::raw;
use crate::store::contract::Heard;
use crate::store::embedded::Embedded;
use crate::store::{
    EntryOwner, Kept, MailboxOwner, Moment, NewEntry, NewEnvelope, NewItems, Place, Range, Right, ShelfOwner, Store,
};

const NOW: Hour = Hour(480_000);
const AT: Moment = Moment { now: NOW, lease: NOW.day() };
const EPOCH: Epoch = Epoch(222);

/// Random bytes, so that finding them somewhere means something.
struct Traces {
    mailbox: MailboxOwner,
    shelf: ShelfOwner,
    ids: [EnvelopeId; 3],
    envelopes: [Vec<u8>; 3],
    items: [Vec<u8>; 2],
    slot: Slot,
    /// Whose the entry is, and who claims its place.
    entry: [EntryHash; 2],
}

fn random(length: usize) -> Vec<u8> {
    (0..length).map(|_| rand::random()).collect()
}

impl Traces {
    fn new() -> Self {
        let bytes = || rand::random::<[u8; 32]>();
        Self {
            mailbox: MailboxOwner {
                id: MailboxId::from_bytes(bytes()),
                collect: sealpost_wire::CollectHash::from_bytes(bytes()),
            },
            shelf: ShelfOwner {
                id: ShelfId::from_bytes(bytes()),
                stock: sealpost_wire::StockHash::from_bytes(bytes()),
            },
            ids: [(); 3].map(|()| EnvelopeId::from_bytes(rand::random())),
            envelopes: SizeClass::ALL.map(|class| random(class.stored_length())),
            items: [(); 2].map(|()| random(SealedItem::LENGTH)),
            slot: Slot::from_bytes(&random(Slot::LENGTH)).unwrap(),
            entry: [(); 2].map(|()| EntryHash::from_bytes(bytes())),
        }
    }

    /// Puts all of it into a store.
    async fn leave(&self, store: &Embedded, expires: Hour) {
        let item = |bytes: &Vec<u8>| SealedItem::new(bytes.clone().into()).unwrap();
        store.open_mailbox(self.mailbox, MailboxKind::Pairwise, AT).await.unwrap().unwrap();
        store.open_shelf(self.shelf, AT).await.unwrap().unwrap();
        let items = NewItems { items: vec![item(&self.items[0])], last: Some(item(&self.items[1])), replace: false };
        store.stock(self.shelf, items, AT).await.unwrap().unwrap();
        let new = |(id, bytes): (&EnvelopeId, &Vec<u8>)| NewEnvelope {
            mailbox: self.mailbox.id,
            collect: self.mailbox.collect,
            id: *id,
            sealed: AtRest::new(bytes.clone().into()).unwrap(),
            expires,
            right: Right::Full,
        };
        let envelopes = self.ids.iter().zip(&self.envelopes).map(new).collect();
        assert_eq!(store.deposit(envelopes, NOW).await.unwrap(), [Kept::Kept; 3]);
        self.list(store).await;
    }

    async fn list(&self, store: &Embedded) {
        store.open_epoch(EPOCH, Vec::new()).await.unwrap();
        let new = |owner| NewEntry {
            epoch: EPOCH,
            prefix: BucketPrefix(7),
            slot: self.slot.clone(),
            owner,
            proved: Some(NOW.day()),
        };
        let [listed, claimed] = self.entry.map(|owner| store.publish(new(owner), NOW.day()));
        assert_eq!(listed.await.unwrap().unwrap().place, Place::Listed { contested: None });
        assert_eq!(claimed.await.unwrap().unwrap().place, Place::Waiting(NOW.day().plus(7)));
    }

    /// Everything that could be found.
    fn needles(&self) -> Vec<&[u8]> {
        let mut needles: Vec<&[u8]> = vec![
            self.mailbox.id.as_bytes(),
            self.mailbox.collect.as_bytes(),
            self.shelf.id.as_bytes(),
            self.shelf.stock.as_bytes(),
        ];
        needles.extend(self.ids.iter().map(|id| id.as_bytes().as_slice()));
        needles.extend(self.entry.iter().map(|owner| owner.as_bytes().as_slice()));
        let envelopes_and_items = self.envelopes.iter().chain(&self.items).map(Vec::as_slice);
        for bytes in envelopes_and_items.chain([self.slot.as_bytes().as_slice()]) {
            // Beginning, middle and end, since a rewrite might keep a part.
            needles.extend([&bytes[..24], &bytes[bytes.len() / 2..][..24], &bytes[bytes.len() - 24..]]);
        }
        needles
    }

    fn found(&self, haystack: &[Vec<u8>]) -> usize {
        self.needles().into_iter().filter(|needle| raw::holds(haystack, needle)).count()
    }

    async fn close(&self, store: &Embedded) {
        assert_eq!(store.close_mailbox(self.mailbox, NOW).await, Ok(Ok(())));
        assert_eq!(store.close_shelf(self.shelf, NOW).await, Ok(Ok(())));
        let owner = self.entry[0];
        let entry = EntryOwner { epoch: EPOCH, prefix: BucketPrefix(7), tag: self.slot.tag(), owner };
        assert_eq!(store.withdraw(entry).await, Ok(Ok(())));
    }
}

fn open(root: &tempfile::TempDir) -> Embedded {
    let mut options = options(root.path());
    options.quota.bytes = 1 << 20;
    Embedded::open(options, Arc::<Heard>::default()).unwrap()
}

#[tokio::test]
async fn after_closing_no_row_holds_anything_of_it() {
    let root = tempfile::tempdir().unwrap();
    let (gone, stays) = (Traces::new(), Traces::new());
    let store = open(&root);
    gone.leave(&store, Hour(NOW.0 + 300)).await;
    stays.leave(&store, Hour(NOW.0 + 300)).await;
    gone.close(&store).await;
    drop(store);
    let rows = raw::rows(&root.path().join("store"));
    assert_eq!(gone.found(&rows), 0);
    assert_eq!(stays.found(&rows), stays.needles().len());
}

#[tokio::test]
async fn after_a_purge_the_files_hold_nothing_that_was_erased_and_everything_that_was_not() {
    let root = tempfile::tempdir().unwrap();
    let (closed, expired, stays) = (Traces::new(), Traces::new(), Traces::new());
    let store = open(&root);
    closed.leave(&store, Hour(NOW.0 + 300)).await;
    expired.leave(&store, Hour(NOW.0 + 1)).await;
    stays.leave(&store, Hour(NOW.0 + 300)).await;
    closed.close(&store).await;
    drop(store);
    assert_eq!(closed.found(&raw::files(root.path())), closed.needles().len(), "erasing is logical at first");

    let store = open(&root);
    store.purge(Hour(NOW.0 + 1)).await.unwrap();
    assert_eq!(store.take(expired.shelf, NOW).await.unwrap().unwrap().as_bytes().as_slice(), expired.items[0]);
    assert_eq!(store.close_mailbox(expired.mailbox, NOW).await, Ok(Ok(())));
    let page = store.page(stays.mailbox, Range { after: 0, envelopes: 9, bytes: 1 << 20 }, AT).await.unwrap().unwrap();
    assert_eq!(page.envelopes.iter().map(|stored| stored.id).collect::<Vec<_>>(), stays.ids);
    let bucket = BucketRead { epoch: EPOCH, bits: BucketBits::ONE_BUCKET, number: 0 };
    let listed = store.bucket(bucket).await.unwrap().unwrap();
    assert!(listed.len() == 2 && listed.contains(&stays.slot) && listed.contains(&expired.slot));
    drop(store);

    let files = raw::files(root.path());
    assert_eq!(closed.found(&files), 0);
    assert!(expired.ids.iter().all(|id| !raw::holds(&files, id.as_bytes())));
    assert!(expired.envelopes.iter().all(|envelope| !raw::holds(&files, &envelope[..24])));
    assert_eq!(stays.found(&files), stays.needles().len());
}

#[tokio::test]
async fn a_purge_reaches_what_had_been_flushed_to_tables() {
    let root = tempfile::tempdir().unwrap();
    let store = open(&root);
    let gone = Traces::new();
    gone.leave(&store, Hour(NOW.0 + 300)).await;
    // More than a memtable holds, so that the first are in tables when they are closed.
    for _ in 0..300 {
        let other = Traces::new();
        other.leave(&store, Hour(NOW.0 + 300)).await;
        other.close(&store).await;
    }
    gone.close(&store).await;
    store.purge(NOW).await.unwrap();
    drop(store);
    assert_eq!(gone.found(&raw::files(root.path())), 0);
}

#[tokio::test]
async fn a_retired_epoch_leaves_no_row_and_after_a_purge_no_byte() {
    let root = tempfile::tempdir().unwrap();
    let store = open(&root);
    let gone = Traces::new();
    gone.list(&store).await;
    assert_eq!(store.retire_epoch(EPOCH).await, Ok(true));
    drop(store);
    assert_eq!(gone.found(&raw::rows(&root.path().join("store"))), 0);
    open(&root).purge(NOW).await.unwrap();
    assert_eq!(gone.found(&raw::files(root.path())), 0);
}
