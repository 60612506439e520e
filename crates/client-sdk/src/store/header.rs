//! The header beside the database: what is needed to get from a passphrase to the key, and to tell that it is the right one.
//!
//! ```text
//! key   = Argon2id(passphrase, salt, memory, passes, lanes)[32]      (RFC 9106), or the app's raw key
//! check = derive_key("sealpost v1 profile check", key)[0..16]
//! ```
//!
//! The check tells a wrong passphrase from a damaged database. It helps nobody who guesses: the database itself says as
//! much about a guess, at the same price.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use argon2::{Algorithm, Argon2, Params, Version};
use data_encoding::HEXLOWER;
use rand::RngCore;
use sealpost_wire::Secret;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use super::{Files, StoreError};
use crate::unlock::Unlock;

/// The key that the database is encrypted under.
#[derive(Clone)]
pub(super) struct StoreKey(Secret<32>);

const FORMAT: u32 = 1;
const MEMORY_KIB: u32 = 64 * 1024;
const PASSES: u32 = 3;
const LANES: u32 = 1;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    sealpost_profile: u32,
    check: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    passphrase: Option<Derivation>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Derivation {
    salt: String,
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

/// The key of the profile; on first use it writes the header.
pub(super) fn unlock(files: &Files, unlock: &Unlock) -> Result<StoreKey, StoreError> {
    match read(&files.header())? {
        Some(header) => header.key(unlock),
        None => create(files, unlock),
    }
}

fn create(files: &Files, unlock: &Unlock) -> Result<StoreKey, StoreError> {
    let derivation = matches!(unlock, Unlock::Passphrase(_)).then(Derivation::fresh);
    let key = derive(unlock, derivation.as_ref())?;
    let header = Header { sealpost_profile: FORMAT, check: check(&key), passphrase: derivation };
    publish(files, &header).map_err(StoreError::of_file)?;
    Ok(key)
}

/// Puts the whole header in place at once.
fn publish(files: &Files, header: &Header) -> io::Result<()> {
    let path = files.header();
    let draft = path.with_extension("json.draft");
    let mut file = Files::create_private(&draft)?;
    file.set_len(0)?;
    file.write_all(&serde_json::to_vec_pretty(header)?)?;
    file.sync_all()?;
    fs::rename(&draft, &path)?;
    files.sync()
}

fn read(path: &Path) -> Result<Option<Header>, StoreError> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(StoreError::of_file(error)),
    };
    let header: Header = serde_json::from_slice(&bytes).map_err(|_| StoreError::Header)?;
    if header.sealpost_profile > FORMAT {
        return Err(StoreError::Newer);
    }
    Ok(Some(header))
}

impl Header {
    fn key(&self, unlock: &Unlock) -> Result<StoreKey, StoreError> {
        let key = derive(unlock, self.passphrase.as_ref())?;
        let matches: bool = check(&key).as_bytes().ct_eq(self.check.as_bytes()).into();
        if matches { Ok(key) } else { Err(StoreError::WrongKey) }
    }
}

impl Derivation {
    fn fresh() -> Self {
        let mut salt = [0; 16];
        rand::rng().fill_bytes(&mut salt);
        Self { salt: HEXLOWER.encode(&salt), memory_kib: MEMORY_KIB, passes: PASSES, lanes: LANES }
    }

    /// The parameters, if they are neither weaker than ours nor such that a changed header exhausts the device.
    fn params(&self) -> Option<Params> {
        let sane = (MEMORY_KIB..=16 * MEMORY_KIB).contains(&self.memory_kib)
            && (PASSES..=16).contains(&self.passes)
            && (LANES..=8).contains(&self.lanes);
        sane.then(|| Params::new(self.memory_kib, self.passes, self.lanes, Some(32)).ok()).flatten()
    }
}

fn derive(unlock: &Unlock, derivation: Option<&Derivation>) -> Result<StoreKey, StoreError> {
    match (unlock, derivation) {
        (Unlock::RawKey(key), None) => Ok(StoreKey(key.clone())),
        (Unlock::Passphrase(text), Some(derivation)) => stretch(text, derivation),
        // The profile wants the other kind of key, so this one is not the right one.
        _ => Err(StoreError::WrongKey),
    }
}

fn stretch(text: &str, derivation: &Derivation) -> Result<StoreKey, StoreError> {
    let params = derivation.params().ok_or(StoreError::Header)?;
    let salt = HEXLOWER.decode(derivation.salt.as_bytes()).map_err(|_| StoreError::Header)?;
    let mut key = zeroize::Zeroizing::new([0; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(text.as_bytes(), &salt, &mut *key)
        .map_err(|_| StoreError::Derivation)?;
    Ok(StoreKey(Secret::new(*key)))
}

fn check(key: &StoreKey) -> String {
    let [check @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] =
        blake3::derive_key("sealpost v1 profile check", key.0.expose());
    HEXLOWER.encode(&check)
}

impl StoreKey {
    /// The key as SQLCipher takes it: raw, in hexadecimal, so that it derives nothing of its own.
    pub(super) fn pragma(&self) -> zeroize::Zeroizing<String> {
        let hex = zeroize::Zeroizing::new(HEXLOWER.encode(self.0.expose()));
        zeroize::Zeroizing::new(format!("PRAGMA key = \"x'{}'\"", *hex))
    }
}
