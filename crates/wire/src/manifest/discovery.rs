//! What manifests say of discovery.

use serde::{Deserialize, Serialize};

use crate::directory::Epoch;

/// What kind of server a manifest is of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// It keeps mailboxes and shelves, and maybe a directory.
    #[default]
    Relay,
    /// It evaluates blinded elements, and keeps neither.
    KeyService,
    /// It proves who holds a number.
    Attester,
    /// It passes requests that it cannot read on to gateways, and keeps nothing.
    OhttpProxy,
}

/// A relay's directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Directory {
    /// The reference of the attester without whose word nobody is listed; none where anyone may publish any number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attester: Option<String>,
    /// The epochs that are open, each with all that is needed to derive where a number is.
    pub epochs: Vec<EpochDescriptor>,
}

/// All that is needed to derive where a number is in an epoch's directory. Unchecked, as it was signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpochDescriptor {
    /// Which epoch.
    pub epoch: Epoch,
    /// The cost of the slow hash.
    pub argon2: Argon2,
    /// What the salt is made of, 32 bytes each, in hexadecimal: one of each key service, in their order; where there is no
    /// key service, one of the directory's own.
    pub contributions: Vec<String>,
    /// The key services, up to two.
    pub key_services: Vec<KeyServiceKey>,
    /// How many bits of a prefix name a bucket now.
    pub bucket_bits: u8,
}

/// The cost of argon2id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Argon2 {
    /// Memory, in MiB.
    pub memory_mib: u32,
    /// Passes over it.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

/// A key service and its key of one epoch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyServiceKey {
    /// Its reference: where it listens, and its operator's key.
    pub reference: String,
    /// The public key, in hexadecimal.
    pub public_key: String,
}

/// What a key service says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyService {
    /// The reference of the attester whose vouchers it takes; none where anyone may have elements evaluated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attester: Option<String>,
    /// The epochs of which it has a key.
    pub epochs: Vec<KeyServiceEpoch>,
}

/// A key service's share of one epoch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyServiceEpoch {
    /// Which epoch.
    pub epoch: Epoch,
    /// The public key, in hexadecimal.
    pub public_key: String,
    /// Its part of the salt, 32 bytes in hexadecimal.
    pub contribution: String,
}
