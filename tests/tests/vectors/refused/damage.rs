//! Ways to damage a message.

mod fields;

use sealpost_wire::codec::DecodeError;
use sealpost_wire::codec::DecodeError::{Malformed, NotExact, TrailingBytes, Truncated, Version};

use super::Bad;
use crate::groups::entries;
use crate::kinds::{ATTESTERS, KINDS};
use crate::samples;

/// What is wrong, what a decoder says to it, and the damaged body.
type Damage = (&'static str, DecodeError, Vec<u8>);

/// What can be wrong with any message, for each kind; then what can be wrong with single fields.
pub(super) fn all() -> Vec<Bad> {
    let whole = KINDS.iter().flat_map(|kind| of_any(kind.name));
    whole.chain(fields::all()).collect()
}

/// The same for what goes to an attester.
pub(crate) fn of_attesters() -> Vec<Bad> {
    let whole = ATTESTERS.iter().flat_map(|kind| of_any(kind.name));
    whole.chain(fields::of_attesters()).collect()
}

/// The shortest sample of a kind.
fn shortest(kind: &str) -> Vec<u8> {
    let all = samples::all().into_iter().chain(samples::attester::all());
    let of_kind = all.filter(|sample| sample.kind == kind);
    of_kind.map(|sample| sample.body).min_by_key(Vec::len).unwrap()
}

fn of_any(kind: &'static str) -> impl Iterator<Item = Bad> {
    let body = shortest(kind);
    let damages = [ends(&body), versions(&body), keys(&body), forms(&body)];
    damages.into_iter().flatten().map(move |(because, error, body)| Bad::new(kind, because, error, &body))
}

fn ends(body: &[u8]) -> Vec<Damage> {
    vec![
        ("no bytes", Truncated, vec![]),
        ("the last byte is missing", Truncated, body[..body.len() - 1].to_vec()),
        ("one byte more", TrailingBytes, [body, &[0]].concat()),
        ("twice the body", TrailingBytes, body.repeat(2)),
    ]
}

fn versions(body: &[u8]) -> Vec<Damage> {
    let (head, fields) = entries(body);
    let versioned = |version: &[u8]| [head, version, &fields[1..].concat()].concat();
    vec![
        ("version 0", Version(0), versioned(&[0, 0])),
        ("version 2", Version(2), versioned(&[0, 2])),
        ("no version", Malformed, [&[head[0] - 1], fields[1..].concat().as_slice()].concat()),
        ("the version is a text", Malformed, versioned(&[0, 0x61, b'1'])),
        ("a longer form of the version", NotExact, versioned(&[0, 0x18, 1])),
        ("a longer form of the version's key", NotExact, versioned(&[0x18, 0, 1])),
    ]
}

fn keys(body: &[u8]) -> Vec<Damage> {
    let (head, fields) = entries(body);
    let with = |extra: &[u8]| [&[head[0] + 1], fields.concat().as_slice(), extra].concat();
    let mut damages = vec![
        ("a key that is not known", NotExact, with(&[0x17, 0])),
        ("a key that is not known, with a list that has no end", Truncated, with(&[0x17, 0x9f])),
        ("a key that is a text", Malformed, with(&[0x61, b'k', 0])),
        ("a key stands twice", NotExact, with(fields[0])),
    ];
    if let [version, others @ .., last] = fields.as_slice() {
        damages.push(("the version comes last", Malformed, [head, last, &others.concat(), version].concat()));
        damages.push(("a field is missing", Malformed, [&[head[0] - 1], *version, &fields[2..].concat()].concat()));
    }
    if let [first @ .., a, b] = fields.as_slice()
        && !first.is_empty()
    {
        damages.push(("keys in another order", NotExact, [head, &first.concat(), b, a].concat()));
    }
    damages
}

fn forms(body: &[u8]) -> Vec<Damage> {
    let (count, rest) = (body[0] & 0x1f, &body[1..]);
    vec![
        ("a list in place of the map", Malformed, [&[0x80 + count], rest].concat()),
        ("a tag before the map", Malformed, [&[0xc1], body].concat()),
        ("a map of unknown length", NotExact, [&[0xbf], rest, &[0xff]].concat()),
        ("a longer form of the map's length", NotExact, [&[0xb8, count], rest].concat()),
    ]
}
