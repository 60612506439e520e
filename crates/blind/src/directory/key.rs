//! What opens a directory's slot, or seals it.

use sealpost_wire::Secret;

use crate::redacted::redacted;

/// Opens a number's record. Everyone who knows the number can derive it by asking the key services, so it proves no
/// authorship: a card is believed for the key that it names, once that key has signed.
#[derive(Clone, PartialEq, Eq)]
pub struct RecordKey(Secret<32>);

redacted!(RecordKey);

impl RecordKey {
    /// Takes over 32 secret bytes.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(Secret::new(bytes))
    }

    /// The bytes, for a cipher or a store that is encrypted as a whole.
    #[must_use]
    pub const fn expose(&self) -> &[u8; 32] {
        self.0.expose()
    }
}
