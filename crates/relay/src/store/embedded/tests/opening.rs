//! Directories that a store is opened in.

use std::fs;
use std::sync::Arc;

use super::backend::options;
use crate::store::contract::Heard;
use crate::store::embedded::{Embedded, OpenError};

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
