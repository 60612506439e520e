//! What can be wrong with single fields.

use minicbor::Encode;
use sealpost_wire::codec::DecodeError::{Malformed, NotExact};
use sealpost_wire::operator::Purpose;

use super::shortest;
use crate::groups::entries;
use crate::refused::Bad;
use crate::samples::parts::operator;

const NULL: [u8; 1] = [0xf6];
const ENDLESS_LIST: [u8; 2] = [0x9f, 0xff];

pub(super) fn all() -> impl Iterator<Item = Bad> {
    [mailboxes(), shelves(), deposits(), discovery(), replies(), frames()].into_iter().flatten()
}

pub(super) fn of_attesters() -> Vec<Bad> {
    let entry = |hash: usize| [&[0x82, 0x18, 230], bytes(hash).as_slice()].concat();
    let signed =
        |statement: usize, signature: usize| [&[0x82], bytes(statement).as_slice(), &bytes(signature)].concat();
    let longest = "+123456789012345";
    vec![
        malformed("ask-code", "a number of 17 characters", 1, &cbor(format!("{longest}6"))),
        malformed("ask-code", "a number that is a number", 1, &cbor(12_025_550_123_u64)),
        malformed("ask-code", "a number as bytes", 1, &bytes(12)),
        malformed("prove-number", "a code of five digits", 2, &cbor("12345")),
        malformed("prove-number", "a code of seven digits", 2, &cbor("1234567")),
        malformed("prove-number", "a code that is a number", 2, &cbor(123_456)),
        malformed("prove-number", "three epochs", 3, &list(&entry(32), 3)),
        malformed("prove-number", "an entry hash of 31 bytes", 3, &list(&entry(31), 1)),
        malformed("attested", "three attestations", 1, &list(&signed(90, 64), 3)),
        malformed("attested", "an attestation of 97 bytes", 1, &list(&signed(97, 64), 1)),
        malformed("attested", "seven vouchers", 2, &list(&signed(70, 64), 7)),
        malformed("attested", "a voucher's signature of 63 bytes", 2, &list(&signed(70, 63), 1)),
    ]
}

/// The shortest body of a kind, with another value for one key, or with that key added.
fn set(kind: &str, key: u8, value: &[u8]) -> Vec<u8> {
    let body = shortest(kind);
    let (_, fields) = entries(&body);
    let field = [&[key], value].concat();
    let before = fields.iter().filter(|field| field[0] < key);
    let after = fields.iter().filter(|field| field[0] > key);
    let fields: Vec<&[u8]> = before.copied().chain([field.as_slice()]).chain(after.copied()).collect();
    [&[0xa0 + u8::try_from(fields.len()).unwrap()], fields.concat().as_slice()].concat()
}

fn malformed(kind: &str, because: &str, key: u8, value: &[u8]) -> Bad {
    Bad::new(kind, because, Malformed, &set(kind, key, value))
}

fn inexact(kind: &str, because: &str, key: u8, value: &[u8]) -> Bad {
    Bad::new(kind, because, NotExact, &set(kind, key, value))
}

fn cbor(value: impl Encode<()>) -> Vec<u8> {
    minicbor::to_vec(value).unwrap()
}

/// A byte string of some length.
fn bytes(length: usize) -> Vec<u8> {
    cbor(minicbor::bytes::ByteVec::from(vec![0xee; length]))
}

/// A list of the same value, some number of times.
fn list(value: &[u8], times: u16) -> Vec<u8> {
    let mut list = Vec::new();
    minicbor::Encoder::new(&mut list).array(times.into()).unwrap();
    [list, value.repeat(times.into())].concat()
}

fn mailboxes() -> Vec<Bad> {
    vec![
        malformed("open-mailbox", "a mailbox id of 31 bytes", 1, &bytes(31)),
        malformed("open-mailbox", "a collect key of 33 bytes", 2, &bytes(33)),
        malformed("open-mailbox", "a kind that is not known", 3, &cbor(2)),
        malformed("open-mailbox", "an empty ticket", 4, &bytes(0)),
        malformed("open-mailbox", "a ticket of 102 bytes", 4, &bytes(102)),
        inexact("open-mailbox", "null for no ticket", 4, &NULL),
        malformed("collect", "a sequence below zero", 3, &cbor(-1)),
        malformed("collect", "a sequence that is a fraction", 3, &cbor(1.5)),
        inexact("collect", "a longer form of a sequence", 3, &[0x18, 0]),
        malformed("collect", "a maximum of 65,536", 4, &cbor(65_536)),
        malformed("acknowledge", "513 ids", 3, &list(&bytes(16), 513)),
        malformed("acknowledge", "an id of 15 bytes", 3, &list(&bytes(15), 1)),
        malformed("acknowledge", "a list of unknown length", 3, &ENDLESS_LIST),
        malformed("acknowledge", "a list that claims 2^64 - 1 ids", 3, &[&[0x9b], [0xff; 8].as_slice()].concat()),
        inexact("acknowledge", "a longer form of a list's length", 3, &[0x98, 0]),
    ]
}

fn shelves() -> Vec<Bad> {
    vec![
        malformed("open-shelf", "a shelf id of 33 bytes", 1, &bytes(33)),
        malformed("stock", "101 items", 3, &list(&bytes(4_080), 101)),
        malformed("stock", "an item of 4,079 bytes", 3, &list(&bytes(4_079), 1)),
        malformed("stock", "a last item of 4,081 bytes", 4, &bytes(4_081)),
        malformed("stock", "a number for true", 5, &cbor(1)),
        malformed("take", "a take key of 31 bytes", 1, &bytes(31)),
    ]
}

fn deposits() -> Vec<Bad> {
    let chunks = [&[0x5f], bytes(4_052).as_slice(), &[0xff]].concat();
    vec![
        malformed("deposit", "an empty envelope", 4, &bytes(0)),
        malformed("deposit", "an envelope one byte too short", 4, &bytes(4_051)),
        malformed("deposit", "an envelope one byte too long", 4, &bytes(4_053)),
        malformed("deposit", "an envelope as long as a stored one", 4, &bytes(4_080)),
        malformed("deposit", "an envelope between two lengths", 4, &bytes(8_000)),
        malformed("deposit", "an envelope longer than the largest", 4, &bytes(65_493)),
        malformed("deposit", "an envelope in chunks", 4, &chunks),
        malformed("deposit", "an envelope that is a text", 4, &cbor("a".repeat(4_052))),
        malformed("deposit", "an envelope id of 17 bytes", 3, &bytes(17)),
        malformed("deposit", "a collect hash of 31 bytes", 2, &bytes(31)),
    ]
}

fn discovery() -> Vec<Bad> {
    let signed =
        |statement: usize, signature: usize| [&[0x82], bytes(statement).as_slice(), &bytes(signature)].concat();
    vec![
        malformed("evaluate", "an epoch of 33 bits", 1, &cbor(1_u64 << 32)),
        malformed("evaluate", "63 elements", 2, &bytes(2_016)),
        malformed("evaluate", "65 elements", 2, &bytes(2_080)),
        malformed("evaluate", "a voucher of 81 bytes", 3, &signed(81, 64)),
        malformed("publish", "a prefix of 33 bits", 2, &cbor(1_u64 << 32)),
        malformed("publish", "a slot of 255 bytes", 3, &bytes(255)),
        malformed("publish", "a slot of 257 bytes", 3, &bytes(257)),
        malformed("publish", "an entry key of 31 bytes", 4, &bytes(31)),
        malformed("publish", "an attestation of 97 bytes", 5, &signed(97, 64)),
        malformed("publish", "an attestation's signature of 65 bytes", 5, &signed(90, 65)),
        malformed("withdraw", "a tag of 15 bytes", 3, &bytes(15)),
        malformed("evaluated", "a proof too short", 1, &bytes(2_111)),
        malformed("published", "a listing that is not known", 1, &cbor(2)),
        malformed("issue-tickets", "an invite code of 13 bytes", 1, &bytes(13)),
        malformed(
            "issue-tickets",
            "tickets of no known kind",
            4,
            &list(&[0x83, 6, 0, 0x58, 32].iter().copied().chain([0xee; 32]).collect::<Vec<_>>(), 1),
        ),
        malformed("issued-tickets", "a proof of 63 bytes", 1, &list(&bytes(95), 1)),
    ]
}

fn replies() -> Vec<Bad> {
    let signature = operator().sign(Purpose::Deletion, &[0xee; 65]).to_vec();
    let long = [&[0x82], bytes(65).as_slice(), &cbor(minicbor::bytes::ByteVec::from(signature))].concat();
    let unsigned = [&[0x82], bytes(43).as_slice(), &bytes(63)].concat();
    let unsealed = [&[0x83, 1], bytes(16).as_slice(), &bytes(4_052)].concat();
    vec![
        malformed("deposited", "an outcome that is not known", 1, &cbor(5)),
        malformed("deposited", "a wait of 65,536 seconds", 2, &cbor(65_536)),
        inexact("deposited", "null for no wait", 2, &NULL),
        malformed("refused", "a reason that is not known", 1, &cbor(16)),
        malformed("taken", "an item of 4,079 bytes", 1, &bytes(4_079)),
        malformed("item-count", "65,536 items", 1, &cbor(65_536)),
        malformed("closed", "a signature of 63 bytes", 1, &unsigned),
        malformed("closed", "a statement of 65 bytes", 1, &long),
        malformed("collected", "an envelope without its seal at rest", 1, &list(&unsealed, 1)),
    ]
}

fn frames() -> Vec<Bad> {
    let deposit = shortest("deposit");
    let tagged = [&[0x82, 0], deposit.as_slice()].concat();
    let other_version = [&[0x82, 0, deposit[0], 0, 2], &deposit[3..]].concat();
    let subscribe = [&[0x83, 0], bytes(32).as_slice(), &bytes(32)].concat();
    let longer = [&[0x84, 0], bytes(32).as_slice(), &bytes(32), &[0]].concat();
    vec![
        malformed("owner-frame", "513 subscriptions", 1, &list(&subscribe, 513)),
        inexact("owner-frame", "a fourth field of a subscription", 1, &list(&longer, 1)),
        malformed(
            "owner-frame",
            "513 ids of one channel",
            2,
            &list(&[&[0x82, 0], list(&bytes(16), 513).as_slice()].concat(), 1),
        ),
        malformed("owner-frame", "a channel of 33 bits", 3, &list(&cbor(1_u64 << 32), 1)),
        malformed("delivery-frame", "a reason that is not known", 3, &list(&[0x82, 0, 16], 1)),
        malformed("deposit-frame", "65 deposits", 1, &list(&tagged, 65)),
        malformed("deposit-frame", "a deposit of version 2 in a frame of version 1", 1, &list(&other_version, 1)),
        malformed("outcome-frame", "an outcome that is not known", 1, &list(&[0x82, 0, 5], 1)),
    ]
}
