use std::io::Cursor;

use minicbor::bytes::ByteVec;
use sealpost_wire::operator::OperatorSecret;
use sealpost_wire::request::MailboxKind;
use sealpost_wire::time::{Day, Hour};
use sealpost_wire::{AtRest, CollectHash, EnvelopeId, MailboxId, SizeClass};

use super::*;
use crate::store::dump::{Part, Record};

const PASSPHRASE: &[u8] = b"a long passphrase";

fn operator() -> OperatorSecret {
    OperatorSecret::from_seed(&[1; 32])
}

fn start() -> Start {
    Start { operator: operator().public(), host: "relay.example:8443".to_owned(), made: Day(20_000), part: Part::Whole }
}

/// Records of several chunks.
fn records() -> Vec<Record> {
    let mailbox = MailboxId::from_bytes([7; 32]);
    let opened = Record::Mailbox {
        id: mailbox,
        collect: CollectHash::from_bytes([8; 32]),
        kind: MailboxKind::Pairwise,
        lease: Day(20_090),
    };
    let envelope = |number: u8| Record::Envelope {
        mailbox,
        id: EnvelopeId::from_bytes([number; 16]),
        expires: Hour(480_336),
        sealed: AtRest::new(vec![number; SizeClass::Large.stored_length()].into()).unwrap(),
    };
    [opened].into_iter().chain((0..40).map(envelope)).collect()
}

fn verify(archive: &[u8], passphrase: &[u8]) -> Result<Contents, ArchiveError> {
    super::verify(Cursor::new(archive.to_vec()), passphrase)
}

fn archive_of(signer: &OperatorSecret) -> Vec<u8> {
    let mut writer = Writer::begin(Vec::new(), PASSPHRASE, start()).unwrap();
    writer.file(File { name: "config".to_owned(), bytes: b"role".to_vec().into() }).unwrap();
    records().into_iter().for_each(|record| writer.record(record).unwrap());
    writer.finish(signer).unwrap()
}

#[test]
fn what_was_put_in_comes_out() {
    let archive = archive_of(&operator());
    assert!(archive.len() > 2 * CHUNK);
    let contents = verify(&archive, PASSPHRASE).unwrap();
    assert!(contents.start == start() && contents.records == 41);
    assert!(contents.files == [File { name: "config".to_owned(), bytes: ByteVec::from(b"role".to_vec()) }]);
    let mut reader = Reader::begin(Cursor::new(archive), PASSPHRASE).unwrap().records().unwrap();
    let read: Vec<Record> = std::iter::from_fn(|| reader.next().unwrap()).collect();
    assert!(read == records());
}

#[test]
fn the_same_contents_are_another_archive_each_time() {
    assert_ne!(archive_of(&operator())[..64], archive_of(&operator())[..64]);
}

#[test]
fn an_archive_that_was_cut_off_is_refused_wherever_it_was() {
    let archive = archive_of(&operator());
    let first_chunk = 24 + 4 + CHUNK + 16;
    for length in [0, 7, 24, 27, 28, 1_000, first_chunk, first_chunk + 3, first_chunk + 4, archive.len() - 1] {
        let refused = verify(&archive[..length], PASSPHRASE);
        assert!(
            matches!(refused, Err(ArchiveError::Altered { .. } | ArchiveError::Foreign | ArchiveError::Passphrase)),
            "{length}"
        );
    }
}

#[test]
fn an_altered_archive_is_refused() {
    let archive = archive_of(&operator());
    for place in [0, 10, 24, 27, 100, CHUNK + 100, archive.len() - 1] {
        let mut altered = archive.clone();
        altered[place] ^= 1;
        assert!(verify(&altered, PASSPHRASE).is_err(), "{place}");
    }
    let longer = [archive.as_slice(), &[0; 4]].concat();
    assert!(verify(&longer, PASSPHRASE).is_err());
    let twice = [archive.as_slice(), &archive[24..]].concat();
    assert!(verify(&twice, PASSPHRASE).is_err());
}

#[test]
fn chunks_that_change_places_are_refused() {
    let archive = archive_of(&operator());
    let chunk = 4 + CHUNK + 16;
    let (head, rest) = archive.split_at(24);
    let swapped = [head, &rest[chunk..2 * chunk], &rest[..chunk], &rest[2 * chunk..]].concat();
    assert!(matches!(verify(&swapped, PASSPHRASE), Err(ArchiveError::Passphrase)));
}

#[test]
fn another_passphrase_another_signature_and_another_file_are_refused() {
    let archive = archive_of(&operator());
    assert!(matches!(verify(&archive, b"another"), Err(ArchiveError::Passphrase)));
    let foreign = archive_of(&OperatorSecret::from_seed(&[2; 32]));
    assert!(matches!(verify(&foreign, PASSPHRASE), Err(ArchiveError::Signature)));
    assert!(matches!(verify(&[b"SQLite format 3\0", &[0; 100][..]].concat(), b""), Err(ArchiveError::Foreign)));
}
