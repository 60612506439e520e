//! One key: what it tells, and what it opens.
//!
//! ```text
//! suite   DHKEM(X25519, HKDF-SHA256) · HKDF-SHA256 · AES-128-GCM, and no other: which one a client takes would mark it
//! key id  the day, modulo 256
//! ```

use std::ops::Range;

use bytes::Bytes;
use data_encoding::BASE64;
use ohttp::hpke::{Aead, Kdf, Kem};
use ohttp::{KeyConfig, Server, ServerResponse, SymmetricSuite};
use sealpost_wire::manifest::OhttpKeys;
use sealpost_wire::time::Day;

use super::memory::Memory;

/// Where a request has the sender's share (RFC 9458, section 4.3).
const SHARE: Range<usize> = 7..39;

/// The key of one day.
pub(crate) struct DayKey {
    day: Day,
    list: Bytes,
    server: Server,
    memory: Memory,
}

/// Why a request was not opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unopened {
    /// It names no key that there is.
    Unknown,
    /// It was not sealed to the key that it names, or was changed, or cut short.
    Unfit,
    /// It was opened before.
    Again,
}

/// What was sealed, and what seals the answer.
pub(super) struct Opened {
    pub(super) inside: Vec<u8>,
    pub(super) answer: ServerResponse,
}

impl DayKey {
    /// The key of `day` that comes of a seed.
    pub(super) fn derive(day: Day, seed: &[u8; 32]) -> Option<Self> {
        let suites = vec![SymmetricSuite::new(Kdf::HkdfSha256, Aead::Aes128Gcm)];
        let config = KeyConfig::derive(id(day), Kem::X25519Sha256, suites, seed).ok()?;
        let list = KeyConfig::encode_list(&[&config]).ok()?.into();
        Some(Self { day, list, server: Server::new(config).ok()?, memory: Memory::new() })
    }

    pub(super) const fn day(&self) -> Day {
        self.day
    }

    pub(super) fn id(&self) -> u8 {
        id(self.day)
    }

    pub(super) const fn list(&self) -> &Bytes {
        &self.list
    }

    pub(super) fn told(&self) -> OhttpKeys {
        OhttpKeys { first_day: self.day, keys: BASE64.encode(&self.list) }
    }

    /// Opens a request, once.
    pub(super) fn open(&self, request: &[u8]) -> Result<Opened, Unopened> {
        let (inside, answer) = self.server.decapsulate(request).map_err(|_| Unopened::Unfit)?;
        // With another share it would not have opened: that is part of what the key is derived from.
        let share = request.get(SHARE).ok_or(Unopened::Unfit)?;
        if self.memory.is_first(share) { Ok(Opened { inside, answer }) } else { Err(Unopened::Again) }
    }
}

/// Its low byte tells a day from the next.
const fn id(day: Day) -> u8 {
    let [.., low] = day.0.to_be_bytes();
    low
}
