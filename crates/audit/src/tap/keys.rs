//! A key log of one's own connections, for whoever is to open a capture of them.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use data_encoding::HEXLOWER;
use zeroize::Zeroizing;

/// The secrets of all connections so far. Cheap to clone; all clones are one log.
#[derive(Clone, Default)]
pub struct Keys(Arc<Mutex<Zeroizing<Vec<u8>>>>);

impl Keys {
    /// The log, as a file would have it.
    #[must_use]
    pub fn bytes(&self) -> Zeroizing<Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl rustls::KeyLog for Keys {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        let line = format!("{label} {} {}\n", HEXLOWER.encode(client_random), HEXLOWER.encode(secret));
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(line.as_bytes());
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(..)")
    }
}
