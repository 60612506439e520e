//! Safety numbers: what two people compare to know that nobody stands between them.
//!
//! libsignal's numeric fingerprints: of each side, SHA-512 iterated 5,200 times over identity key and person id, of which
//! 30 digits are shown and 32 bytes scanned. Both sides see the same 60 digits.

use std::fmt;

use libsignal_protocol::{Fingerprint, ScannableFingerprint};
use thiserror::Error;

use crate::keys::IdentityKey;
use crate::qr::Qr;

/// Version of the scanned form: 2 is the one whose fingerprints are made over ids that are no phone numbers.
const VERSION: u32 = 2;
const ITERATIONS: u32 = 5_200;
const GROUP: usize = 5;

/// The safety number of two identity keys.
///
/// It is meant for showing: `Display` gives 12 groups of 5 digits.
#[derive(Clone)]
pub struct SafetyNumber {
    digits: String,
    scannable: ScannableFingerprint,
    bytes: Vec<u8>,
}

/// Why a scanned code does not confirm a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SafetyMismatch {
    /// It is not a safety number's code at all.
    #[error("the scanned code is not a safety number")]
    Unreadable,
    /// It is one of another version: one of the two has an older program.
    #[error("the scanned safety number is of version {theirs}, this program knows version {VERSION}")]
    Version {
        /// The version of the scanned code.
        theirs: u32,
    },
    /// It is this side's own code.
    #[error("the scanned code is one's own")]
    Own,
    /// It is of other keys: someone stands in between, or one of the two changed their key, or it is another chat's.
    #[error("the safety numbers differ: the keys are not the same on both sides")]
    Different,
}

impl SafetyNumber {
    /// The number that `local` and `remote` share, from `local`'s side.
    #[must_use]
    #[expect(clippy::expect_used, reason = "libsignal refuses other counts of iterations and ids, and these are fixed")]
    pub fn of(local: &IdentityKey, remote: &IdentityKey) -> Self {
        let ids = (local.person(), remote.person());
        let (ours, theirs) = (ids.0.as_bytes(), ids.1.as_bytes());
        let made = Fingerprint::new(VERSION, ITERATIONS, ours, local.libsignal(), theirs, remote.libsignal());
        let made = made.expect("the parameters are in range");
        let bytes = made.scannable.serialize().expect("a protobuf of two byte strings can be written");
        Self { digits: made.display.to_string(), scannable: made.scannable, bytes }
    }

    /// The 60 digits, without spaces.
    #[must_use]
    pub fn digits(&self) -> &str {
        &self.digits
    }

    /// What this side's code carries, for the other side's [`SafetyNumber::compare`].
    #[must_use]
    pub fn scannable(&self) -> &[u8] {
        &self.bytes
    }

    /// This side's code, for the other side to scan.
    #[must_use]
    pub fn qr(&self) -> Qr {
        Qr::of_safety_number(&self.bytes)
    }

    /// Checks the code that was scanned from the other side.
    ///
    /// # Errors
    /// [`SafetyMismatch`] says why it does not confirm the contact.
    pub fn compare(&self, scanned: &[u8]) -> Result<(), SafetyMismatch> {
        match self.scannable.compare(scanned) {
            Ok(true) => Ok(()),
            Ok(false) if scanned == self.bytes => Err(SafetyMismatch::Own),
            Ok(false) => Err(SafetyMismatch::Different),
            Err(error) => Err(refusal(&error)),
        }
    }
}

fn refusal(error: &libsignal_protocol::FingerprintError) -> SafetyMismatch {
    match error {
        libsignal_protocol::FingerprintError::VersionMismatch { theirs, .. } => {
            SafetyMismatch::Version { theirs: *theirs }
        }
        _ => SafetyMismatch::Unreadable,
    }
}

impl fmt::Display for SafetyNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, digit) in self.digits.chars().enumerate() {
            if index > 0 && index % GROUP == 0 {
                f.write_str(" ")?;
            }
            write!(f, "{digit}")?;
        }
        Ok(())
    }
}

/// Two people's number tells who talks to whom, so it is shown, not logged.
impl fmt::Debug for SafetyNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SafetyNumber(..)")
    }
}
