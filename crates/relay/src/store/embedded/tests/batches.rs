//! What a batch writes.

use std::time::{Duration, Instant};

use sealpost_wire::directory::Epoch;
use sealpost_wire::request::Stored;
use sealpost_wire::time::Hour;
use sealpost_wire::{AtRest, EnvelopeId, MailboxId, SizeClass};

use super::raw;
use crate::store::OpenEpoch;
use crate::store::embedded::batch::Batch;
use crate::store::embedded::disk::Disk;
use crate::store::embedded::rows::{Space, epoch_key, epoch_to_bytes};
use crate::store::queue::Entry;

const MAILBOX: MailboxId = MailboxId::from_bytes([0xA1; 32]);

/// A batch with one deposit.
fn batch() -> (Batch, Entry) {
    let id = EnvelopeId::from_bytes([0xB2; 16]);
    let entry = Entry { sequence: 7, id, expires: Hour(480_000), class: SizeClass::Small };
    let sealed = AtRest::new(vec![0xC3; SizeClass::Small.stored_length()].into()).unwrap();
    let mut batch = Batch::default();
    batch.note_deposit();
    batch.keep(&MAILBOX, entry, Stored { sequence: 7, id, sealed }.into(), Instant::now());
    (batch, entry)
}

#[test]
fn an_envelope_acknowledged_before_its_batch_is_written_is_never_written() {
    let root = tempfile::tempdir().unwrap();
    let disk = Disk::make(&root.path().join("live"), 1 << 20).unwrap();
    let (mut acknowledged, entry) = batch();
    acknowledged.erase(&MAILBOX, &entry);
    disk.commit(&acknowledged).unwrap();
    assert!(!raw::holds(&raw::files(root.path()), &[0xC3; 64]));
    assert!(!raw::holds(&raw::files(root.path()), MAILBOX.as_bytes()));
    disk.commit(&batch().0).unwrap();
    assert!(raw::holds(&raw::files(root.path()), &[0xC3; 64]));
}

#[test]
fn an_envelope_that_has_just_come_is_left_to_the_next_batch() {
    let (mut first, entry) = batch();
    let came = Instant::now();
    let second = Entry { sequence: 8, ..entry };
    let sealed = AtRest::new(vec![0xD4; SizeClass::Small.stored_length()].into()).unwrap();
    let (later, stored) = (came + Duration::from_secs(1), Stored { sequence: 8, id: entry.id, sealed });
    first.keep(&MAILBOX, second, stored.into(), later);
    let next = first.split_off(came);
    let sequences = |batch: &Batch| batch.envelopes().map(|(_, new)| new.entry.sequence).collect::<Vec<_>>();
    assert_eq!((sequences(&first), sequences(&next)), (vec![7], vec![8]));
    assert_eq!(next.mailboxes().into_iter().collect::<Vec<_>>(), [MAILBOX]);
    assert!(!next.has_deposits());
}

/// How much longer the files become with a batch, where there were others before it.
fn growth(batch: &Batch) -> usize {
    let root = tempfile::tempdir().unwrap();
    let disk = Disk::make(&root.path().join("live"), 1 << 20).unwrap();
    disk.commit(&self::batch().0).unwrap();
    let written = || raw::files(root.path()).iter().map(Vec::len).sum::<usize>();
    let before = written();
    disk.commit(batch).unwrap();
    written() - before
}

#[test]
fn a_batch_whose_envelope_was_acknowledged_takes_as_much_writing_as_with_it() {
    let whole = growth(&batch().0);
    let (mut acknowledged, entry) = batch();
    acknowledged.erase(&MAILBOX, &entry);
    let filled = growth(&acknowledged);
    assert!(filled.abs_diff(whole) < 512, "{filled} against {whole} bytes");
    assert_eq!(growth(&Batch::default()), 0);
}

#[test]
fn what_was_acknowledged_of_the_next_batch_is_filled_up_in_that() {
    let (mut first, entry) = batch();
    first.erase(&MAILBOX, &entry);
    let next = first.split_off(Instant::now() - Duration::from_secs(60));
    assert_eq!((first.unwritten(), next.unwritten()), (0, SizeClass::Small.stored_length()));
}

#[test]
fn of_many_that_were_acknowledged_one_longest_envelope_is_filled_up() {
    let (mut many, entry) = batch();
    let sealed = AtRest::new(vec![0xD4; SizeClass::Large.stored_length()].into()).unwrap();
    for sequence in 8..40 {
        let entry = Entry { sequence, class: SizeClass::Large, ..entry };
        many.keep(&MAILBOX, entry, Stored { sequence, id: entry.id, sealed: sealed.clone() }.into(), Instant::now());
        many.erase(&MAILBOX, &entry);
    }
    many.erase(&MAILBOX, &entry);
    assert!(growth(&many) < SizeClass::Large.stored_length() + 512);
}

const EPOCH: Epoch = Epoch(222);

/// A batch that opens an epoch and lists something in it.
fn listing() -> Batch {
    let mut batch = Batch::default();
    let open = OpenEpoch { bits: sealpost_wire::directory::BucketBits::ONE_BUCKET, descriptor: Vec::new() };
    batch.put(Space::Epochs, &epoch_key(EPOCH), epoch_to_bytes(&open));
    batch.put(Space::Entries(EPOCH), &[0xA1; 20], vec![0xC3; 292]);
    batch.put(Space::Claims(EPOCH), &[0xA1; 20], vec![0xD4; 36]);
    batch
}

#[test]
fn an_entry_withdrawn_before_its_batch_is_written_is_never_written() {
    let root = tempfile::tempdir().unwrap();
    let disk = Disk::make(&root.path().join("live"), 1 << 20).unwrap();
    let mut withdrawn = listing();
    withdrawn.remove(Space::Entries(EPOCH), &[0xA1; 20]);
    withdrawn.remove(Space::Claims(EPOCH), &[0xA1; 20]);
    disk.commit(&withdrawn).unwrap();
    let holds = |bytes: &[u8]| raw::holds(&raw::files(root.path()), bytes);
    assert!(!holds(&[0xC3; 64]) && !holds(&[0xD4; 36]));
    disk.commit(&listing()).unwrap();
    assert!(holds(&[0xC3; 64]) && holds(&[0xD4; 36]));
}

/// As a crash in the middle of retiring leaves it: the row says so, the keyspaces are there.
#[test]
fn what_is_left_of_a_retired_epoch_is_dropped_when_the_store_is_opened() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("live");
    let disk = Disk::make(&path, 1 << 20).unwrap();
    disk.commit(&listing()).unwrap();
    let mut retired = Batch::default();
    retired.put(Space::Epochs, &epoch_key(EPOCH), Vec::new());
    disk.commit(&retired).unwrap();
    drop(disk);
    assert!(raw::holds(&raw::rows(root.path()), &[0xC3; 292]));
    drop(Disk::open(&path, 1 << 20).unwrap());
    assert!(!raw::holds(&raw::rows(root.path()), &[0xC3; 292]));
    assert!(!raw::holds(&raw::rows(root.path()), &[0xD4; 36]));
}
