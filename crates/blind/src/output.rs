//! What an evaluation gives in the end.

use sealpost_wire::Secret;
use zeroize::Zeroize;

use crate::redacted::redacted;

/// `Finalize(input, element)` of RFC 9497, section 3.3.2: 64 bytes that nobody can compute without the server's key.
///
/// Compared in constant time and wiped when dropped. Whether it says who asked is up to its use: a spent ticket shows
/// one, a directory's tag is only derived from it.
#[derive(Clone, PartialEq, Eq)]
pub struct PrfOutput(Secret<64>);

redacted!(PrfOutput);

impl PrfOutput {
    /// Takes over bytes that were stored or shown; nothing vouches for them but a comparison.
    #[must_use]
    pub const fn new(bytes: [u8; 64]) -> Self {
        Self(Secret::new(bytes))
    }

    /// The bytes, for a hash or a ticket.
    #[must_use]
    pub const fn expose(&self) -> &[u8; 64] {
        self.0.expose()
    }

    /// Takes over what the library computed, and wipes its copy.
    pub(crate) fn take(mut hash: impl AsMut<[u8]> + Into<[u8; 64]> + Copy) -> Self {
        let output = Self::new(hash.into());
        hash.as_mut().zeroize();
        output
    }
}
