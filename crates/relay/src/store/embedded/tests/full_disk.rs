//! A disk that fills up, on a small tmpfs in a mount namespace of its own.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sealpost_wire::directory::{BucketBits, BucketPrefix, BucketRead, Epoch, Slot};
use sealpost_wire::request::MailboxKind;
use sealpost_wire::time::Hour;
use sealpost_wire::{AtRest, CollectHash, EntryHash, EnvelopeId, MailboxId, ShelfId, SizeClass, StockHash};

use super::backend::options;
use super::process;
use crate::store::contract::Heard;
use crate::store::embedded::Embedded;
use crate::store::{
    EntryOwner, Kept, MailboxOwner, Moment, NewEntry, NewEnvelope, NotPlaced, Placed, Quota, Range, Right, ShelfOwner,
    Store, Unavailable,
};

const NOW: Hour = Hour(480_000);
const AT: Moment = Moment { now: NOW, lease: NOW.day() };
const OWNER: MailboxOwner =
    MailboxOwner { id: MailboxId::from_bytes([1; 32]), collect: CollectHash::from_bytes([2; 32]) };
const STRANGER: MailboxOwner =
    MailboxOwner { id: MailboxId::from_bytes([3; 32]), collect: CollectHash::from_bytes([4; 32]) };
const SHELF: ShelfOwner = ShelfOwner { id: ShelfId::from_bytes([5; 32]), stock: StockHash::from_bytes([6; 32]) };
const EPOCH: Epoch = Epoch(222);
const MIB: u64 = 1 << 20;

fn open(directory: &Path, disk_reserve_bytes: u64) -> Embedded {
    let mut options = options(directory);
    options.quota = Quota { envelopes: 1_000_000, bytes: u64::MAX, items: 100 };
    options.disk_reserve_bytes = disk_reserve_bytes;
    Embedded::open(options, Arc::<Heard>::default()).unwrap()
}

fn id(number: u32) -> EnvelopeId {
    let mut bytes = [0; 16];
    bytes[..4].copy_from_slice(&number.to_be_bytes());
    EnvelopeId::from_bytes(bytes)
}

async fn deposit(store: &Embedded, number: u32) -> Result<Vec<Kept>, Unavailable> {
    let sealed = AtRest::new(vec![7; SizeClass::Large.stored_length()].into()).unwrap();
    let (mailbox, collect, expires) = (OWNER.id, OWNER.collect, Hour(NOW.0 + 300));
    store
        .deposit(vec![NewEnvelope { mailbox, collect, id: id(number), sealed, expires, right: Right::Full }], NOW)
        .await
}

/// Deposits until the store says that it is out; tells how many were accepted.
async fn fill(store: &Embedded) -> u32 {
    for number in 0.. {
        match deposit(store, number).await {
            Ok(kept) => assert_eq!(kept, [Kept::Kept]),
            Err(Unavailable) => return number,
        }
    }
    unreachable!("the disk never filled up")
}

async fn lying(store: &Embedded) -> Vec<EnvelopeId> {
    let (mut ids, mut after, mut more) = (Vec::new(), 0, true);
    while more {
        let page = store.page(OWNER, Range { after, envelopes: 100, bytes: usize::MAX }, AT).await.unwrap().unwrap();
        after = page.envelopes.last().map_or(after, |stored| stored.sequence);
        ids.extend(page.envelopes.iter().map(|stored| stored.id));
        more = page.more;
    }
    ids
}

fn slot(number: u8) -> Slot {
    Slot::new([number; Slot::LENGTH])
}

async fn publish(store: &Embedded, number: u8) -> Result<Result<Placed, NotPlaced>, Unavailable> {
    let (prefix, owner) = (BucketPrefix(number.into()), EntryHash::from_bytes([number; 32]));
    store.publish(NewEntry { epoch: EPOCH, prefix, slot: slot(number), owner, proved: None }, NOW.day()).await
}

async fn withdraw(store: &Embedded, number: u8) {
    let (prefix, owner) = (BucketPrefix(number.into()), EntryHash::from_bytes([number; 32]));
    let entry = EntryOwner { epoch: EPOCH, prefix, tag: slot(number).tag(), owner };
    assert_eq!(store.withdraw(entry).await, Ok(Ok(())));
}

async fn listed(store: &Embedded) -> Result<Vec<Slot>, Unavailable> {
    let bucket = BucketRead { epoch: EPOCH, bits: BucketBits::ONE_BUCKET, number: 0 };
    store.bucket(bucket).await.map(Result::unwrap)
}

async fn wait_until_ready(store: &Embedded) {
    while !store.ready() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Runs an ignored test of this module on a tmpfs, in a namespace of its own. Whoever may not make one cannot run it.
fn on_a_small_disk(name: &str, mib: u64) {
    let root = tempfile::tempdir().unwrap();
    let mount = format!(r#"mount -t tmpfs -o size={mib}m tmpfs "$SEALPOST_TEST_DIRECTORY""#);
    let script = format!(r#"{mount} || exit 77; exec "$0" "$@""#);
    let child = process::child(&format!("store::embedded::tests::full_disk::{name}"), root.path());
    let mut command = std::process::Command::new("unshare");
    command.args(["--user", "--map-root-user", "--mount", "sh", "-c", &script]);
    command.arg(child.get_program()).args(child.get_args()).env(process::DIRECTORY, root.path());
    let status = command.status().expect("unshare(1) of util-linux");
    assert!(status.success(), "{status}: the child failed, or no tmpfs can be mounted here (exit status 1 or 77)");
}

#[test]
fn a_full_disk_loses_nothing_accepted_and_the_store_comes_back_when_there_is_space() {
    on_a_small_disk("child_without_reserve", 48);
}

#[tokio::test]
#[ignore = "run by its parent, on a small disk"]
async fn child_without_reserve() {
    let directory = process::directory();
    let ballast = directory.join("ballast");
    std::fs::write(&ballast, vec![1; 16 * MIB as usize]).unwrap();
    let store = open(&directory, 0);
    store.open_mailbox(OWNER, MailboxKind::Pairwise, AT).await.unwrap().unwrap();
    store.open_epoch(EPOCH, Vec::new()).await.unwrap();
    publish(&store, 1).await.unwrap().unwrap();
    let accepted = fill(&store).await;
    assert!(accepted > 10);
    assert!(!store.ready());
    assert_eq!(deposit(&store, accepted + 1).await, Err(Unavailable));
    assert_eq!(publish(&store, 2).await, Err(Unavailable));

    std::fs::remove_file(ballast).unwrap();
    wait_until_ready(&store).await;
    let expected: Vec<EnvelopeId> = (0..accepted).map(id).collect();
    assert!(lying(&store).await.starts_with(&expected));
    assert_eq!(deposit(&store, accepted + 2).await, Ok(vec![Kept::Kept]));
    publish(&store, 3).await.unwrap().unwrap();
    assert_eq!(listed(&store).await, Ok(vec![slot(1), slot(3)]));
    drop(store);
    let lying = lying(&open(&directory, 0)).await;
    assert!(lying.starts_with(&expected));
    assert_eq!(lying.last(), Some(&id(accepted + 2)));
}

#[test]
fn a_reserve_keeps_reading_and_erasing_possible_on_a_full_disk() {
    on_a_small_disk("child_with_reserve", 160);
}

#[tokio::test]
#[ignore = "run by its parent, on a small disk"]
async fn child_with_reserve() {
    let directory = process::directory();
    // With less, memtables that are flushed meanwhile may need more than what is left.
    let store = open(&directory, 64 * MIB);
    store.open_mailbox(OWNER, MailboxKind::Pairwise, AT).await.unwrap().unwrap();
    store.open_epoch(EPOCH, Vec::new()).await.unwrap();
    publish(&store, 1).await.unwrap().unwrap();
    publish(&store, 2).await.unwrap().unwrap();
    let accepted = fill(&store).await;
    assert!(store.ready());
    assert_eq!(lying(&store).await.len() as u32, accepted);
    // Or whoever opens many could use up what is left to erase with.
    assert_eq!(store.open_mailbox(STRANGER, MailboxKind::Pairwise, AT).await, Err(Unavailable));
    assert_eq!(store.open_shelf(SHELF, AT).await, Err(Unavailable));
    assert_eq!(publish(&store, 3).await, Err(Unavailable));
    assert_eq!(store.open_epoch(EPOCH.next(), Vec::new()).await, Err(Unavailable));
    withdraw(&store, 1).await;
    assert_eq!(listed(&store).await, Ok(vec![slot(2)]));
    // There is no room for a second copy, so the first one stays.
    assert_eq!(store.purge(NOW).await, Err(Unavailable));
    assert!(store.ready());
    assert_eq!(lying(&store).await.len() as u32, accepted);
    store.acknowledge(vec![(OWNER, vec![id(0)])], NOW).await.unwrap()[0].unwrap();
    assert_eq!(lying(&store).await.len() as u32, accepted - 1);
    assert_eq!(store.close_mailbox(OWNER, NOW).await, Ok(Ok(())));
    // Now there is.
    assert_eq!(store.purge(NOW).await, Ok(()));
    store.open_mailbox(OWNER, MailboxKind::Pairwise, AT).await.unwrap().unwrap();
    assert_eq!(deposit(&store, 0).await, Ok(vec![Kept::Kept]));
}
