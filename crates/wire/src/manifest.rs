//! The relay's manifest: what it says of itself, signed by its operator.
//!
//! `GET /v1/relay` answers `{"manifest": "<JSON text>", "signature": "<base64>"}`: the text is signed as it stands, so
//! that no two parties need to agree on how JSON is written.

use data_encoding::{BASE64, HEXLOWER};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::VERSION;
use crate::address::{RelayHost, RelayRef};
use crate::codec::redacted;
use crate::envelope::SizeClass;
use crate::operator::{OperatorKey, OperatorSecret, Purpose};
use crate::time::Day;

mod discovery;
mod tickets;

pub use discovery::{Argon2, Directory, EpochDescriptor, KeyService, KeyServiceEpoch, KeyServiceKey, Role};
pub use tickets::{TicketKey, Tickets};

/// Where it is found.
pub const PATH: &str = "/v1/relay";
/// The longest signed manifest that a client reads, in bytes.
pub const MAX_LENGTH: usize = 64 * 1024;

/// What a relay says of itself. Fields that this version does not know are passed over.
///
/// It prints as its name alone: which relay someone uses is theirs to tell.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Versions of the protocol that it speaks.
    pub versions: Vec<u8>,
    /// The day on which it was signed. A client that knows one takes none from before it in its place.
    pub issued: Day,
    /// Where it listens, `host:port`.
    pub host: String,
    /// A name for people.
    pub name: String,
    /// Where it keeps its data, in its operator's words, such as `eu-de`.
    pub region: String,
    /// The operator's key, in hexadecimal.
    pub operator: String,
    /// How its TLS certificate is to be trusted.
    pub tls: Tls,
    /// How long things are kept.
    pub retention: Retention,
    /// How much of them.
    pub limits: Limits,
    /// The lengths of envelopes, in bytes.
    pub envelope_lengths: Vec<usize>,
    /// Whether the server asks for tickets, and who gets them.
    pub tickets: Tickets,
    /// Where its source can be had (AGPL-3.0, section 13).
    pub source: String,
    /// Former operator keys, each with its signature for the next, oldest first.
    pub succession: Vec<Succession>,
    /// What kind of server it is. One without mailboxes says 0 where a relay says how long and how much it keeps.
    #[serde(default)]
    pub role: Role,
    /// Of a relay: its directory, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory: Option<Directory>,
    /// Of a key service: its keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_service: Option<KeyService>,
    /// Of a gateway for Oblivious HTTP: its key of the day on which this was signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ohttp_keys: Option<OhttpKeys>,
    /// Where there are tickets: the keys that issue them on the day on which this was signed, by kind and day.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ticket_keys: Vec<TicketKey>,
    /// Where tickets are given on an attester's word: its reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket_attester: Option<String>,
    /// Of a relay that accepts before anything is synced: how long before a crash of its machine what was accepted may be
    /// lost. Everywhere else 0.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub may_lose_seconds: u32,
    /// Of a server that has moved: where to, `host:port`. Its operator's key, or a successor, signs there too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved_to: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
const fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// What requests are sealed to that go by Oblivious HTTP (RFC 9458).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OhttpKeys {
    /// The day that they are of. Requests are still opened on the day after.
    pub first_day: Day,
    /// A list of one key (RFC 9458, section 3.2), base64: what [`KEYS_PATH`](crate::oblivious::KEYS_PATH) gives.
    pub keys: String,
}

/// How the relay's TLS certificate is to be trusted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tls {
    /// SHA-256 of the certificate's SubjectPublicKeyInfo, in hexadecimal; more than one while a key is being replaced.
    pub keys_sha256: Vec<String>,
    /// Whether a client checks the certificate by the web's public key infrastructure besides.
    pub web_pki: bool,
}

/// How long things are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retention {
    /// An envelope's time to live, in hours, before rounding up.
    pub envelope_hours: u32,
    /// A mailbox's or shelf's lease, in days.
    pub lease_days: u32,
}

/// How much of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Envelopes in one mailbox.
    pub mailbox_envelopes: u32,
    /// Bytes in one mailbox, as stored.
    pub mailbox_bytes: u64,
    /// Deposits into one mailbox per minute.
    pub deposits_per_minute: u32,
    /// Takes from one shelf per hour.
    pub takes_per_hour: u32,
    /// One-time items on one shelf.
    pub shelf_items: u32,
    /// Subscriptions on one connection.
    pub subscriptions: u32,
    /// Bytes in one request's body.
    pub body_bytes: usize,
}

/// One operator key's signature for the one that takes its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Succession {
    /// The old key, in hexadecimal.
    pub from: String,
    /// The new key, in hexadecimal.
    pub to: String,
    /// The old key's signature over the new key's 32 bytes, base64.
    pub signature: String,
}

/// A manifest's text with its signature, not yet checked.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedManifest {
    manifest: String,
    signature: String,
}

redacted!(Manifest);
redacted!(SignedManifest);

/// Why a manifest is not to be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ManifestError {
    /// It is not JSON of a signed manifest, or too long.
    #[error("the relay's manifest cannot be read")]
    Malformed,
    /// The pinned operator key did not sign it, nor name the successor that did.
    #[error("the relay's manifest is not signed by the operator key that was pinned")]
    Signature,
    /// It speaks none of our versions.
    #[error("the relay does not speak protocol version {VERSION}")]
    Version,
    /// It is of a relay with another name.
    #[error("the manifest is another relay's")]
    Host,
    /// Its envelopes have other lengths than ours.
    #[error("the relay uses other envelope lengths")]
    EnvelopeLengths,
}

/// A manifest whose signature, version and host have been checked, and the key that signed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedManifest {
    /// What it says.
    pub manifest: Manifest,
    /// The operator key that signs for the relay now: the pinned one, or its successor.
    pub operator: OperatorKey,
}

impl VerifiedManifest {
    /// Where the server has moved to, under the key that signs now; none of one that is where it is asked.
    #[must_use]
    pub fn next(&self) -> Option<RelayRef> {
        let host = self.manifest.moved_to.as_ref()?.parse().ok()?;
        Some(RelayRef { host, operator: self.operator })
    }
}

impl SignedManifest {
    /// Signs `manifest`.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn sign(manifest: &Manifest, operator: &OperatorSecret) -> Result<Self, serde_json::Error> {
        let manifest = serde_json::to_string_pretty(manifest)?;
        let signature = BASE64.encode(&operator.sign(Purpose::Manifest, manifest.as_bytes()));
        Ok(Self { manifest, signature })
    }

    /// Reads what a relay answered.
    ///
    /// # Errors
    /// [`ManifestError::Malformed`].
    pub fn from_json(bytes: &[u8]) -> Result<Self, ManifestError> {
        if bytes.len() > MAX_LENGTH {
            return Err(ManifestError::Malformed);
        }
        serde_json::from_slice(bytes).map_err(|_| ManifestError::Malformed)
    }

    /// The manifest, if it is `host`'s and `pinned`, or the last of its successors, signed it.
    ///
    /// # Errors
    /// [`ManifestError`] says what is wrong with it.
    pub fn verify(&self, host: &RelayHost, pinned: &OperatorKey) -> Result<VerifiedManifest, ManifestError> {
        let manifest: Manifest = serde_json::from_str(&self.manifest).map_err(|_| ManifestError::Malformed)?;
        let operator = current_operator(&manifest, pinned)?;
        let signature = BASE64.decode(self.signature.as_bytes()).map_err(|_| ManifestError::Malformed)?;
        if !operator.verifies(Purpose::Manifest, self.manifest.as_bytes(), &signature) {
            return Err(ManifestError::Signature);
        }
        if !manifest.versions.contains(&VERSION) {
            return Err(ManifestError::Version);
        }
        if manifest.host != host.as_str() {
            return Err(ManifestError::Host);
        }
        if manifest.envelope_lengths != SizeClass::ALL.map(SizeClass::envelope_length) {
            return Err(ManifestError::EnvelopeLengths);
        }
        Ok(VerifiedManifest { manifest, operator })
    }
}

impl Succession {
    /// States that `to` takes the place of `from`.
    #[must_use]
    pub fn sign(from: &OperatorSecret, to: &OperatorKey) -> Self {
        Self {
            from: HEXLOWER.encode(from.public().as_bytes()),
            to: HEXLOWER.encode(to.as_bytes()),
            signature: BASE64.encode(&from.sign(Purpose::Succession, to.as_bytes())),
        }
    }

    fn follow(&self, from: &OperatorKey) -> Option<OperatorKey> {
        let to = operator_key(&self.to)?;
        let signature = BASE64.decode(self.signature.as_bytes()).ok()?;
        let continues = operator_key(&self.from)? == *from;
        (continues && from.verifies(Purpose::Succession, to.as_bytes(), &signature)).then_some(to)
    }
}

/// Follows the chain of succession from the pinned key to the one that the manifest names.
fn current_operator(manifest: &Manifest, pinned: &OperatorKey) -> Result<OperatorKey, ManifestError> {
    let named = operator_key(&manifest.operator).ok_or(ManifestError::Malformed)?;
    let followed = |key: OperatorKey, step: &Succession| step.follow(&key).unwrap_or(key);
    let last = manifest.succession.iter().fold(*pinned, followed);
    if last == named { Ok(named) } else { Err(ManifestError::Signature) }
}

fn operator_key(hex: &str) -> Option<OperatorKey> {
    OperatorKey::from_bytes(&HEXLOWER.decode(hex.as_bytes()).ok()?)
}

#[cfg(test)]
mod tests;
