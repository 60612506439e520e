//! Consent as it is stored.

use minicbor::{Decode, Encode};
use sealpost_wire::time::Day;
use thiserror::Error;

use super::{Consent, NotAPrompt, Prompt, Scope, ScopeName};

/// A consent as rows keep it: in deterministic CBOR (`sealpost_wire::codec::{to_bytes, exact}`), or field by field.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ConsentRecord {
    /// What was agreed to.
    #[n(0)]
    pub scope: ScopeName,
    /// The text that was shown.
    #[n(1)]
    pub text: String,
    /// Its version.
    #[n(2)]
    pub version: u32,
    /// When.
    #[n(3)]
    pub day: Day,
}

/// Why a record does not prove consent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum RestoreError {
    /// It is of a consent to another scope.
    #[error("the record is of a consent to {recorded:?}, not to {wanted:?}")]
    OtherScope {
        /// What it is a record of.
        recorded: ScopeName,
        /// What it was to prove.
        wanted: ScopeName,
    },
    /// It does not hold the text that was agreed to.
    #[error("the record has no text of a prompt")]
    Text(#[from] NotAPrompt),
}

impl ConsentRecord {
    /// The longest text of a prompt, in bytes.
    pub const MAX_TEXT: usize = 16_384;
}

impl<S: Scope> Consent<S> {
    /// The form to be stored.
    #[must_use]
    pub fn record(&self) -> ConsentRecord {
        let text = self.prompt.text().to_owned();
        ConsentRecord { scope: S::NAME, text, version: self.prompt.version(), day: self.day }
    }

    /// The consent of a record that was stored and not revoked since.
    ///
    /// # Errors
    /// [`RestoreError`] when it does not prove that.
    pub fn restore(record: &ConsentRecord) -> Result<Self, RestoreError> {
        if record.scope != S::NAME {
            return Err(RestoreError::OtherScope { recorded: record.scope, wanted: S::NAME });
        }
        let prompt = Prompt::new(&record.text, record.version)?;
        Ok(Self { prompt, day: record.day })
    }
}
