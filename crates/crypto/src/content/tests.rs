use proptest::prelude::*;
use rand::SeedableRng;
use rand::rngs::StdRng;
use sealpost_identity::{IdentityKeyPair, PersonId};
use sealpost_wire::codec::DecodeError;

use super::*;
use crate::tests::people::{card, return_address};
use crate::{Local, MessageId};

fn parties(seed: u64) -> Parties {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut person = || IdentityKeyPair::generate(&mut rng).public().person();
    Parties::new(person(), person())
}

/// Any content that the types allow.
fn any_content() -> impl Strategy<Value = Content> {
    let text = proptest::option::of("\\PC{0,200}");
    let optional = (any::<u64>(), any::<bool>(), any::<bool>());
    (any::<[u8; 16]>(), any::<u64>(), text, optional).prop_map(
        |(message, counter, text, (seed, address, with_card))| {
            let mut rng = StdRng::seed_from_u64(seed);
            let local = Local::new(IdentityKeyPair::generate(&mut rng), &mut rng);
            Content {
                message: MessageId::from_bytes(message),
                counter,
                return_address: address.then(|| return_address(&mut rng)),
                card: with_card.then(|| card(&local, &mut rng)),
                body: text.map_or(Body::Control, |text| Body::Text(Text::new(text).unwrap())),
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
    assert_eq!(read(&with(1, 2, &key_of_the_future)).err(), Some(ContentError::UnknownKind(2)));
    assert_eq!(read(&with(2, 0, &key_of_the_future)).err(), Some(ContentError::Version(2)));
    assert_eq!(read(&with(1, 0, &key_of_the_future)).err(), Some(ContentError::Malformed(DecodeError::Malformed)));
    assert_eq!(read(&[]).err(), Some(ContentError::Malformed(DecodeError::Truncated)));
    assert_eq!(read(&[0xA1, 1, 1]).err(), Some(ContentError::Malformed(DecodeError::Malformed)));
}

/// A control message whose kind was changed to a text, and the reverse.
#[test]
fn a_kind_has_a_text_or_has_not() {
    let mut rng = StdRng::seed_from_u64(1);
    let content =
        |body| Content { message: MessageId::random(&mut rng), counter: 0, return_address: None, card: None, body };
    let text = Body::Text(Text::new("text".into()).unwrap());
    for content in [text, Body::Control].map(content) {
        let mut bytes = write(&content, &parties(1)).to_vec();
        assert_eq!(bytes[3], 1, "the kind's key");
        bytes[4] ^= 1;
        assert_eq!(read(&bytes).err(), Some(ContentError::KindAndText));
    }
}

#[test]
fn an_id_that_is_no_person_is_refused() {
    let bytes = [7; 16];
    assert!(PersonId::from_bytes(bytes).is_none());
    let parties = parties(1);
    let mut rng = StdRng::seed_from_u64(1);
    let content = Content {
        message: MessageId::random(&mut rng),
        counter: 0,
        return_address: None,
        card: None,
        body: Body::Control,
    };
    let mut encoded = write(&content, &parties).to_vec();
    let at = encoded.windows(16).position(|window| window == parties.sender.as_bytes()).unwrap();
    encoded[at..at + 16].copy_from_slice(&bytes);
    assert!(read(&encoded).is_err());
}
