//! One to 64 elements that travel together and share one proof.
//!
//! ```text
//! blinded    element[32] × n
//! evaluated  element[32] × n ‖ proof[64]        in the order of the blinded ones
//! ```

use thiserror::Error;

use crate::element::{BlindedElement, EvaluatedElement, Malformed, Proof};
use crate::redacted::redacted;

/// The most elements of a batch. Discovery always sends this many.
pub const MAX_BATCH: usize = 64;

/// A batch would be empty or have more than [`MAX_BATCH`] elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a batch has 1 to {MAX_BATCH} elements")]
pub struct BatchSize;

/// What a client asks a server to evaluate.
///
/// **The server learns:** how many elements there are, which for discovery is always [`MAX_BATCH`].
#[derive(Clone, PartialEq, Eq)]
pub struct BlindedBatch(Vec<BlindedElement>);

/// What a server answers to a [`BlindedBatch`]. Unverified: its outputs come out of
/// [`BlindState::finalize`](crate::BlindState::finalize) alone.
#[derive(Clone, PartialEq, Eq)]
pub struct EvaluatedBatch {
    elements: Vec<EvaluatedElement>,
    proof: Proof,
}

redacted!(BlindedBatch, EvaluatedBatch);

impl BlindedBatch {
    /// Puts elements into a batch.
    ///
    /// # Errors
    /// [`BatchSize`] unless there are 1 to [`MAX_BATCH`].
    pub fn new(elements: Vec<BlindedElement>) -> Result<Self, BatchSize> {
        if is_size(elements.len()) { Ok(Self(elements)) } else { Err(BatchSize) }
    }

    /// Decodes a whole batch.
    ///
    /// # Errors
    /// [`Malformed::Length`] unless the bytes are 1 to [`MAX_BATCH`] times 32, [`Malformed::Element`] if one of them is no
    /// element.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Malformed> {
        chunks(bytes)?.iter().map(BlindedElement::from_bytes).collect::<Result<_, _>>().map(Self)
    }

    /// The batch as it is sent.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(BlindedElement::to_bytes).collect()
    }

    /// The elements, in order.
    #[must_use]
    pub fn elements(&self) -> &[BlindedElement] {
        &self.0
    }
}

impl EvaluatedBatch {
    /// Puts elements and the proof over all of them together.
    ///
    /// # Errors
    /// [`BatchSize`] unless there are 1 to [`MAX_BATCH`].
    pub fn new(elements: Vec<EvaluatedElement>, proof: Proof) -> Result<Self, BatchSize> {
        if is_size(elements.len()) { Ok(Self { elements, proof }) } else { Err(BatchSize) }
    }

    /// Decodes a whole batch.
    ///
    /// # Errors
    /// [`Malformed::Length`] unless the bytes are 1 to [`MAX_BATCH`] times 32 and a proof; else what is wrong with one of
    /// its parts.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Malformed> {
        let (elements, proof) = bytes.split_last_chunk().ok_or(Malformed::Length)?;
        let elements = chunks(elements)?.iter().map(EvaluatedElement::from_bytes).collect::<Result<_, _>>()?;
        Ok(Self { elements, proof: Proof::from_bytes(proof)? })
    }

    /// The batch as it is sent.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.elements.iter().flat_map(EvaluatedElement::to_bytes).chain(self.proof.to_bytes()).collect()
    }

    /// The elements, in the order of the blinded ones.
    #[must_use]
    pub fn elements(&self) -> &[EvaluatedElement] {
        &self.elements
    }

    /// The proof over all elements.
    #[must_use]
    pub const fn proof(&self) -> &Proof {
        &self.proof
    }
}

fn is_size(elements: usize) -> bool {
    (1..=MAX_BATCH).contains(&elements)
}

fn chunks(bytes: &[u8]) -> Result<&[[u8; 32]], Malformed> {
    match bytes.as_chunks() {
        (chunks, []) if is_size(chunks.len()) => Ok(chunks),
        _ => Err(Malformed::Length),
    }
}
