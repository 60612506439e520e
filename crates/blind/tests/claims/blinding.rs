//! What a server sees of a value, and what a client gets back.

use std::collections::HashSet;

use proptest::prelude::*;
use sealpost_blind::batch::BatchSize;
use sealpost_blind::{BlindState, BlindedBatch, BlindedElement, Epoch, MAX_BATCH, Purpose, ServerKey};
use sealpost_wire::Secret;

const PURPOSE: Purpose = Purpose::Discovery(Epoch(1));

fn server() -> ServerKey {
    ServerKey::derive(&Secret::new([1; 32]), PURPOSE)
}

fn values(count: usize) -> Vec<Secret<32>> {
    (0..count).map(|_| Secret::random(&mut rand::rng())).collect()
}

fn elements(batch: &BlindedBatch) -> Vec<[u8; 32]> {
    batch.elements().iter().map(BlindedElement::to_bytes).collect()
}

#[test]
fn the_same_value_twice_gives_unrelated_bytes() {
    let value = Secret::new([7; 32]);
    let rng = &mut rand::rng();
    let mut seen = HashSet::new();
    let mut bits = 0;
    for _ in 0..100 {
        let (_, batch) = BlindState::blind(PURPOSE, [&value; 2], rng).unwrap();
        let [one, other] = elements(&batch).try_into().unwrap();
        bits += one.iter().zip(other).map(|(one, other)| (one ^ other).count_ones()).sum::<u32>();
        assert!(seen.insert(one) && seen.insert(other), "an element came twice");
    }
    // Of the 253 bits that vary half differ, 12,650 in a hundred pairs; 11,500 is 14 standard deviations below.
    assert!((11_500..13_800).contains(&bits), "two blindings of one value are alike in {bits} bits");
}

#[test]
fn a_padded_batch_does_not_tell_how_many_values_it_has() {
    for count in [1, 2, 63, 64] {
        let (_, batch) = BlindState::blind_padded(PURPOSE, &values(count), &mut rand::rng()).unwrap();
        let elements = elements(&batch);
        assert_eq!(elements.len(), MAX_BATCH);
        assert_eq!(elements.iter().collect::<HashSet<_>>().len(), MAX_BATCH, "an element came twice");
        assert_eq!(batch.to_bytes().len(), MAX_BATCH * 32);
    }
}

#[test]
fn padding_has_no_outputs() {
    let (server, values, rng) = (server(), values(3), &mut rand::rng());
    let (state, batch) = BlindState::blind_padded(PURPOSE, &values, rng).unwrap();
    let outputs = state.finalize(&server.public(), &server.evaluate(&batch, rng)).unwrap();
    assert!(outputs == values.iter().map(|value| server.output(value)).collect::<Vec<_>>());
}

#[test]
fn a_batch_has_1_to_64_values() {
    let rng = &mut rand::rng();
    for count in [0, 65, 1_000] {
        let values = values(count);
        assert_eq!(BlindState::blind(PURPOSE, &values, rng).err(), Some(BatchSize), "{count}");
        assert_eq!(BlindState::blind_padded(PURPOSE, &values, rng).err(), Some(BatchSize), "{count}");
    }
    assert!(BlindState::blind(PURPOSE, std::iter::repeat(&Secret::new([1; 32])), rng).is_err(), "it stops counting");
    assert_eq!(BlindedBatch::new(Vec::new()), Err(BatchSize));
}

#[test]
fn two_servers_are_asked_with_unrelated_elements_and_give_unrelated_outputs() {
    let (value, rng) = (values(1), &mut rand::rng());
    let servers = [1, 2].map(|seed| ServerKey::derive(&Secret::new([seed; 32]), PURPOSE));
    let outputs = servers.each_ref().map(|server| {
        let (state, batch) = BlindState::blind(PURPOSE, &value, rng).unwrap();
        (elements(&batch), state.finalize(&server.public(), &server.evaluate(&batch, rng)).unwrap())
    });
    assert!(outputs[0].0 != outputs[1].0 && outputs[0].1 != outputs[1].1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn blinding_changes_nothing_in_the_end(seed: [u8; 32], values in prop::collection::vec(any::<[u8; 32]>(), 1..6)) {
        let server = ServerKey::derive(&Secret::new(seed), PURPOSE);
        let values: Vec<_> = values.into_iter().map(Secret::new).collect();
        let rng = &mut rand::rng();
        let (state, batch) = BlindState::blind(PURPOSE, &values, rng).unwrap();
        let outputs = state.finalize(&server.public(), &server.evaluate(&batch, rng)).unwrap();
        prop_assert!(outputs == values.iter().map(|value| server.output(value)).collect::<Vec<_>>());
    }
}
