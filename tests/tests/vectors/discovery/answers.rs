//! Answers of a key service that are not to be used.

use sealpost_blind::{BlindState, Epoch, EvaluatedBatch, PublicKey, Purpose, ServerKey};
use sealpost_wire::Secret;
use serde::{Deserialize, Serialize};

use super::scalars::Given;
use super::vectors;
use crate::groups::{of_bytes, to_array, to_bytes};

/// What was asked, and an answer to it that gives no output.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Answer {
    because: String,
    epoch: u32,
    x: String,
    blind: String,
    public_key: String,
    evaluated: String,
}

const EPOCH: Epoch = Epoch(230);
const X: [u8; 32] = [0x11; 32];
const BLIND: [u8; 32] = [0x02; 32];

fn key(seed: u8, epoch: Epoch) -> ServerKey {
    ServerKey::derive(&Secret::new([seed; 32]), Purpose::Discovery(epoch))
}

fn ask(x: [u8; 32], blind: [u8; 32]) -> (BlindState, sealpost_blind::BlindedBatch) {
    BlindState::blind(Purpose::Discovery(EPOCH), [&Secret::new(x)], &mut Given::scalar(blind)).unwrap()
}

/// `key`'s answer to a question about `x`.
fn answered(key: &ServerKey, x: [u8; 32]) -> Vec<u8> {
    key.evaluate(&ask(x, BLIND).1, &mut Given::scalar([0x03; 32])).to_bytes()
}

pub(super) fn refused() -> Vec<Answer> {
    let right = key(0x50, EPOCH);
    let good = answered(&right, X);
    let changed = |place: usize| {
        let mut bytes = good.clone();
        bytes[place] ^= 1;
        bytes
    };
    let answer = |because: &str, evaluated: &[u8]| Answer {
        because: because.into(),
        epoch: EPOCH.0,
        x: of_bytes(&X),
        blind: of_bytes(&BLIND),
        public_key: of_bytes(&right.public().to_bytes()),
        evaluated: of_bytes(evaluated),
    };
    vec![
        answer("another key than the descriptor's", &answered(&key(0x51, EPOCH), X)),
        answer("the key of another epoch", &answered(&key(0x50, EPOCH.next()), X)),
        answer("the answer to another question", &answered(&right, [0x12; 32])),
        answer("the proof's challenge is changed", &changed(32)),
        answer("the proof's response is changed", &changed(64)),
        answer("no proof", &good[..32]),
        answer("the element twice", &[&good[..32], &good].concat()),
        answer("an element that is none", &[&[0xff; 32], &good[32..]].concat()),
        answer("the identity", &[&[0; 32], &good[32..]].concat()),
        answer("a byte more", &[&good[..], &[0]].concat()),
    ]
}

#[test]
fn an_answer_without_its_proof_gives_nothing() {
    for vector in vectors().refused_answers {
        let public = PublicKey::from_bytes(&to_array(&vector.public_key)).unwrap();
        let (state, _) = ask(to_array(&vector.x), to_array(&vector.blind));
        let answer = EvaluatedBatch::from_bytes(&to_bytes(&vector.evaluated)).ok();
        let outputs = answer.and_then(|answer| state.finalize(&public, &answer).ok());
        assert!(outputs.is_none(), "{}", vector.because);
    }
    let (state, _) = ask(X, BLIND);
    let right = key(0x50, EPOCH);
    let good = EvaluatedBatch::from_bytes(&answered(&right, X)).unwrap();
    assert!(state.finalize(&right.public(), &good).is_ok(), "and the right one does");
}
