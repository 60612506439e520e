//! The server's half (RFC 9497, section 3.3.2): evaluate what it cannot see, and prove with which key.

use rand::CryptoRng;
use sealpost_wire::Secret;
use voprf::{Ristretto255, VoprfServer};

use crate::batch::{BlindedBatch, EvaluatedBatch};
use crate::element::{EvaluatedElement, Proof, PublicKey};
use crate::output::PrfOutput;
use crate::purpose::{Input, Purpose};
use crate::random::Bridge;
use crate::redacted::redacted;

/// A server's key for one [`Purpose`]. Wiped when dropped.
///
/// Whoever has it can compute every output of its purpose, and check who evaluated; nobody can undo the blinding with
/// it. It is derived from a seed that is drawn anew for every key and erased with it: keys with a common seed would
/// leak together.
pub struct ServerKey {
    pub(crate) purpose: Purpose,
    pub(crate) server: VoprfServer<Ristretto255>,
}

redacted!(ServerKey);

impl ServerKey {
    /// The key of a seed and a purpose. The same seed under another purpose is another key.
    #[must_use]
    pub fn derive(seed: &Secret<32>, purpose: Purpose) -> Self {
        #[expect(
            clippy::expect_used,
            reason = "fails if 256 hashes are zero in a row, or at 65,533 bytes of information"
        )]
        let server = VoprfServer::new_from_seed(seed.expose(), &purpose.info()).expect("a seed has a key");
        Self { purpose, server }
    }

    /// What the key is for.
    #[must_use]
    pub const fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// What clients check proofs with.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(self.server.get_public_key())
    }

    /// Evaluates a batch, with one proof for all of it.
    ///
    /// The key serves whoever may ask for its purpose: the caller has taken a ticket or a voucher for it.
    pub fn evaluate(&self, batch: &BlindedBatch, rng: &mut impl CryptoRng) -> EvaluatedBatch {
        let blinded = || batch.elements().iter().map(|element| &element.0);
        let prepared: Vec<_> = self.server.batch_blind_evaluate_prepare(blinded()).collect();
        let finished = self.server.batch_blind_evaluate_finish(&mut Bridge(rng), blinded(), &prepared);
        #[expect(
            clippy::expect_used,
            reason = "it refuses lists of two lengths or of 65,536 elements, and nothing else"
        )]
        let finished = finished.expect("a batch is as long as itself");
        let elements = finished.messages.map(EvaluatedElement).collect();
        #[expect(clippy::expect_used, reason = "it has as many elements as the batch that came in")]
        EvaluatedBatch::new(elements, Proof(finished.proof)).expect("a batch has the size of a batch")
    }

    /// The output for a value that is shown in the clear: what a client got for it by blinding, to compare a ticket with.
    #[must_use]
    pub fn output(&self, value: &Secret<32>) -> PrfOutput {
        #[expect(
            clippy::expect_used,
            reason = "it refuses inputs of 65,536 bytes and more, and one that hashes to zero"
        )]
        let output = self.server.evaluate(Input::new(self.purpose, value).as_ref()).expect("an input is short");
        PrfOutput::take(output)
    }
}
