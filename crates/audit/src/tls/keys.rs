//! From a traffic secret to opened records.
//!
//! ```text
//! key, iv          = HKDF-Expand-Label(secret, "key" | "iv", "", length)              RFC 8446, section 7.3
//! next secret      = HKDF-Expand-Label(secret, "traffic upd", "", hash length)        section 7.2
//! nonce            = iv ⊕ number of the record, big-endian                            section 5.3
//! record           = header[5] ‖ AEAD(key, nonce, content ‖ type ‖ zeros, aad = header)
//! ```

use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, Algorithm, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{self, HKDF_SHA256, HKDF_SHA384, Prk};

use super::keylog::Secret;

/// The three suites of TLS 1.3 that are in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Suite {
    Aes128GcmSha256,
    Aes256GcmSha384,
    ChaCha20Poly1305Sha256,
}

/// What opens the records of one direction.
pub(super) struct Opener {
    suite: Suite,
    secret: Secret,
    key: LessSafeKey,
    iv: [u8; 12],
    number: u64,
}

impl Suite {
    pub(super) const fn of(number: u16) -> Option<Self> {
        Some(match number {
            0x1301 => Self::Aes128GcmSha256,
            0x1302 => Self::Aes256GcmSha384,
            0x1303 => Self::ChaCha20Poly1305Sha256,
            _ => return None,
        })
    }

    fn aead(self) -> &'static Algorithm {
        match self {
            Self::Aes128GcmSha256 => &AES_128_GCM,
            Self::Aes256GcmSha384 => &AES_256_GCM,
            Self::ChaCha20Poly1305Sha256 => &CHACHA20_POLY1305,
        }
    }

    const fn hash(self) -> (hkdf::Algorithm, usize) {
        match self {
            Self::Aes128GcmSha256 | Self::ChaCha20Poly1305Sha256 => (HKDF_SHA256, 32),
            Self::Aes256GcmSha384 => (HKDF_SHA384, 48),
        }
    }
}

impl Opener {
    /// Nothing if the secret is not one of this suite.
    pub(super) fn new(suite: Suite, secret: Secret) -> Option<Self> {
        if secret.len() != suite.hash().1 {
            return None;
        }
        let key = expand(suite, &secret, b"key", suite.aead().key_len())?;
        let iv = expand(suite, &secret, b"iv", 12)?;
        let key = LessSafeKey::new(UnboundKey::new(suite.aead(), &key).ok()?);
        Some(Self { suite, key, iv: iv.as_slice().try_into().ok()?, secret, number: 0 })
    }

    pub(super) const fn suite(&self) -> Suite {
        self.suite
    }

    /// What opens the records behind a KeyUpdate.
    pub(super) fn next(&self) -> Option<Self> {
        Self::new(self.suite, expand(self.suite, &self.secret, b"traffic upd", self.suite.hash().1)?)
    }

    /// The type and content of a record; nothing if it does not open, and then the next one is tried in its place.
    pub(super) fn open(&mut self, header: [u8; 5], mut body: Vec<u8>) -> Option<(u8, Vec<u8>)> {
        let length = self.key.open_in_place(self.nonce(), Aad::from(header), &mut body).ok()?.len();
        self.number += 1;
        body.truncate(length);
        let end = body.iter().rposition(|byte| *byte != 0)?;
        body.truncate(end + 1);
        Some((body.pop()?, body))
    }

    fn nonce(&self) -> Nonce {
        let mut nonce = self.iv;
        for (byte, number) in nonce.iter_mut().skip(4).zip(self.number.to_be_bytes()) {
            *byte ^= number;
        }
        Nonce::assume_unique_for_key(nonce)
    }
}

/// HKDF-Expand-Label without a context.
fn expand(suite: Suite, secret: &[u8], label: &[u8], length: usize) -> Option<Secret> {
    struct Length(usize);
    impl hkdf::KeyType for Length {
        fn len(&self) -> usize {
            self.0
        }
    }
    let label = [b"tls13 ", label].concat();
    let lengths = (u16::try_from(length).ok()?.to_be_bytes(), u8::try_from(label.len()).ok()?);
    let info = [&lengths.0[..], &[lengths.1], &label, &[0]];
    let secret = Prk::new_less_safe(suite.hash().0, secret);
    let mut key = Secret::new(vec![0; length]);
    secret.expand(&info, Length(length)).ok()?.fill(&mut key).ok()?;
    Some(key)
}
