//! A server that does not do what its public key says is caught, and nothing that it answered is used.

use sealpost_blind::client::FinalizeError;
use sealpost_blind::{
    BlindState, BlindedBatch, Epoch, EvaluatedBatch, EvaluatedElement, Proof, PublicKey, Purpose, ServerKey,
};
use sealpost_wire::Secret;

const PURPOSE: Purpose = Purpose::Discovery(Epoch(1));

fn server(seed: u8) -> ServerKey {
    ServerKey::derive(&Secret::new([seed; 32]), PURPOSE)
}

/// A client that asks for eight values, honestly answered, and then `change` has its way with the answer.
fn tampered(change: impl FnOnce(&mut Vec<EvaluatedElement>, &mut Proof)) -> Result<usize, FinalizeError> {
    let (state, batch) = ask();
    let answer = server(1).evaluate(&batch, &mut rand::rng());
    let (mut elements, mut proof) = (answer.elements().to_vec(), answer.proof().clone());
    change(&mut elements, &mut proof);
    finalize(state, &server(1).public(), &EvaluatedBatch::new(elements, proof).unwrap())
}

fn ask() -> (BlindState, BlindedBatch) {
    let values: Vec<_> = (0..8).map(|value| Secret::new([value; 32])).collect();
    BlindState::blind(PURPOSE, &values, &mut rand::rng()).unwrap()
}

fn finalize(state: BlindState, key: &PublicKey, answer: &EvaluatedBatch) -> Result<usize, FinalizeError> {
    state.finalize(key, answer).map(|outputs| outputs.len())
}

fn elsewhere(seed: u8) -> EvaluatedBatch {
    server(seed).evaluate(&ask().1, &mut rand::rng())
}

#[test]
fn an_honest_answer_is_accepted() {
    assert_eq!(tampered(|_, _| ()), Ok(8));
}

#[test]
fn a_proof_by_another_key_is_refused() {
    let (state, batch) = ask();
    let answer = server(2).evaluate(&batch, &mut rand::rng());
    assert_eq!(finalize(state, &server(1).public(), &answer), Err(FinalizeError::Proof));
}

#[test]
fn two_swapped_elements_are_refused() {
    assert_eq!(tampered(|elements, _| elements.swap(2, 5)), Err(FinalizeError::Proof));
}

#[test]
fn one_element_of_another_key_among_eight_is_refused() {
    let other = elsewhere(2);
    for index in 0..8 {
        let change = |elements: &mut Vec<_>, _: &mut _| elements[index] = other.elements()[index].clone();
        assert_eq!(tampered(change), Err(FinalizeError::Proof));
    }
}

#[test]
fn an_element_of_the_padding_is_proven_too() {
    let rng = &mut rand::rng();
    let (state, batch) = BlindState::blind_padded(PURPOSE, [&Secret::new([1; 32])], rng).unwrap();
    let answer = server(1).evaluate(&batch, rng);
    let mut elements = answer.elements().to_vec();
    elements[63] = elements[62].clone();
    let answer = EvaluatedBatch::new(elements, answer.proof().clone()).unwrap();
    assert_eq!(finalize(state, &server(1).public(), &answer), Err(FinalizeError::Proof));
}

#[test]
fn the_proof_of_another_batch_is_refused() {
    let other = elsewhere(1).proof().clone();
    assert_eq!(tampered(|_, proof| *proof = other), Err(FinalizeError::Proof));
}

#[test]
fn the_answer_to_another_batch_is_refused() {
    let (state, _) = ask();
    assert_eq!(finalize(state, &server(1).public(), &elsewhere(1)), Err(FinalizeError::Proof));
}

#[test]
fn a_changed_bit_of_the_proof_is_refused() {
    for bit in [0, 100, 255, 256, 300, 511] {
        let (state, batch) = ask();
        let mut answer = server(1).evaluate(&batch, &mut rand::rng()).to_bytes();
        let proof = answer.len() - Proof::LENGTH;
        answer[proof + bit / 8] ^= 1 << (bit % 8);
        let outcome = EvaluatedBatch::from_bytes(&answer).map(|answer| finalize(state, &server(1).public(), &answer));
        assert!(matches!(outcome, Err(_) | Ok(Err(FinalizeError::Proof))), "bit {bit}: {outcome:?}");
    }
}

#[test]
fn more_or_fewer_elements_than_asked_for_are_refused() {
    assert_eq!(tampered(|elements, _| elements.truncate(7)), Err(FinalizeError::Count));
    assert_eq!(tampered(|elements, _| elements.extend_from_within(..1)), Err(FinalizeError::Count));
}
