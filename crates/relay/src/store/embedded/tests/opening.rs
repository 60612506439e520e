//! Directories that a store is opened in.

use std::fs;
use std::sync::Arc;

use sealpost_wire::request::MailboxKind;

use super::backend::options;
use crate::store::contract::{Heard, NOW, OWNER, at};
use crate::store::embedded::{Embedded, OpenError};
use crate::store::{Range, Store};

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

#[tokio::test]
async fn what_was_shut_down_is_opened_without_reading_its_rows_again() {
    let root = tempfile::tempdir().unwrap();
    let store = open(&root).unwrap();
    store.open_mailbox(OWNER, MailboxKind::Pairwise, at(NOW)).await.unwrap().unwrap();
    drop(store);
    assert!(read_again(&root) > 0);
    let store = open(&root).unwrap();
    store.shutdown().await.unwrap();
    drop(store);
    assert_eq!(read_again(&root), 0);
    let store = open(&root).unwrap();
    let range = Range { after: 0, envelopes: 1, bytes: 1 };
    assert!(store.page(OWNER, range, at(NOW)).await.unwrap().is_ok());
}
