//! A number's place in the directory takes every factor there is.

use data_encoding::HEXLOWER;
use proptest::prelude::*;
use sealpost_blind::directory::Record;
use sealpost_blind::discovery::{KeyServices, KeyServicesError, Lookup, OutputsMissing, Stretched};
use sealpost_blind::{Epoch, PrfOutput, PublicKey, Purpose, ServerKey};
use sealpost_wire::Secret;
use sealpost_wire::time::Day;

const EPOCH: Epoch = Epoch(7);

fn key(seed: u8) -> PublicKey {
    ServerKey::derive(&Secret::new([seed; 32]), Purpose::Discovery(EPOCH)).public()
}

/// What comes of `x` and outputs of as many services.
fn lookup(epoch: Epoch, x: u8, outputs: &[u8]) -> Lookup {
    let keys: Vec<_> = (1..=2).map(key).take(outputs.len()).collect();
    let outputs: Vec<_> = outputs.iter().map(|output| PrfOutput::new([*output; 64])).collect();
    let outputs: Vec<_> = outputs.iter().collect();
    KeyServices::new(keys).unwrap().lookup(epoch, &Stretched::new(Secret::new([x; 32])), &outputs).unwrap()
}

#[test]
fn every_factor_changes_prefix_tag_and_key() {
    let lookups = [
        lookup(EPOCH, 1, &[2, 3]),
        lookup(Epoch(8), 1, &[2, 3]),
        lookup(EPOCH, 9, &[2, 3]),
        lookup(EPOCH, 1, &[9, 3]),
        lookup(EPOCH, 1, &[2, 9]),
        lookup(EPOCH, 1, &[3, 2]),
        lookup(EPOCH, 1, &[2]),
        lookup(EPOCH, 1, &[]),
    ];
    for (index, one) in lookups.iter().enumerate() {
        for other in &lookups[index + 1..] {
            assert!(one.prefix != other.prefix && one.tag != other.tag && one.key != other.key);
        }
    }
}

/// The same input must give the same place in every release: a change here empties every directory.
/// (The expected bytes were computed with an implementation of BLAKE3 of its own.)
#[test]
fn places_stay_where_they_are() {
    let shown = |Lookup { prefix, tag, key }| {
        [HEXLOWER.encode(&prefix.0.to_be_bytes()), HEXLOWER.encode(tag.as_bytes()), HEXLOWER.encode(key.expose())]
    };
    let with_two = [
        "6c39ca8a",
        "45c3fbf5c957624372a740bd51c20eb0",
        "3fff18b77a2521d1e417f816410c056a10ced32d2b996e13361ae408a3ea3ca5",
    ];
    let with_none = [
        "d9f8ac81",
        "1601f0bf1cb9ad93f99582ae843bf2c2",
        "3ea3dc1f39ecc5ea9a65f2372da174dbe936b4e063d226fbbc7b885599d5af54",
    ];
    assert_eq!(shown(lookup(EPOCH, 1, &[2, 3])), with_two);
    assert_eq!(shown(lookup(EPOCH, 1, &[])), with_none);
}

#[test]
fn a_service_that_did_not_answer_is_not_a_service_less() {
    let services = KeyServices::new(vec![key(1), key(2)]).unwrap();
    let (x, output) = (Stretched::new(Secret::new([1; 32])), PrfOutput::new([2; 64]));
    for outputs in [vec![], vec![&output], vec![&output; 3]] {
        assert_eq!(services.lookup(EPOCH, &x, &outputs), Err(OutputsMissing));
    }
    assert!(services.lookup(EPOCH, &x, &[&output; 2]).is_ok());
}

#[test]
fn one_key_does_not_count_as_two_services() {
    assert_eq!(KeyServices::new(vec![key(1), key(1)]), Err(KeyServicesError::SameKey));
    assert_eq!(KeyServices::new(vec![key(1), key(2), key(3)]), Err(KeyServicesError::TooMany));
    for count in 0..=2 {
        let keys: Vec<_> = (1..=2).map(key).take(count).collect();
        assert_eq!(KeyServices::new(keys.clone()).unwrap().keys(), keys);
    }
}

proptest! {
    /// Without the right key service, a right number finds and opens nothing.
    #[test]
    fn a_guess_without_the_keys_opens_nothing(x: u8, right: [u8; 2], wrong: [u8; 2]) {
        prop_assume!(right != wrong);
        let (published, guessed) = (lookup(EPOCH, x, &right), lookup(EPOCH, x, &wrong));
        let slot = Record { card: Secret::new([1; 208]), last_day: Day(1) }
            .seal(&published.tag, &published.key, &mut rand::rng());
        prop_assert!(slot.tag() != guessed.tag);
        prop_assert!(Record::open(&slot, &guessed.key).is_err());
        prop_assert!(Record::open(&slot, &published.key).is_ok());
    }
}
