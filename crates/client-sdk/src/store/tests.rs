//! What is refused, and how; and that refusing changes nothing.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use sealpost_identity::consent::Prompt;
use sealpost_identity::{Consent, IdentityKeyPair};
use sealpost_wire::time::Day;
use tempfile::{TempDir, tempdir};

use super::profile::Own;
use super::{Store, StoreError, profile};
use crate::error::ErrorKind;
use crate::unlock::Unlock;

const RELAY: &str = "sealpost-relay:localhost:8443/";

fn relay() -> sealpost_wire::RelayRef {
    let operator = sealpost_wire::operator::OperatorSecret::from_seed(&[1; 32]).public();
    sealpost_wire::RelayRef { host: "localhost:8443".parse().unwrap(), operator }
}

fn key(byte: u8) -> Unlock {
    Unlock::raw_key([byte; 32])
}

fn opened(directory: &Path, unlock: &Unlock) -> Result<Store, ErrorKind> {
    Store::open(directory, unlock).map_err(|error| error.kind())
}

fn opted_in() -> (TempDir, Own) {
    let directory = tempdir().unwrap();
    let own = Own { identity: IdentityKeyPair::generate(&mut rand::rng()), relay: relay() };
    let consent = Consent::given(Prompt::standard(), Day(20_000));
    let store = Store::open(directory.path(), &key(1)).unwrap();
    store.write(|tx| profile::opt_in(tx, &consent, &own)).unwrap();
    (directory, own)
}

#[test]
fn what_was_stored_is_there_after_opening_again() {
    let (directory, own) = opted_in();
    let store = Store::open(directory.path(), &key(1)).unwrap();
    let read = store.read(profile::own).unwrap();
    assert!(read.identity.public() == own.identity.public() && read.relay == own.relay);
    assert_eq!(store.read(profile::consent_day).unwrap(), Day(20_000));
}

#[test]
fn a_wrong_key_or_passphrase_is_told_from_damage() {
    let (directory, _) = opted_in();
    assert_eq!(opened(directory.path(), &key(2)).err(), Some(ErrorKind::WrongKey));
    assert_eq!(opened(directory.path(), &Unlock::passphrase("key")).err(), Some(ErrorKind::WrongKey));
    let other = tempdir().unwrap();
    opened(other.path(), &Unlock::passphrase("right")).unwrap();
    assert_eq!(opened(other.path(), &Unlock::passphrase("wrong")).err(), Some(ErrorKind::WrongKey));
    opened(other.path(), &Unlock::passphrase("right")).unwrap();
}

#[test]
fn a_damaged_database_is_corrupt_and_is_left_as_it_is() {
    let (directory, _) = opted_in();
    drop(Store::open(directory.path(), &key(1)).unwrap());
    let path = directory.path().join("profile.db");
    let whole = fs::read(&path).unwrap();
    let everywhere: Vec<usize> = (0..whole.len()).step_by(1_000).collect();
    for places in [vec![0], vec![17], vec![4_000], everywhere] {
        let mut damaged = whole.clone();
        places.iter().for_each(|at| damaged[*at] ^= 1);
        fs::write(&path, &damaged).unwrap();
        let outcome = opened(directory.path(), &key(1)).map(drop);
        assert_eq!(outcome, Err(ErrorKind::Corrupt), "{places:?}");
        assert_eq!(fs::read(&path).unwrap(), damaged, "{places:?}");
    }
    fs::write(&path, whole).unwrap();
    opened(directory.path(), &key(1)).unwrap();
}

#[test]
fn a_damaged_header_is_corrupt() {
    let (directory, _) = opted_in();
    let path = directory.path().join("profile.json");
    for damaged in ["", "{", "{\"sealpost_profile\":1}", "{\"sealpost_profile\":1,\"check\":\"\",\"more\":1}"] {
        fs::write(&path, damaged).unwrap();
        assert_eq!(opened(directory.path(), &key(1)).err(), Some(ErrorKind::Corrupt), "{damaged}");
    }
}

#[test]
fn a_header_cannot_ask_for_all_memory_or_for_none() {
    let directory = tempdir().unwrap();
    opened(directory.path(), &Unlock::passphrase("right")).unwrap();
    let path = directory.path().join("profile.json");
    let header = fs::read_to_string(&path).unwrap();
    for memory in ["4294967295", "8"] {
        fs::write(&path, header.replace("65536", memory)).unwrap();
        assert_eq!(opened(directory.path(), &Unlock::passphrase("right")).err(), Some(ErrorKind::Corrupt));
    }
}

#[test]
fn a_directory_or_database_of_something_else_is_foreign_and_is_left_alone() {
    let directory = tempdir().unwrap();
    fs::write(directory.path().join("notes.txt"), "mine").unwrap();
    assert_eq!(opened(directory.path(), &key(1)).err(), Some(ErrorKind::Foreign));
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);

    let (directory, _) = opted_in();
    let store = Store::open(directory.path(), &key(1)).unwrap();
    store.connection.lock().unwrap().pragma_update(None, "application_id", 7).unwrap();
    drop(store);
    assert_eq!(opened(directory.path(), &key(1)).err(), Some(ErrorKind::Foreign));
}

#[test]
fn a_newer_schema_or_header_is_refused() {
    let (directory, _) = opted_in();
    let store = Store::open(directory.path(), &key(1)).unwrap();
    store.connection.lock().unwrap().pragma_update(None, "user_version", 1_000).unwrap();
    drop(store);
    assert_eq!(opened(directory.path(), &key(1)).err(), Some(ErrorKind::NewerVersion));

    let (directory, _) = opted_in();
    let path = directory.path().join("profile.json");
    let header = fs::read_to_string(&path).unwrap();
    fs::write(&path, header.replace("\"sealpost_profile\": 1", "\"sealpost_profile\": 2")).unwrap();
    assert_eq!(opened(directory.path(), &key(1)).err(), Some(ErrorKind::NewerVersion));
}

#[test]
fn a_full_disk_loses_nothing_and_works_again_with_room() {
    let (directory, _) = opted_in();
    let store = Store::open(directory.path(), &key(1)).unwrap();
    let limit = |pages: i64| {
        let connection = store.connection.lock().unwrap();
        connection.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(())).unwrap();
    };
    let fill = || {
        store.write(|tx| {
            tx.execute("INSERT INTO unopened (hash, reason, day) VALUES (randomblob(200000), 1, 1)", [])?;
            Ok(())
        })
    };
    limit(1);
    assert!(matches!(fill(), Err(StoreError::Full)));
    assert!(store.read(profile::own).is_ok());
    limit(1 << 30);
    fill().unwrap();
}

#[test]
fn a_database_that_is_locked_for_long_is_busy() {
    let (directory, _) = opted_in();
    let (one, other) =
        (Store::open(directory.path(), &key(1)).unwrap(), Store::open(directory.path(), &key(1)).unwrap());
    other.connection.lock().unwrap().busy_timeout(std::time::Duration::from_millis(20)).unwrap();
    one.write(|_| {
        assert!(matches!(other.write(|_| Ok(())), Err(StoreError::Busy)));
        assert!(other.read(profile::own).is_ok());
        Ok(())
    })
    .unwrap();
}

#[test]
fn only_its_owner_may_read_the_profile() {
    let parent = tempdir().unwrap();
    let directory = parent.path().join("deep/profile");
    let store = Store::open(&directory, &key(1)).unwrap();
    store.write(|_| Ok(())).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&directory), 0o700);
    for entry in fs::read_dir(&directory).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
}

#[test]
fn nothing_of_it_can_be_read_without_the_key() {
    let (directory, own) = opted_in();
    drop(Store::open(directory.path(), &key(1)).unwrap());
    for entry in fs::read_dir(directory.path()).unwrap() {
        let bytes = fs::read(entry.unwrap().path()).unwrap();
        for plain in [own.identity.public().as_bytes().as_slice(), b"localhost", b"SQLite format", b"CREATE TABLE"] {
            assert!(!bytes.windows(plain.len()).any(|window| window == plain));
        }
    }
}

#[test]
fn a_wiped_profile_leaves_an_empty_directory_and_says_so_to_who_has_it_open() {
    let (directory, _) = opted_in();
    let store = Store::open(directory.path(), &key(1)).unwrap();
    store.files().wipe().unwrap();
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    assert!(matches!(store.write(|_| Ok(())), Err(StoreError::Phase)));
}

#[test]
fn errors_and_debug_forms_name_nothing() {
    let (directory, _) = opted_in();
    let store = Store::open(directory.path(), &key(1)).unwrap();
    let missing = store.read(|tx| Ok(tx.query_row("SELECT secret FROM nowhere", [], |_| Ok(()))?)).unwrap_err();
    let shown = format!("{missing:?} {missing} {store:?} {:?}", key(1));
    for telling in ["nowhere", "SELECT", &directory.path().display().to_string(), RELAY] {
        assert!(!shown.contains(telling), "{shown}");
    }
}

#[test]
fn many_threads_open_profiles_at_once() {
    let threads: Vec<_> = (0..16)
        .map(|_| {
            std::thread::spawn(|| {
                let directory = tempdir().unwrap();
                Store::open(directory.path(), &key(1)).unwrap().another().unwrap();
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

#[test]
fn several_can_make_the_same_profile_at_once() {
    let directory = tempdir().unwrap();
    let path = directory.path().to_owned();
    let threads: Vec<_> = (0..8)
        .map(|_| {
            let path = path.clone();
            std::thread::spawn(move || Store::open(&path, &Unlock::passphrase("one")).map(drop).unwrap())
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}
