//! What lies in a slot.

use std::ops::Range;

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use sealpost_blind::directory::{Record, RecordKey, Slot, Tag};
use sealpost_identity::card::CardError;
use sealpost_identity::{CardRef, CardSeed, IdentityHash};
use sealpost_wire::time::Day;
use sealpost_wire::{RelayRef, Secret};
use serde::{Deserialize, Serialize};

use super::scalars::Given;
use super::vectors;
use crate::groups::{of_bytes, to_array, to_bytes};
use crate::samples::parts::{operator, stock_hash};

/// A card, its record and the slot.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Recorded {
    host: String,
    operator: String,
    seed: String,
    stock_hash: String,
    identity_hash: String,
    last_day: u32,
    record: String,
    tag: String,
    record_key: String,
    nonce: String,
    slot: String,
}

/// A slot that does not open.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Unopened {
    because: String,
    record_key: String,
    slot: String,
}

/// A record's first 208 bytes that are no card.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct NoCard {
    because: String,
    error: String,
    card: String,
}

const TAG: [u8; 16] = [0x7a; 16];
const KEY: [u8; 32] = [0x4e; 32];
const NONCE: [u8; 12] = [0x0e; 12];

fn card(host: &str) -> CardRef {
    CardRef {
        relay: RelayRef { host: host.parse().unwrap(), operator: operator().public() },
        seed: CardSeed::new(Secret::new([0x5e; 32])),
        stock: stock_hash(),
        identity: IdentityHash::from_bytes([0x1d; 32]),
    }
}

fn sealed(card: &CardRef, last_day: Day) -> Slot {
    let record = Record { card: card.to_record(), last_day };
    record.seal(&Tag::from_bytes(TAG), &RecordKey::new(KEY), &mut Given::bytes(&NONCE))
}

fn recorded(host: &str, last_day: Day) -> Recorded {
    let card = card(host);
    Recorded {
        host: host.into(),
        operator: of_bytes(card.relay.operator.as_bytes()),
        seed: of_bytes(card.seed.secret().expose()),
        stock_hash: of_bytes(card.stock.as_bytes()),
        identity_hash: of_bytes(card.identity.as_bytes()),
        last_day: last_day.0,
        record: of_bytes(&[card.to_record().expose().as_slice(), &last_day.0.to_be_bytes()].concat()),
        tag: of_bytes(&TAG),
        record_key: of_bytes(&KEY),
        nonce: of_bytes(&NONCE),
        slot: of_bytes(sealed(&card, last_day).as_bytes()),
    }
}

pub(super) fn all() -> Vec<Recorded> {
    let longest = format!("{}.example:443", "a".repeat(52));
    vec![
        recorded("relay.example.org:443", Day(20_789)),
        recorded("[::1]:8443", Day(0)),
        recorded(&longest, Day(u32::MAX)),
    ]
}

pub(super) fn unopened() -> Vec<Unopened> {
    let slot = *sealed(&card("relay.example.org:443"), Day(20_789)).as_bytes();
    let changed = |place: usize| {
        let mut bytes = slot;
        bytes[place] ^= 1;
        bytes
    };
    let slot_of = |because: &str, key: [u8; 32], slot: [u8; 256]| Unopened {
        because: because.into(),
        record_key: of_bytes(&key),
        slot: of_bytes(&slot),
    };
    vec![
        slot_of("moved under another tag", KEY, changed(0)),
        slot_of("another nonce", KEY, changed(16)),
        slot_of("a changed record", KEY, changed(100)),
        slot_of("a changed end", KEY, changed(255)),
        slot_of("another key", [0x4f; 32], slot),
        slot_of("a free slot", KEY, std::array::from_fn(|n| (n * 37 % 256) as u8)),
    ]
}

pub(super) fn no_cards() -> Vec<NoCard> {
    let changed = |because: &str, error: &str, place: Range<usize>, byte: u8| {
        let mut card = *card("relay.example.org:443").to_record().expose();
        card[place].fill(byte);
        NoCard { because: because.into(), error: error.into(), card: of_bytes(&card) }
    };
    vec![
        changed("a later version", "version", 0..1, 2),
        changed("a host that is longer than its place", "malformed", 1..2, 65),
        changed("a host that ends too early", "malformed", 1..2, 20),
        changed("a host in upper case", "malformed", 2..3, b'R'),
        changed("something behind the host", "malformed", 65..66, 1),
        changed("a weak operator key", "malformed", 66..98, 0),
        changed("something behind the card", "malformed", 207..208, 1),
    ]
}

/// With the cipher itself, by the layout in the protocol's text.
#[test]
fn a_slot_is_tag_nonce_and_sealed_record() {
    for vector in vectors().records {
        let slot = to_bytes(&vector.slot);
        let (tag, nonce): ([u8; 16], [u8; 12]) = (to_array(&vector.tag), to_array(&vector.nonce));
        assert_eq!((slot.len(), &slot[..16], &slot[16..28]), (256, tag.as_slice(), nonce.as_slice()));
        let aad = [b"sealpost v1 record".as_slice(), &tag].concat();
        let cipher = Aes256Gcm::new(&to_array::<32>(&vector.record_key).into());
        let record = cipher.decrypt(&Nonce::from(nonce), Payload { msg: &slot[28..], aad: &aad }).unwrap();
        assert_eq!(record, to_bytes(&vector.record));

        let length = vector.host.len();
        assert_eq!((record.len(), record[0], usize::from(record[1])), (212, 1, length));
        assert_eq!(record[2..2 + length], *vector.host.as_bytes());
        assert!(record[2 + length..66].iter().chain(&record[194..208]).all(|byte| *byte == 0));
        let fields = [&vector.operator, &vector.seed, &vector.stock_hash, &vector.identity_hash];
        assert_eq!(record[66..194], fields.map(|field| to_bytes(field)).concat());
        assert_eq!(record[208..], vector.last_day.to_be_bytes());
    }
}

#[test]
fn a_slot_opens_to_the_card_it_was_made_of() {
    for vector in vectors().records {
        let slot = Slot::from_bytes(&to_bytes(&vector.slot)).unwrap();
        let record = Record::open(&slot, &RecordKey::new(to_array(&vector.record_key))).unwrap();
        assert!(CardRef::from_record(&record.card) == Ok(card(&vector.host)), "{}", vector.host);
        assert_eq!(record.last_day, Day(vector.last_day));
    }
}

#[test]
fn a_slot_that_was_changed_moved_or_free_does_not_open() {
    for vector in vectors().refused_slots {
        let slot = Slot::from_bytes(&to_bytes(&vector.slot)).unwrap();
        let opened = Record::open(&slot, &RecordKey::new(to_array(&vector.record_key)));
        assert!(opened.is_err(), "{}", vector.because);
    }
}

#[test]
fn a_record_that_holds_no_card_says_why() {
    for vector in vectors().refused_cards {
        let error = CardRef::from_record(&Secret::new(to_array(&vector.card))).map(drop).map_err(|error| match error {
            CardError::Version(_) => "version",
            CardError::Malformed => "malformed",
            CardError::Mistyped => "mistyped",
        });
        assert_eq!(error, Err(vector.error.as_str()), "{}", vector.because);
    }
}
