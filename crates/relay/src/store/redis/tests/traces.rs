//! What is left in the servers: while something is kept, and when it was erased.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use sealpost_redis_stage::Server;
use sealpost_wire::directory::{BucketPrefix, Epoch, Slot};
use sealpost_wire::request::MailboxKind;
use sealpost_wire::{AtRest, EntryHash, EnvelopeId, SizeClass};

use super::backend::{SYNCED, deposit, lying, on, opened};
use crate::store::contract::{NOW, OWNER, SHELF, at, envelope, items, mailbox};
use crate::store::redis::Redis;
use crate::store::{Kept, NewEntry, NewEnvelope, Right, Spend, Store};

/// Puts something of every kind into a store.
async fn fill(store: &Redis) {
    opened(store).await;
    assert_eq!(deposit(store, 1).await, Ok(Kept::Kept));
    store.open_shelf(SHELF, at(NOW)).await.unwrap().unwrap();
    store.stock(SHELF, items([1, 2], Some(9)), at(NOW)).await.unwrap().unwrap();
    store.open_epoch(Epoch(222), vec![1]).await.unwrap();
    for owner in [1, 2] {
        let owner = EntryHash::from_bytes([owner; 32]);
        let slot = Slot::new([7; Slot::LENGTH]);
        let entry = NewEntry { epoch: Epoch(222), prefix: BucketPrefix(5), slot, owner, proved: Some(NOW.day()) };
        store.publish(entry, NOW.day()).await.unwrap().unwrap();
    }
    store.spend(vec![Spend { id: [1; 16], until: NOW.day(), request: [2; 16] }]).await.unwrap();
}

fn keys(server: &Server) -> Vec<String> {
    server.tell(&[b"KEYS", b"*"]).unwrap().lines().map(str::to_owned).collect()
}

/// The kinds of keys that `keys.rs` lists, and no other.
#[tokio::test]
async fn promise_15_there_are_no_other_keys_than_those_listed_and_none_has_a_time_to_live() {
    let server = Server::start(SYNCED).unwrap();
    let (store, _) = on(&server);
    fill(&store).await;
    let ends: BTreeSet<char> = keys(&server).iter().map(|key| key.rsplit('}').next().unwrap()).map(kind).collect();
    assert_eq!(ends, "mbstlpqehzcnv".chars().collect());
    let keyspace = server.tell(&[b"INFO", b"keyspace"]).unwrap();
    assert!(keyspace.contains("expires=0"), "{keyspace}");
}

/// The letter that tells what a key is of.
fn kind(end: &str) -> char {
    if end.starts_with('p') && end.len() < 8 { 'p' } else { end.chars().last().unwrap() }
}

#[tokio::test]
async fn promise_15_an_emptied_mailbox_keeps_no_day_and_no_number_of_what_was_in_it() {
    let server = Server::start(SYNCED).unwrap();
    let (store, _) = on(&server);
    opened(&store).await;
    let before = keys(&server);
    for number in 1..=3 {
        assert_eq!(deposit(&store, number).await, Ok(Kept::Kept));
    }
    let ids = [1, 2, 3].map(|number| EnvelopeId::from_bytes([number; 16])).to_vec();
    store.acknowledge(vec![(OWNER, ids)], NOW).await.unwrap()[0].unwrap();
    assert_eq!(keys(&server).len(), before.len());
    // Where its sequences began, nothing says.
    let other = mailbox(2, 2);
    store.open_mailbox(other, MailboxKind::Pairwise, at(NOW)).await.unwrap().unwrap();
    let sequence = |key: &str| server.tell(&[b"HGET", key.as_bytes(), b"s"]).unwrap().parse::<u64>().unwrap();
    let sequences: Vec<u64> = keys(&server).iter().filter(|key| key.ends_with('m')).map(|key| sequence(key)).collect();
    assert!(sequences.len() == 2 && sequences[0].abs_diff(sequences[1]) > 3, "{sequences:?}");
}

#[tokio::test]
async fn promise_9_a_store_that_everything_was_erased_from_has_no_keys_but_of_epochs() {
    let server = Server::start(SYNCED).unwrap();
    let (store, _) = on(&server);
    fill(&store).await;
    store.close_mailbox(OWNER, NOW).await.unwrap().unwrap();
    store.close_shelf(SHELF, NOW).await.unwrap().unwrap();
    assert!(store.retire_epoch(Epoch(222)).await.unwrap());
    assert_eq!(store.forget_spent(NOW.day().plus(1)).await, Ok(1));
    let ends: Vec<String> = keys(&server).iter().map(|key| key.rsplit('}').next().unwrap().to_owned()).collect();
    assert_eq!(ends.iter().map(String::as_str).collect::<BTreeSet<_>>(), BTreeSet::from(["e", "n", "v"]));
}

/// All bytes of all files below.
fn files(directory: &Path) -> Vec<u8> {
    let entries = fs::read_dir(directory).unwrap().flatten().map(|entry| entry.path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { fs::read(&path).unwrap_or_default() }).collect()
}

#[tokio::test]
async fn promise_14_what_was_erased_before_a_purge_is_in_no_file() {
    let server = Server::start(&[SYNCED, &["--save", "3600 1"]].concat()).unwrap();
    let (store, _) = on(&server);
    opened(&store).await;
    let bytes: Vec<u8> = (0..SizeClass::Small.stored_length()).map(|_| rand::random()).collect();
    let holds = || files(server.directory()).windows(64).any(|window| window == &bytes[1_000..1_064]);
    let sealed = AtRest::new(bytes.clone().into()).unwrap();
    let new = NewEnvelope { sealed, ..envelope(OWNER, 1, NOW) };
    assert_eq!(store.deposit(vec![new], NOW).await, Ok(vec![Kept::Kept]));
    assert_eq!(deposit(&store, 2).await, Ok(Kept::Kept));
    server.tell(&[b"SAVE"]).unwrap();
    store.acknowledge(vec![(OWNER, vec![EnvelopeId::from_bytes([1; 16])])], NOW).await.unwrap()[0].unwrap();
    assert!(holds());
    store.purge(NOW).await.unwrap();
    while holds() {
        // Redis deletes the old file on a thread of its own.
        tokio::task::yield_now().await;
    }
    assert_eq!(lying(&store).await, Ok(vec![2]));
}

/// 1.12 times its size and 150 bytes for each smallest envelope: a value just above a power of two would take 18 % more.
#[tokio::test]
async fn an_envelope_takes_little_more_memory_than_its_bytes() {
    const MAILBOXES: u8 = 100;
    const EACH: u8 = 5;
    let server = Server::start(SYNCED).unwrap();
    let (store, _) = on(&server);
    let used = || {
        let info = server.tell(&[b"INFO", b"memory"]).unwrap();
        let used = info.lines().find_map(|line| line.strip_prefix("used_memory_dataset:")).unwrap();
        used.parse::<usize>().unwrap()
    };
    for number in 0..MAILBOXES {
        store.open_mailbox(mailbox(number, 1), MailboxKind::Pairwise, at(NOW)).await.unwrap().unwrap();
    }
    let before = used();
    for number in 0..MAILBOXES {
        let envelopes = (0..EACH).map(|id| NewEnvelope { right: Right::Full, ..envelope(mailbox(number, 1), id, NOW) });
        store.deposit(envelopes.collect(), NOW).await.unwrap();
    }
    let each = (used() - before) / (usize::from(MAILBOXES) * usize::from(EACH));
    let stored = SizeClass::Small.stored_length();
    println!("{each} bytes of Redis for an envelope of {stored}");
    assert!(each <= stored * 112 / 100 + 150, "{each}");
}
