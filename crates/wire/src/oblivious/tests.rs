use bhttp::{Message, Mode};

use super::*;
use crate::capability::{CollectKey, DepositKey, EnvelopeId};
use crate::codec::{List, V1};
use crate::envelope::{AtRest, Envelope};
use crate::request::{Collected, Deposit, Stored};
use crate::{Ticket, to_bytes};

fn post(body: &[u8]) -> InsideRequest {
    InsideRequest { path: "/v1/take".into(), body: Some(body.to_vec()) }
}

fn reply(body: Vec<u8>) -> InsideReply {
    InsideReply { status: 200, content_type: "application/cbor".into(), body }
}

/// What is inside, written by hand, up to the length that it must have.
fn written(message: &[u8]) -> Vec<u8> {
    let mut bytes = message.to_vec();
    bytes.resize(REQUEST_LENGTHS[0], 0);
    bytes
}

#[test]
fn a_request_is_these_bytes() {
    let expected = [
        &b"\x00"[..],                                // a request of known length
        b"\x04POST\x05https\x00\x08/v1/take",        // method, scheme, no authority, path
        b"\x1e\x0ccontent-type\x10application/cbor", // the one field
        b"\x02\xa1\x00\x00",                         // the body, and no trailer
    ];
    assert_eq!(post(&[0xa1, 0]).to_bytes(0).unwrap(), written(&expected.concat()));
    let get = InsideRequest { path: "/v1/relay".into(), body: None };
    assert_eq!(get.to_bytes(0).unwrap(), written(b"\x00\x03GET\x05https\x00\x09/v1/relay\x00\x00\x00"));
}

#[test]
fn a_reply_is_these_bytes() {
    let expected = [
        &b"\x01\x40\xc8"[..],                        // a response of known length, 200
        b"\x1e\x0ccontent-type\x10application/cbor", // the one field
        b"\x02\xa1\x00\x00",                         // the body, and no trailer
    ];
    assert_eq!(reply(vec![0xa1, 0]).to_bytes(0).unwrap(), written(&expected.concat()));
}

#[test]
fn the_library_would_write_the_same_with_a_body_of_any_length() {
    for length in [0, 1, 0x3f, 0x40, 0x3fff, 0x4000, 60_000] {
        let body = vec![7; length];
        let mut message = Message::request("POST".into(), "https".into(), Vec::new(), "/v1/take".into());
        message.put_header("content-type", "application/cbor");
        message.write_content(&body);
        let mut expected = Vec::new();
        message.write_bhttp(Mode::KnownLength, &mut expected).unwrap();
        let bytes = post(&body).to_bytes(0).unwrap();
        let padding = bytes.strip_prefix(&*expected).unwrap();
        assert!(padding.iter().all(|byte| *byte == 0), "{length}");
        assert!(InsideRequest::from_bytes(&bytes) == Ok(post(&body)), "{length}");
    }
}

#[test]
fn what_was_written_is_read() {
    for request in [post(&[7; 100]), post(&[]), InsideRequest { path: "/v1/bucket/1/2/3".into(), body: None }] {
        assert!(InsideRequest::from_bytes(&request.to_bytes(0).unwrap()) == Ok(request));
    }
    for reply in [reply(vec![7; 32 * 1024]), InsideReply { status: 503, ..reply(vec![]) }] {
        assert!(InsideReply::from_bytes(&reply.to_bytes(0).unwrap()) == Ok(reply));
    }
}

#[test]
fn the_length_is_the_shortest_that_there_is_and_that_is_asked_for() {
    let of = |body: usize, least: usize| reply(vec![0; body]).to_bytes(least).map(|bytes| bytes.len());
    assert_eq!((of(0, 0), of(4_500, 0), of(4_600, 0)), (Some(4_592), Some(4_592), Some(16_880)));
    assert_eq!((of(0, 16_880), of(32_768, 4_592), of(33_500, 0)), (Some(16_880), Some(33_280), Some(66_032)));
    assert_eq!((of(65_900, 0), of(66_032, 0)), (Some(66_032), None));
    assert_eq!(post(&[0; 32_768]).to_bytes(0).map(|bytes| bytes.len()), Some(66_032));
}

#[test]
fn the_longest_deposit_of_each_class_fits_its_length() {
    let mut rng = rand::rng();
    for (class, length) in SizeClass::ALL.into_iter().zip(REQUEST_LENGTHS) {
        let deposit = Deposit {
            version: V1,
            deposit: DepositKey::random(&mut rng),
            collect: CollectKey::random(&mut rng).hash(),
            id: EnvelopeId::random(&mut rng),
            envelope: Envelope::new(vec![0; class.envelope_length()].into()).unwrap(),
            ticket: Ticket::from_bytes(&[0; Ticket::LENGTH]),
        };
        let request = InsideRequest { path: "/v1/deposit".into(), body: Some(to_bytes(&deposit)) };
        assert_eq!(request.to_bytes(0).map(|bytes| bytes.len()), Some(length));
    }
}

/// However the room is used up: one envelope, many small ones, or a mixture.
#[test]
fn what_a_reply_has_room_for_fits_its_length() {
    let classes = [SizeClass::Large, SizeClass::Medium, SizeClass::Small];
    for first in 0..classes.len() {
        let (mut room, mut envelopes) = (REPLY_ROOM, Vec::new());
        for class in &classes[first..] {
            while room >= class.stored_length() {
                room -= class.stored_length();
                let sealed = AtRest::new(vec![0; class.stored_length()].into()).unwrap();
                envelopes.push(Stored { sequence: u64::MAX, id: EnvelopeId::from_bytes([0; 16]), sealed });
            }
        }
        let collected = Collected { version: V1, envelopes: List::new(envelopes).unwrap(), more: true };
        assert_eq!(reply(to_bytes(&collected)).to_bytes(0).map(|bytes| bytes.len()), Some(LONGEST));
    }
}

#[test]
fn other_lengths_are_refused() {
    let bytes = post(&[1]).to_bytes(0).unwrap();
    for length in [0, 1, 4_591, 4_593, 33_280, 66_033] {
        let mut other = bytes.clone();
        other.resize(length, 0);
        assert!(InsideRequest::from_bytes(&other) == Err(InsideError::Length), "{length}");
    }
}

#[test]
fn padding_with_anything_but_zeros_is_refused() {
    let mut bytes = post(&[1]).to_bytes(0).unwrap();
    *bytes.last_mut().unwrap() = 1;
    assert!(InsideRequest::from_bytes(&bytes) == Err(InsideError::Padding));
}

#[test]
fn every_other_form_of_a_request_is_refused() {
    let type_field = b"\x1e\x0ccontent-type\x10application/cbor";
    let of = |head: &[u8], fields: &[u8], rest: &[u8]| written(&[head, fields, rest].concat());
    let plain = b"\x00\x04POST\x05https\x00\x08/v1/take";
    assert!(InsideRequest::from_bytes(&of(plain, type_field, b"\x00\x00")) == Ok(post(&[])));
    for (what, bytes) in [
        ("a method", of(b"\x00\x03PUT\x05https\x00\x08/v1/take", type_field, b"\x00\x00")),
        ("a scheme", of(b"\x00\x04POST\x04http\x00\x08/v1/take", type_field, b"\x00\x00")),
        ("an authority", of(b"\x00\x04POST\x05https\x03a:1\x08/v1/take", type_field, b"\x00\x00")),
        ("a query", of(b"\x00\x04POST\x05https\x00\x0a/v1/take?a", type_field, b"\x00\x00")),
        ("no path", of(b"\x00\x04POST\x05https\x00\x00", type_field, b"\x00\x00")),
        ("a whole URL", of(b"\x00\x04POST\x05https\x00\x08https://", type_field, b"\x00\x00")),
        ("no type", of(plain, b"\x00", b"\x00\x00")),
        ("another type", of(plain, b"\x17\x0ccontent-type\x09text/html", b"\x00\x00")),
        ("a field more", of(plain, b"\x22\x0ccontent-type\x10application/cbor\x01a\x01b", b"\x00\x00")),
        ("a trailer", of(plain, type_field, b"\x00\x04\x01a\x01b")),
        ("a longer integer", of(b"\x00\x40\x04POST\x05https\x00\x08/v1/take", type_field, b"\x00\x00")),
        ("a body of a GET", of(b"\x00\x03GET\x05https\x00\x08/v1/take", b"\x00", b"\x01a\x00")),
        ("a type of a GET", of(b"\x00\x03GET\x05https\x00\x08/v1/take", type_field, b"\x00\x00")),
        ("an unknown length", of(b"\x02\x04POST\x05https\x00\x08/v1/take", &type_field[1..], b"\x00\x00\x00")),
        ("a response", of(b"\x01\x40\xc8", type_field, b"\x00\x00")),
    ] {
        assert!(InsideRequest::from_bytes(&bytes) == Err(InsideError::Form), "{what}");
    }
}

#[test]
fn what_is_not_binary_http_is_refused() {
    for bytes in [&b"\x04"[..], b"\x00\xff\xff\xff\xff\xff\xff\xff\xff", b"\x01\x00", b"\x01\x42\x58"] {
        assert!(InsideRequest::from_bytes(&written(bytes)) == Err(InsideError::Unreadable));
        assert!(InsideReply::from_bytes(&written(bytes)) == Err(InsideError::Unreadable));
    }
}

#[test]
fn a_reply_has_a_status_of_an_answer() {
    for status in [0, 99, 100, 103, 600] {
        assert!(InsideReply { status, ..reply(vec![]) }.to_bytes(0).is_none(), "{status}");
    }
    let informed = b"\x01\x40\x64\x00\x40\xc8\x1e\x0ccontent-type\x10application/cbor\x00\x00";
    assert!(InsideReply::from_bytes(&written(informed)) == Err(InsideError::Form));
}

#[test]
fn what_is_inside_is_not_printed() {
    assert_eq!(format!("{:?} {:?}", post(&[1]), reply(vec![2])), "InsideRequest(..) InsideReply(..)");
}

proptest::proptest! {
    #[test]
    fn arbitrary_bytes_are_exactly_what_is_inside_or_nothing(
        start in proptest::sample::select(vec![&b""[..], b"\x00", b"\x01\x40\xc8", b"\x00\x04POST\x05https\x00"]),
        rest in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..80),
    ) {
        let bytes = written(&[start, &rest].concat());
        if let Ok(request) = InsideRequest::from_bytes(&bytes) {
            assert_eq!(request.to_bytes(0), Some(bytes.clone()));
        }
        if let Ok(reply) = InsideReply::from_bytes(&bytes) {
            assert_eq!(reply.to_bytes(0), Some(bytes));
        }
    }
}
