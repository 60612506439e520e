use proptest::prelude::*;
use rand::SeedableRng;
use rand::rngs::StdRng;
use sealpost_identity::{IdentityKeyPair, PersonId};
use sealpost_wire::codec::{DecodeError, List};

use super::*;
use crate::tests::people::{card, return_address};
use crate::{Local, MessageId};

fn parties(seed: u64) -> Parties {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut person = || IdentityKeyPair::generate(&mut rng).public().person();
    Parties::new(person(), person())
}

/// Any receipt that can be.
fn any_receipt() -> impl Strategy<Value = Receipt> {
    (any::<u64>(), proptest::collection::btree_set(any::<u64>(), 0..MAX_MISSING), any::<u64>()).prop_map(
        |(read, missing, received)| Receipt {
            received: received.max(read).max(missing.last().copied().unwrap_or_default()),
            read,
            missing: List::new(missing.into_iter().collect()).unwrap(),
        },
    )
}

/// Any content that can be.
fn any_content() -> impl Strategy<Value = Content> {
    let body = prop_oneof![
        "\\PC{0,200}".prop_map(|text| Body::Text(Text::new(text).unwrap())),
        Just(Body::Control),
        any::<u64>().prop_map(Body::Typing),
    ];
    let optional = (any::<u64>(), any::<bool>(), any::<bool>(), proptest::option::of(any_receipt()));
    (any::<[u8; 16]>(), any::<u64>(), body, optional).prop_map(
        |(message, counter, body, (seed, address, with_card, receipt))| {
            let mut rng = StdRng::seed_from_u64(seed);
            let local = Local::new(IdentityKeyPair::generate(&mut rng), &mut rng);
            Content {
                message: MessageId::from_bytes(message),
                counter,
                return_address: address.then(|| return_address(&mut rng)),
                card: with_card.then(|| card(&local, &mut rng)),
                receipt,
                body,
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_written_is_read(content in any_content(), seed in any::<u64>()) {
        let parties = parties(seed);
        let (read_content, read_parties) = read(&write(&content, &parties)).unwrap();
        prop_assert!(read_content == content && read_parties == parties);
    }

    #[test]
    fn what_is_cut_short_or_goes_on_is_refused(content in any_content(), cut in any::<prop::sample::Index>()) {
        let bytes = write(&content, &parties(1));
        prop_assert!(read(&bytes[..cut.index(bytes.len())]).is_err());
        let longer = [bytes.as_slice(), &[0]].concat();
        prop_assert_eq!(read(&longer).err(), Some(ContentError::Malformed(DecodeError::TrailingBytes)));
    }
}

proptest! {
    #[test]
    fn any_bytes_are_refused_or_are_the_one_encoding(
        content in any_content(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut bytes = write(&content, &parties(1)).to_vec();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok((content, parties)) = read(&bytes) {
            prop_assert_eq!(&*write(&content, &parties), &bytes);
        }
    }

    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(read(&bytes).is_err());
    }
}

/// `{0: version, 1: kind, …}` with an id of nobody in it.
fn with(version: u8, kind: u8, rest: &[u8]) -> Vec<u8> {
    [&[0xA3, 0, version, 1, kind], rest].concat()
}

#[test]
fn unknown_kinds_and_versions_are_told_apart_from_damage() {
    let key_of_the_future = [0x18, 30, 0xF6];
    assert_eq!(read(&with(1, 3, &key_of_the_future)).err(), Some(ContentError::UnknownKind(3)));
    assert_eq!(read(&with(2, 0, &key_of_the_future)).err(), Some(ContentError::Version(2)));
    assert_eq!(read(&with(1, 0, &key_of_the_future)).err(), Some(ContentError::Malformed(DecodeError::Malformed)));
    assert_eq!(read(&[]).err(), Some(ContentError::Malformed(DecodeError::Truncated)));
    assert_eq!(read(&[0xA1, 1, 1]).err(), Some(ContentError::Malformed(DecodeError::Malformed)));
}

fn control(rng: &mut StdRng) -> Content {
    Content {
        message: MessageId::random(rng),
        counter: 0,
        return_address: None,
        card: None,
        receipt: None,
        body: Body::Control,
    }
}

/// Each kind with the body of another.
#[test]
fn a_kind_has_its_own_body_and_no_other() {
    let mut rng = StdRng::seed_from_u64(1);
    let content = |body| Content { body, ..control(&mut rng) };
    let text = Body::Text(Text::new("text".into()).unwrap());
    for content in [text, Body::Control, Body::Typing(7)].map(content) {
        let mut bytes = write(&content, &parties(1)).to_vec();
        assert_eq!(bytes[3], 1, "the kind's key");
        let own = bytes[4];
        for other in (0..3).filter(|kind| *kind != own) {
            bytes[4] = other;
            assert_eq!(read(&bytes).err(), Some(ContentError::KindAndBody));
        }
    }
}

#[test]
fn a_receipt_that_cannot_be_is_refused() {
    let mut rng = StdRng::seed_from_u64(1);
    let missing = |counters: &[u64]| List::new(counters.to_vec()).unwrap();
    let good = Receipt { received: 9, read: 8, missing: missing(&[3, 5]) };
    let bad = [
        Receipt { read: 10, ..good.clone() },
        Receipt { missing: missing(&[5, 3]), ..good.clone() },
        Receipt { missing: missing(&[3, 3]), ..good.clone() },
        Receipt { missing: missing(&[3, 10]), ..good.clone() },
    ];
    let mut outcome =
        |receipt| read(&write(&Content { receipt: Some(receipt), ..control(&mut rng) }, &parties(1))).err();
    assert_eq!(outcome(good), None);
    for receipt in bad {
        assert_eq!(outcome(receipt), Some(ContentError::Receipt));
    }
}

/// The encoding, spelled out.
#[test]
fn receipts_and_typing_are_encoded_so() {
    let mut rng = StdRng::seed_from_u64(1);
    let missing = List::new(vec![3]).unwrap();
    let receipt = Some(Receipt { received: 9, read: 8, missing });
    let end_of = |content: Content, length: usize| {
        let bytes = write(&content, &parties(1));
        (bytes[0], bytes[4], bytes[bytes.len() - length..].to_vec())
    };
    // 9 fields of kind 1, at the end `11: [9, 8, [3]]`.
    let control_message = Content { receipt: receipt.clone(), ..control(&mut rng) };
    assert_eq!(end_of(control_message, 6), (0xA9, 1, vec![0x0B, 0x83, 9, 8, 0x81, 3]));
    // 9 fields of kind 2, at the end `12: 1000`.
    let typing = Content { body: Body::Typing(1_000), ..control(&mut rng) };
    assert_eq!(end_of(typing, 4), (0xA9, 2, vec![0x0C, 0x19, 0x03, 0xE8]));
}

#[test]
fn an_id_that_is_no_person_is_refused() {
    let bytes = [7; 16];
    assert!(PersonId::from_bytes(bytes).is_none());
    let parties = parties(1);
    let mut rng = StdRng::seed_from_u64(1);
    let mut encoded = write(&control(&mut rng), &parties).to_vec();
    let at = encoded.windows(16).position(|window| window == parties.sender.as_bytes()).unwrap();
    encoded[at..at + 16].copy_from_slice(&bytes);
    assert!(read(&encoded).is_err());
}
