//! Sessions: PQXDH, then the Triple Ratchet.
//!
//! [PQXDH](https://signal.org/docs/specifications/pqxdh/) begins a session from a prekey bundle: X25519 and Kyber-1024.
//! The Triple Ratchet goes on from there: the [Double Ratchet](https://signal.org/docs/specifications/doubleratchet/)
//! mixed with the Sparse Post-Quantum Ratchet, [SPQR](https://signal.org/docs/specifications/mlkembraid/).

use std::time::SystemTime;

use libsignal_protocol::SessionRecord;
use rand::CryptoRng;
use sealpost_identity::IdentityKey;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::item::VerifiedItem;
use crate::local::Local;
use crate::ratchet;
use crate::redacted::redacted;

/// A session with one person: a row in the owner's store, wiped when dropped.
///
/// Sealing and opening give a new one and leave this one as it was. The caller puts the new one in this one's place in
/// the transaction that also stores what was sealed or opened; a state that is used twice breaks the secrecy of both.
///
/// ```text
/// row = form[1] ‖ answered[1] ‖ the peer's identity key[33] ‖ libsignal's record
/// ```
#[derive(Clone)]
pub struct Session {
    bytes: Zeroizing<Vec<u8>>,
    peer: IdentityKey,
}

/// The first byte of every stored session: the form of the rest.
const FORM: u8 = 1;
const HEADER: usize = 2 + IdentityKey::LENGTH;

/// A stored row is not a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the stored session is malformed or of an unknown form")]
pub struct SessionError;

/// Why a session cannot begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BeginError {
    /// The item is one's own.
    #[error("the item is of the local identity itself")]
    Own,
    /// The session so far is with somebody else.
    #[error("the session so far is with another identity")]
    OtherPeer,
    /// The ratchet refuses the bundle.
    #[error("no session can begin from this item")]
    Refused,
}

impl Session {
    /// Reads a row of one's own encrypted store as [`Session::as_bytes`] gave it: the peer's key in it is not checked again,
    /// and the record behind its header is read when it is used.
    ///
    /// # Errors
    /// [`SessionError`]; the store is corrupt or a newer version wrote it.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SessionError> {
        let Some(([FORM, 0 | 1, peer @ ..], _)) = bytes.split_first_chunk::<HEADER>() else { return Err(SessionError) };
        // It was checked before the session began, and sessions are read for every message.
        let peer = IdentityKey::dangerously_assume_checked(peer).map_err(|_| SessionError)?;
        Ok(Self { bytes: Zeroizing::new(bytes.to_vec()), peer })
    }

    /// The row, for a store that is encrypted as a whole.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Who is at the other end.
    #[must_use]
    pub const fn peer(&self) -> &IdentityKey {
        &self.peer
    }

    /// Whether nothing has come back yet: until then every message carries what the other end needs to begin.
    #[must_use]
    pub fn is_unanswered(&self) -> bool {
        self.bytes.get(1) == Some(&0)
    }

    /// Whether [`seal`](crate::seal()) takes it: not unanswered for over 30 days, and with the post-quantum ratchet.
    #[must_use]
    pub fn is_usable(&self, now: SystemTime) -> bool {
        self.record().is_ok_and(|record| ratchet::is_usable(&record, now))
    }

    pub(crate) fn record(&self) -> Result<SessionRecord, SessionError> {
        let record = self.bytes.get(HEADER..).ok_or(SessionError)?;
        SessionRecord::deserialize(record).map_err(|_| SessionError)
    }

    /// `None` if libsignal has no session in the record, or one with somebody else.
    pub(crate) fn from_record(record: &SessionRecord, peer: &IdentityKey) -> Option<Self> {
        if *record.remote_identity_key_bytes().ok()?? != *peer.as_bytes() {
            return None;
        }
        let answered = record.get_kyber_ciphertext().ok()?.is_none();
        let serialized = Zeroizing::new(record.serialize().ok()?);
        let mut bytes = Zeroizing::new(Vec::with_capacity(HEADER.saturating_add(serialized.len())));
        bytes.extend_from_slice(&[FORM, answered.into()]);
        bytes.extend_from_slice(peer.as_bytes());
        bytes.extend_from_slice(&serialized);
        Some(Self { bytes, peer: *peer })
    }
}

/// Begins a session from an item that was just taken from a shelf.
///
/// With a session so far, the new one is put on top of it: what the other end still sends in the old one is opened.
///
/// # Errors
/// [`BeginError`]; none goes away by trying again with the same item.
pub fn begin(
    local: &Local,
    item: &VerifiedItem,
    so_far: Option<&Session>,
    now: SystemTime,
    rng: &mut impl CryptoRng,
) -> Result<Session, BeginError> {
    let peer = item.contact.identity();
    if peer == local.key() {
        return Err(BeginError::Own);
    }
    if so_far.is_some_and(|session| session.peer() != peer) {
        return Err(BeginError::OtherPeer);
    }
    ratchet::begin(local, item, so_far, now, rng).ok_or(BeginError::Refused)
}

redacted!(Session);
