//! The client's half (RFC 9497, section 3.3.2): blind, let evaluate, check the proof, unblind.
//!
//! ```text
//! blinded = r · H(input)                r drawn anew for each element of each batch
//! output  = Hash(input, r⁻¹ · evaluated)
//! ```

use rand::CryptoRng;
use sealpost_wire::Secret;
use thiserror::Error;
use voprf::{Ristretto255, VoprfClient};

use crate::batch::{BatchSize, BlindedBatch, EvaluatedBatch, MAX_BATCH};
use crate::element::{BlindedElement, PublicKey};
use crate::output::PrfOutput;
use crate::purpose::{Input, Purpose};
use crate::random::Bridge;
use crate::redacted::redacted;

/// What a client keeps between asking and finalizing: inputs and blinds of one batch. Wiped when dropped.
///
/// It serves one batch and is used up by it: a blind that was used twice would show that two elements are of one input.
/// For the same reason each of two servers gets a batch of its own, blinded anew. What was not answered is blinded anew.
pub struct BlindState {
    /// Those of the values, without the padding's.
    inputs: Vec<Input>,
    /// With the padding's, since the proof covers them all.
    blinds: Vec<VoprfClient<Ristretto255>>,
}

/// Why an answer gave no outputs. Either way the server did not do what its key says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum FinalizeError {
    /// It has more or fewer elements than were asked for.
    #[error("the server evaluated another number of elements")]
    Count,
    /// The proof does not hold: another key, another element, or other elements than were sent.
    #[error("the server's proof does not hold for its public key and these elements")]
    Proof,
}

redacted!(BlindState);

impl BlindState {
    /// Blinds one to 64 values.
    ///
    /// # Errors
    /// [`BatchSize`] if there are none or more.
    pub fn blind<'v>(
        purpose: Purpose,
        values: impl IntoIterator<Item = &'v Secret<32>>,
        rng: &mut impl CryptoRng,
    ) -> Result<(Self, BlindedBatch), BatchSize> {
        let inputs = values.into_iter().take(MAX_BATCH + 1).map(|value| Input::new(purpose, value)).collect();
        Self::blind_inputs(inputs, Vec::new(), rng)
    }

    /// Blinds one to 64 values and fills the batch up to 64 elements, so that it does not tell how many there were.
    ///
    /// A filling element is a random value that is blinded like the others: each of the 64 is uniform in the group.
    ///
    /// # Errors
    /// [`BatchSize`] if there are none or more.
    pub fn blind_padded<'v>(
        purpose: Purpose,
        values: impl IntoIterator<Item = &'v Secret<32>>,
        rng: &mut impl CryptoRng,
    ) -> Result<(Self, BlindedBatch), BatchSize> {
        let inputs: Vec<_> = values.into_iter().take(MAX_BATCH + 1).map(|value| Input::new(purpose, value)).collect();
        let padding = MAX_BATCH.saturating_sub(inputs.len());
        let padding = (0..padding).map(|_| Input::new(purpose, &Secret::random(rng))).collect();
        Self::blind_inputs(inputs, padding, rng)
    }

    /// Checks the proof over the whole batch, then unblinds: one output for each value, in order, none for the padding.
    ///
    /// # Errors
    /// [`FinalizeError`], and then nothing of the answer is used.
    pub fn finalize(self, key: &PublicKey, evaluated: &EvaluatedBatch) -> Result<Vec<PrfOutput>, FinalizeError> {
        if evaluated.elements().len() != self.blinds.len() {
            return Err(FinalizeError::Count);
        }
        // Its other errors are of inputs and batches too long for 16 bits, which no value of these types is.
        self.outputs(key, evaluated).map_err(|_| FinalizeError::Proof)
    }

    /// Blinds what [`Input`] makes of values, in order, and the padding behind.
    pub(crate) fn blind_inputs(
        inputs: Vec<Input>,
        padding: Vec<Input>,
        rng: &mut impl CryptoRng,
    ) -> Result<(Self, BlindedBatch), BatchSize> {
        if inputs.is_empty() {
            return Err(BatchSize);
        }
        let (blinds, elements) = inputs.iter().chain(&padding).map(|input| blind_one(input, rng)).unzip();
        Ok((Self { inputs, blinds }, BlindedBatch::new(elements)?))
    }

    fn outputs(&self, key: &PublicKey, evaluated: &EvaluatedBatch) -> voprf::Result<Vec<PrfOutput>> {
        let elements: Vec<_> = evaluated.elements().iter().map(|element| element.0.clone()).collect();
        // It stops at the end of the inputs, so what is padding is proven but not unblinded.
        VoprfClient::batch_finalize(&self.inputs, &self.blinds, &elements, &evaluated.proof().0, key.0)?
            .map(|output| output.map(PrfOutput::take))
            .collect()
    }
}

fn blind_one(input: &Input, rng: &mut impl CryptoRng) -> (VoprfClient<Ristretto255>, BlindedElement) {
    #[expect(clippy::expect_used, reason = "it refuses inputs of 65,536 bytes and more, and nothing else")]
    let blinded = VoprfClient::blind(input.as_ref(), &mut Bridge(rng)).expect("an input has fewer than 100 bytes");
    (blinded.state, BlindedElement(blinded.message))
}
