//! One value has one encoding; nothing else is read, and nothing panics.

use minicbor::Decoder;
use proptest::prelude::*;
use proptest::sample::Index;
use sealpost_wire::codec::DecodeError;

use crate::messages::{Sample, any_message};

/// The spans of the entries of a message's map, each a key and its value.
fn entries(body: &[u8]) -> Vec<&[u8]> {
    let mut decoder = Decoder::new(body);
    let count = decoder.map().unwrap().unwrap();
    let entry = |_| {
        let start = decoder.position();
        decoder.skip().unwrap();
        decoder.skip().unwrap();
        &body[start..decoder.position()]
    };
    (0..count).map(entry).collect()
}

/// A map of fewer than 24 entries that need not be a message.
fn map_of(entries: &[&[u8]]) -> Vec<u8> {
    let header = 0xa0 + u8::try_from(entries.len()).unwrap();
    [&[header], entries.concat().as_slice()].concat()
}

fn decoded(sample: &Sample, bytes: &[u8]) -> Result<(), DecodeError> {
    (sample.recode)(bytes).map(|_| ())
}

proptest! {
    #[test]
    fn every_message_survives_the_network(sample in any_message()) {
        prop_assert!(sample.survived);
        prop_assert_eq!((sample.recode)(&sample.body), Ok(sample.body));
    }

    #[test]
    fn a_message_cut_short_is_truncated(sample in any_message(), cut in any::<Index>()) {
        let short = &sample.body[..cut.index(sample.body.len())];
        prop_assert_eq!(decoded(&sample, short), Err(DecodeError::Truncated));
    }

    #[test]
    fn bytes_behind_the_end_are_refused(sample in any_message(), more in proptest::collection::vec(any::<u8>(), 1..9)) {
        let long = [sample.body.as_slice(), &more].concat();
        prop_assert_eq!(decoded(&sample, &long), Err(DecodeError::TrailingBytes));
    }

    #[test]
    fn a_key_that_is_not_known_is_refused(sample in any_message(), key in 7_u8..24) {
        let unknown = [key, 0];
        let mut entries = entries(&sample.body);
        entries.push(&unknown);
        prop_assert_eq!(decoded(&sample, &map_of(&entries)), Err(DecodeError::NotExact));
    }

    #[test]
    fn a_key_that_stands_twice_is_refused(sample in any_message(), which in any::<Index>()) {
        let mut entries = entries(&sample.body);
        entries.push(entries[which.index(entries.len())]);
        prop_assert_eq!(decoded(&sample, &map_of(&entries)), Err(DecodeError::NotExact));
    }

    #[test]
    fn keys_in_another_order_are_refused(sample in any_message(), a in any::<Index>(), b in any::<Index>()) {
        let mut entries = entries(&sample.body);
        let (a, b) = (a.index(entries.len()), b.index(entries.len()));
        prop_assume!(a != b);
        entries.swap(a, b);
        let expected = if a.min(b) == 0 { DecodeError::Malformed } else { DecodeError::NotExact };
        prop_assert_eq!(decoded(&sample, &map_of(&entries)), Err(expected));
    }

    #[test]
    fn a_map_of_unknown_length_is_refused(sample in any_message()) {
        let indefinite = [&[0xbf], &sample.body[1..], &[0xff]].concat();
        prop_assert_eq!(decoded(&sample, &indefinite), Err(DecodeError::NotExact));
    }

    #[test]
    fn longer_forms_of_integers_are_refused(sample in any_message()) {
        let count = sample.body[0] - 0xa0;
        let rest = &sample.body[1..];
        for start in [&[0xb8, count][..], &[0xb9, 0, count], &[0xbb, 0, 0, 0, 0, 0, 0, 0, count]] {
            prop_assert_eq!(decoded(&sample, &[start, rest].concat()), Err(DecodeError::NotExact));
        }
        for version in [&[0x18, 0, 1][..], &[0, 0x18, 1], &[0, 0x1a, 0, 0, 0, 1]] {
            let longer = [&sample.body[..1], version, &sample.body[3..]].concat();
            prop_assert_eq!(decoded(&sample, &longer), Err(DecodeError::NotExact));
        }
    }

    #[test]
    fn another_version_is_named(sample in any_message(), version in any::<u64>()) {
        prop_assume!(version != 1);
        let mut first = vec![0];
        minicbor::encode(version, &mut first).unwrap();
        let mut entries = entries(&sample.body);
        entries[0] = &first;
        prop_assert_eq!(decoded(&sample, &map_of(&entries)), Err(DecodeError::Version(version)));
    }

    #[test]
    fn a_field_of_another_type_is_refused(sample in any_message(), which in any::<Index>()) {
        let mut entries = entries(&sample.body);
        let which = which.index(entries.len());
        // An empty map is the value of no field.
        let wrong = [entries[which][0], 0xa0];
        entries[which] = &wrong;
        prop_assert_eq!(decoded(&sample, &map_of(&entries)), Err(DecodeError::Malformed));
    }

    #[test]
    fn null_does_not_stand_for_an_absent_field(sample in any_message(), which in any::<Index>()) {
        let mut entries = entries(&sample.body);
        let which = which.index(entries.len());
        let null = [entries[which][0], 0xf6];
        entries[which] = &null;
        let refused = decoded(&sample, &map_of(&entries));
        prop_assert!(matches!(refused, Err(DecodeError::Malformed | DecodeError::NotExact)), "{:?}", refused);
    }

    #[test]
    fn a_changed_byte_gives_another_message_or_none(sample in any_message(), at in any::<Index>(), by in 1_u8..) {
        let mut changed = sample.body.clone();
        changed[at.index(sample.body.len())] ^= by;
        if let Ok(again) = (sample.recode)(&changed) {
            prop_assert_eq!(again, changed);
        }
    }

    #[test]
    fn arbitrary_bytes_are_an_exact_message_or_none(
        sample in any_message(),
        bytes in proptest::collection::vec(any::<u8>(), 0..300),
        behind_version in any::<bool>(),
    ) {
        let bytes = if behind_version { [&[0xa3, 0, 1], bytes.as_slice()].concat() } else { bytes };
        if let Ok(again) = (sample.recode)(&bytes) {
            prop_assert_eq!(again, bytes);
        }
    }
}

#[test]
fn nesting_is_no_harm() {
    for opening in [0x81, 0x9f, 0xa1, 0xbf, 0xc1] {
        let deep = [&[0xa2, 0, 1, 0x17], vec![opening; 1 << 20].as_slice()].concat();
        assert!(sealpost_wire::from_bytes::<sealpost_wire::request::Done>(&deep).is_err());
    }
}
