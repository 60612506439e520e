//! Directories that a store is opened in.

use std::fs;
use std::sync::Arc;

use sealpost_wire::EntryHash;
use sealpost_wire::directory::{BucketPrefix, Epoch, Slot};
use sealpost_wire::request::MailboxKind;
use sealpost_wire::time::Hour;

use super::backend::options;
use crate::store::contract::{Heard, NOW, OWNER, at, envelope, mailbox};
use crate::store::embedded::{Embedded, OpenError};
use crate::store::{NewEntry, Range, Store};

const EPOCH: Epoch = Epoch(222);

fn open(root: &tempfile::TempDir) -> Result<Embedded, OpenError> {
    Embedded::open(options(root.path()), Arc::<Heard>::default())
}

#[test]
fn a_store_is_open_once() {
    let root = tempfile::tempdir().unwrap();
    let store = open(&root).unwrap();
    assert!(matches!(open(&root), Err(OpenError::Locked)));
    drop(store);
    assert!(open(&root).is_ok());
}

#[test]
fn a_foreign_database_is_refused() {
    let root = tempfile::tempdir().unwrap();
    let live = root.path().join("store").join("live");
    fs::create_dir_all(&live).unwrap();
    drop(fjall::Database::builder(&live).open().unwrap());
    assert!(matches!(open(&root), Err(OpenError::Foreign(_))));
}

#[test]
fn a_store_of_a_later_version_is_refused_as_such_and_stays_as_it_is() {
    let root = tempfile::tempdir().unwrap();
    drop(open(&root).unwrap());
    let set = |format: u8| {
        let live = root.path().join("store").join("live");
        let database = fjall::Database::builder(live).open().unwrap();
        let relay = database.keyspace("relay", fjall::KeyspaceCreateOptions::default).unwrap();
        relay.insert("format", [format]).unwrap();
        database.persist(fjall::PersistMode::SyncAll).unwrap();
    };
    set(2);
    assert!(matches!(open(&root), Err(OpenError::Newer { format: 2 })));
    set(1);
    assert!(open(&root).is_ok());
}

#[test]
fn a_damaged_database_is_refused() {
    let root = tempfile::tempdir().unwrap();
    drop(open(&root).unwrap());
    fs::write(root.path().join("store").join("live").join("version"), b"something else").unwrap();
    assert!(matches!(open(&root), Err(OpenError::Foreign(_))));
}

#[test]
fn a_path_that_is_no_directory_is_refused() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("store"), b"a file").unwrap();
    assert!(matches!(open(&root), Err(OpenError::Directory(_))));
}

#[test]
fn what_is_half_made_is_made_again() {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir_all(root.path().join("store").join("next")).unwrap();
    fs::write(root.path().join("store").join("next").join("0.jnl"), b"half").unwrap();
    assert!(open(&root).is_ok());
}

/// Bytes of rows that are taken back from the journal when the database is opened.
fn read_again(root: &tempfile::TempDir) -> u64 {
    fjall::Database::builder(root.path().join("store").join("live")).open().unwrap().write_buffer_size()
}

/// How long its journals are together.
fn journals(root: &tempfile::TempDir) -> u64 {
    let files = fs::read_dir(root.path().join("store").join("live")).unwrap().map(Result::unwrap);
    let journals = files.filter(|file| file.path().extension().is_some_and(|extension| extension == "jnl"));
    journals.map(|journal| journal.metadata().unwrap().len()).sum()
}

#[tokio::test]
async fn what_was_shut_down_is_opened_without_reading_its_rows_again() {
    let root = tempfile::tempdir().unwrap();
    let store = open(&root).unwrap();
    store.open_mailbox(OWNER, MailboxKind::Pairwise, at(NOW)).await.unwrap().unwrap();
    drop(store);
    assert!(read_again(&root) > 0 && journals(&root) > 0);
    let store = open(&root).unwrap();
    store.shutdown().await.unwrap();
    drop(store);
    assert_eq!(journals(&root), 0);
    assert_eq!(read_again(&root), 0);
    let store = open(&root).unwrap();
    let range = Range { after: 0, envelopes: 1, bytes: 1 };
    assert!(store.page(OWNER, range, at(NOW)).await.unwrap().is_ok());
}

fn entry() -> NewEntry {
    let slot = Slot::new([7; Slot::LENGTH]);
    NewEntry { epoch: EPOCH, prefix: BucketPrefix(5), slot, owner: EntryHash::from_bytes([1; 32]), proved: None }
}

/// Stops a store, in order or not, and opens it again.
async fn again(root: &tempfile::TempDir, store: Embedded, in_order: bool) -> Embedded {
    if in_order {
        store.shutdown().await.unwrap();
    }
    drop(store);
    open(root).unwrap()
}

/// An epoch, or a day, with something in it, is dropped.
async fn drop_something(store: &Embedded, is_epoch: bool) {
    if is_epoch {
        store.open_epoch(EPOCH, Vec::new()).await.unwrap();
        store.publish(entry(), NOW.day()).await.unwrap().unwrap();
        assert!(store.retire_epoch(EPOCH).await.unwrap());
    } else {
        store.open_mailbox(OWNER, MailboxKind::Pairwise, at(NOW)).await.unwrap().unwrap();
        store.deposit(vec![envelope(OWNER, 1, NOW)], NOW).await.unwrap();
        while store.expire(Hour(NOW.0 + 400)).await.unwrap() {}
    }
}

/// What is made may get the number of what was dropped, and must not be taken for it at a later start.
#[tokio::test]
async fn what_is_kept_after_a_drop_is_there_after_later_starts() {
    let ways = (20..24)
        .flat_map(|writes| [(false, false), (false, true), (true, false), (true, true)].map(|way| (writes, way)));
    for (writes, (is_epoch, in_order)) in ways {
        let root = tempfile::tempdir().unwrap();
        let store = open(&root).unwrap();
        drop_something(&store, is_epoch).await;
        let store = again(&root, store, in_order).await;
        for number in 20..writes {
            store.open_mailbox(mailbox(number, 9), MailboxKind::Pairwise, at(NOW)).await.unwrap().unwrap();
        }
        store.open_mailbox(OWNER, MailboxKind::Pairwise, at(NOW)).await.unwrap().unwrap();
        store.deposit(vec![envelope(OWNER, 9, NOW)], NOW).await.unwrap();
        let store = again(&root, store, in_order).await;
        let range = Range { after: 0, envelopes: 10, bytes: usize::MAX };
        let page = store.page(OWNER, range, at(NOW)).await.unwrap().unwrap();
        assert_eq!(page.envelopes.len(), 1, "{writes} writes, an epoch: {is_epoch}, in order: {in_order}");
    }
}
