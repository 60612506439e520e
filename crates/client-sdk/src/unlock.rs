//! What opens a profile.

use std::fmt;

use sealpost_wire::Secret;
use zeroize::Zeroizing;

/// What opens a profile's encrypted store.
#[derive(Clone)]
pub enum Unlock {
    /// A passphrase, from which the key is derived by Argon2id (RFC 9106) over a salt that is kept beside the store:
    /// 64 MiB, 3 passes. Takes a tenth of a second.
    Passphrase(Zeroizing<String>),
    /// 32 random bytes that the app keeps in the system's keystore.
    RawKey(Secret<32>),
}

impl Unlock {
    /// Opens by passphrase. The caller wipes its own copy.
    ///
    /// ```
    /// let unlock = sealpost_client::Unlock::passphrase("correct horse battery staple");
    /// assert_eq!(format!("{unlock:?}"), "Unlock(..)");
    /// ```
    #[must_use]
    pub fn passphrase(text: &str) -> Self {
        Self::Passphrase(Zeroizing::new(text.to_owned()))
    }

    /// Opens by a key of the app's keystore. The caller wipes its own copy.
    #[must_use]
    pub const fn raw_key(key: [u8; 32]) -> Self {
        Self::RawKey(Secret::new(key))
    }
}

impl fmt::Debug for Unlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passphrase(_) | Self::RawKey(_) => f.write_str("Unlock(..)"),
        }
    }
}
