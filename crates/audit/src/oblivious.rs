//! Oblivious HTTP (RFC 9458): requests that are sealed for a gateway, opened with the keys that it has of its days.
//!
//! A gateway keeps a file for each day, `N.key`: a seed, 64 hexadecimal digits, from which the key is derived. It erases them
//! after two days, so what is to be opened later needs a copy. Answers stay closed: the keys of a gateway seal them, and
//! do not open them again.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER_PERMISSIVE;
use ohttp::hpke::{Aead, Kdf, Kem};
use ohttp::{ClientRequest, KeyConfig, Server, SymmetricSuite};
use sealpost_wire::oblivious::{LONGEST_REQUEST, PATH, PROXY_PATH, REQUEST_LENGTHS, REQUEST_OVERHEAD};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::search::files_below;

/// Behind the identifier of the key, every request names the one suite: X25519, HKDF-SHA256, AES-128-GCM.
const SUITE: [u8; 6] = [0x00, 0x20, 0x00, 0x01, 0x00, 0x01];

/// A file is no key of a day.
#[derive(Debug, Error)]
pub enum KeyError {
    /// It cannot be read.
    #[error("{}: it cannot be read", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Its name is not a day's, or it is not 64 hexadecimal digits.
    #[error("{}: it is no key of a day: those are N.key, with 64 hexadecimal digits", .0.display())]
    NotAKey(PathBuf),
}

/// Keys of gateways, by the identifier that requests name them by.
#[derive(Clone, Default)]
pub struct GatewayKeys(BTreeMap<u8, Vec<Server>>);

/// Why a sealed request was not opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closed {
    /// There is no key of the day that it names.
    NoKey,
    /// None of that day opens it.
    OtherKey,
}

impl GatewayKeys {
    /// Adds a key, or all that are below a directory, such as the `ohttp` of a relay.
    ///
    /// # Errors
    /// When a file cannot be read, or is no key.
    pub fn add(&mut self, path: &Path) -> Result<(), KeyError> {
        let failed = |source| KeyError::Read { path: path.to_owned(), source };
        let found = files_below(path).map_err(|error| failed(io::Error::other(error)))?;
        found.iter().try_for_each(|file| self.add_file(file))
    }

    /// A key that is derived here, to try opening with.
    pub(crate) fn of(day: u32, seed: &[u8; 32]) -> Option<Self> {
        Some(Self([(id(day), vec![derive(day, seed)?])].into()))
    }

    /// Seals something to one of the keys, as a client does.
    pub(crate) fn seal(&self, inside: &[u8]) -> Option<Vec<u8>> {
        let config = self.0.values().flatten().next()?.config().encode().ok()?;
        ClientRequest::from_encoded_config(&config).ok()?.encapsulate(inside).ok().map(|(sealed, _)| sealed)
    }

    fn add_file(&mut self, file: &Path) -> Result<(), KeyError> {
        let text = fs::read(file).map(Zeroizing::new);
        let text = text.map_err(|source| KeyError::Read { path: file.to_owned(), source })?;
        let key = day(file).zip(seed(&text)).and_then(|(day, seed)| Some((day, derive(day, &seed)?)));
        let (day, server) = key.ok_or_else(|| KeyError::NotAKey(file.to_owned()))?;
        self.0.entry(id(day)).or_default().push(server);
        Ok(())
    }

    /// What was sealed.
    ///
    /// # Errors
    /// [`Closed`]
    pub fn open(&self, sealed: &[u8]) -> Result<Vec<u8>, Closed> {
        let of_day = sealed.first().and_then(|id| self.0.get(id)).ok_or(Closed::NoKey)?;
        let mut opened = of_day.iter().filter_map(|server| server.decapsulate(sealed).ok());
        opened.next().map(|(inside, _)| inside).ok_or(Closed::OtherKey)
    }
}

impl fmt::Debug for GatewayKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(_) = self;
        f.write_str("GatewayKeys(..)")
    }
}

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoKey => "there is no key of that day",
            Self::OtherKey => "the key of that day does not open it",
        })
    }
}

/// Whether sealed requests are posted there: to a gateway, or by way of a proxy.
pub(crate) fn takes_sealed(path: &[u8]) -> bool {
    path == PATH.as_bytes() || at_proxy(path).is_some()
}

/// The gateway that a path at a proxy names.
pub(crate) fn at_proxy(path: &[u8]) -> Option<&[u8]> {
    path.strip_prefix(PROXY_PATH.as_bytes())
}

/// Whether a body has the one outer form, in which nothing differs but the day and three lengths.
pub(crate) fn is_sealed(body: &[u8]) -> bool {
    let inside = body.len().checked_sub(REQUEST_OVERHEAD);
    body.get(1..7) == Some(&SUITE)
        && body.len() <= LONGEST_REQUEST
        && inside.is_some_and(|length| REQUEST_LENGTHS.contains(&length))
}

fn derive(day: u32, seed: &[u8; 32]) -> Option<Server> {
    let suites = vec![SymmetricSuite::new(Kdf::HkdfSha256, Aead::Aes128Gcm)];
    Server::new(KeyConfig::derive(id(day), Kem::X25519Sha256, suites, seed).ok()?).ok()
}

const fn id(day: u32) -> u8 {
    let [.., low] = day.to_be_bytes();
    low
}

fn day(file: &Path) -> Option<u32> {
    file.file_name()?.to_str()?.strip_suffix(".key")?.parse().ok()
}

fn seed(text: &[u8]) -> Option<Zeroizing<[u8; 32]>> {
    let seed = Zeroizing::new(HEXLOWER_PERMISSIVE.decode(text.trim_ascii()).ok()?);
    seed.as_slice().try_into().ok().map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use sealpost_wire::oblivious::InsideRequest;

    use super::*;

    fn inside() -> Vec<u8> {
        InsideRequest { path: "/v1/relay".into(), body: None }.to_bytes(0).unwrap()
    }

    fn sealed(day: u32, seed: u8) -> Vec<u8> {
        GatewayKeys::of(day, &[seed; 32]).unwrap().seal(&inside()).unwrap()
    }

    #[test]
    fn what_is_sealed_to_a_key_of_a_day_is_opened_with_it_and_with_no_other() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("20784.key"), "01".repeat(32) + "\n").unwrap();
        let mut keys = GatewayKeys::default();
        assert_eq!(keys.open(&sealed(20_784, 1)), Err(Closed::NoKey));
        keys.add(directory.path()).unwrap();
        assert_eq!(keys.open(&sealed(20_784, 1)).as_deref(), Ok(&*inside()));
        assert_eq!(keys.open(&sealed(20_784, 2)), Err(Closed::OtherKey));
        assert_eq!(keys.open(&sealed(20_785, 1)), Err(Closed::NoKey));
        assert_eq!(keys.open(b""), Err(Closed::NoKey));
    }

    #[test]
    fn a_file_that_is_no_key_of_a_day_is_told() {
        let directory = tempfile::tempdir().unwrap();
        for (name, text) in [("today.key", "00".repeat(32)), ("1.key", "00".repeat(31)), ("1.seed", "00".repeat(32))] {
            let file = directory.path().join(name);
            fs::write(&file, text).unwrap();
            assert!(matches!(GatewayKeys::default().add(&file), Err(KeyError::NotAKey(_))), "{name}");
        }
    }

    #[test]
    fn a_sealed_request_has_one_of_three_lengths_and_one_suite() {
        let mut sealed = sealed(1, 1);
        assert!(is_sealed(&sealed) && !is_sealed(&sealed[1..]) && !is_sealed(&[&*sealed, &[0]].concat()));
        sealed[6] = 2;
        assert!(!is_sealed(&sealed) && !is_sealed(b""));
    }
}
