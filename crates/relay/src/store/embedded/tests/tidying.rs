//! Putting together what is scattered.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use futures_util::future::join_all;
use sealpost_wire::directory::{BucketBits, BucketPrefix, BucketRead, Epoch, Slot};
use sealpost_wire::time::Day;
use sealpost_wire::{EntryHash, directory};

use super::backend::options;
use crate::store::contract::Heard;
use crate::store::embedded::Embedded;
use crate::store::{EntryOwner, NewEntry, Store};

const EPOCH: Epoch = Epoch(222);
const OWNER: EntryHash = EntryHash::from_bytes([1; 32]);
const AT_ONCE: usize = 512;

fn entry() -> NewEntry {
    let slot = Slot::new(std::array::from_fn(|_| rand::random()));
    NewEntry { epoch: EPOCH, prefix: BucketPrefix(rand::random()), slot, owner: OWNER, proved: None }
}

/// Lists so many at once; gives them, and the bits that then hold.
async fn list(store: &Embedded) -> (Vec<NewEntry>, BucketBits) {
    let entries: Vec<_> = (0..AT_ONCE).map(|_| entry()).collect();
    let placed = join_all(entries.iter().map(|entry| store.publish(entry.clone(), Day(20_000)))).await;
    let bits = placed.into_iter().map(|placed| placed.unwrap().unwrap().bits).max().unwrap();
    (entries, bits)
}

async fn all(store: &Embedded, bits: BucketBits) -> BTreeSet<[u8; directory::SLOT_LENGTH]> {
    let read = |number| store.bucket(BucketRead { epoch: EPOCH, bits, number });
    let mut slots = BTreeSet::new();
    for number in 0..bits.buckets() {
        slots.extend(read(number).await.unwrap().unwrap().iter().map(|slot| *slot.as_bytes()));
    }
    slots
}

/// How long all files are together.
fn tables(path: &Path) -> u64 {
    let below = |entry: std::fs::DirEntry| match entry.path() {
        path if path.is_dir() => tables(&path),
        path => std::fs::metadata(path).map_or(0, |file| file.len()),
    };
    std::fs::read_dir(path).map_or(0, |entries| entries.flatten().map(below).sum())
}

#[tokio::test]
async fn scattered_entries_are_put_together_and_read_as_before() {
    let root = tempfile::tempdir().unwrap();
    let store = Embedded::open(options(root.path()), Arc::<Heard>::default()).unwrap();
    store.open_epoch(EPOCH, Vec::new()).await.unwrap();
    let (mut entries, mut bits) = list(&store).await;
    assert_eq!(store.tidy().await, Ok(0), "a few entries are not worth it");
    let gone = entries.pop().unwrap();
    let owner = EntryOwner { epoch: EPOCH, prefix: gone.prefix, tag: gone.slot.tag(), owner: OWNER };
    store.withdraw(owner).await.unwrap().unwrap();
    while store.tidy().await == Ok(0) {
        let (more, now) = list(&store).await;
        entries.extend(more);
        bits = now;
    }
    let listed: BTreeSet<_> = entries.iter().map(|entry| *entry.slot.as_bytes()).collect();
    assert!(all(&store, bits).await == listed);
    assert_eq!(store.tidy().await, Ok(0), "all is in order");
    let bytes: u64 = tables(&root.path().join("store/live/keyspaces"));
    let listed_bytes = (listed.len() * directory::SLOT_LENGTH) as u64;
    assert!(bytes < listed_bytes * 3 / 2, "{bytes} bytes of tables for {listed_bytes}");
    drop(store);
    let store = Embedded::open(options(root.path()), Arc::<Heard>::default()).unwrap();
    assert!(all(&store, bits).await == listed);
}
