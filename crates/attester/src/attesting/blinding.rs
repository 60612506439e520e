//! One value, blinded for one key service.

use sealpost_blind::discovery::Stretched;
use sealpost_blind::{BlindState, Epoch, EvaluatedBatch, PrfOutput, PublicKey, Purpose};
use sealpost_wire::directory::{BlindedElements, EvaluatedElements};

/// A value among 63 random ones, until its batch was evaluated.
pub(super) struct Blinded(BlindState);

/// The key service evaluated something else, or with another key.
pub(super) struct WrongAnswer;

impl Blinded {
    pub(super) fn of(epoch: Epoch, stretched: &Stretched) -> (Self, BlindedElements) {
        let purpose = Purpose::Discovery(epoch);
        let blinded = BlindState::blind_padded(purpose, [stretched.secret()], &mut rand::rng());
        #[expect(clippy::expect_used, reason = "it refuses none and more than 64 values, and nothing else")]
        let (state, batch) = blinded.expect("one value has room in a batch");
        #[expect(clippy::expect_used, reason = "a padded batch always has 64 elements")]
        let elements = BlindedElements::from_bytes(&batch.to_bytes()).expect("a padded batch has this length");
        (Self(state), elements)
    }

    /// The output, if the proof holds.
    pub(super) fn output(self, key: &PublicKey, evaluated: &EvaluatedElements) -> Result<PrfOutput, WrongAnswer> {
        let evaluated = EvaluatedBatch::from_bytes(evaluated.as_bytes()).map_err(|_| WrongAnswer)?;
        let outputs = self.0.finalize(key, &evaluated).map_err(|_| WrongAnswer)?;
        outputs.into_iter().next().ok_or(WrongAnswer)
    }
}
