//! Keys of days, which all relays of one store have to have alike: of tickets, and of Oblivious HTTP; and invite codes.
//!
//! Each relay has them in files, as if it were alone. Through the store they agree on what is in the files, before a key is
//! of use: the first that proposes one wins. In the store, keys are sealed under one that comes from the operator's key,
//! which the relays have in common already:
//!
//! ```text
//! K      = derive_key("sealpost v1 shared keys", operator's seed)
//! value  = nonce[12] ‖ AES-256-GCM(K, file, aad = name)                name: "ohttp/…", "tickets/…" or "invites/…", of the file
//! ```

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::PathBuf;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use data_encoding::HEXLOWER;
use miette::Diagnostic;
use sealpost_wire::operator::OperatorSecret;
use sealpost_wire::ticket::TicketKind;
use sealpost_wire::time::Day;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::config::{Backend, Config};
use crate::keys::{self as files, KeyFileError};
use crate::store::Unavailable;
use crate::store::redis::Redis;
use crate::tickets::invites::InviteDirectory;
use crate::tickets::keys::{is_over, names_on};

const CONTEXT: &str = "sealpost v1 shared keys";
const OHTTP: &str = "ohttp/";
const TICKETS: &str = "tickets/";
const INVITES: &str = "invites/";
const KEY: &str = ".key";

/// Why relays do not agree.
#[derive(Debug, Error, Diagnostic)]
pub enum SharedKeysError {
    /// A key cannot be read or written.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Key(#[from] KeyFileError),
    /// A directory of keys cannot be read or made.
    #[error("the directory of keys {} cannot be used", path.display())]
    #[diagnostic(help("the server's own account must own it, and be able to write there"))]
    Directory {
        /// The directory.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The store is out.
    #[error("the store is out")]
    Out,
    /// What is in the store was sealed with another key.
    #[error("a relay of another operator keeps its keys in this store")]
    #[diagnostic(help(
        "relays that share a store have one operator.key; another relay needs another `namespace` in [redis]"
    ))]
    OtherOperator,
}

/// The keys of days that a relay shares with others.
pub(crate) struct SharedKeys {
    seal: LessSafeKey,
    ohttp: Option<PathBuf>,
    tickets: Option<(PathBuf, Vec<TicketKind>)>,
}

impl SharedKeys {
    /// Those that `config` names; none where the store is the relay's own.
    pub(crate) fn of(config: &Config, operator: &OperatorSecret) -> Option<Self> {
        let key = Zeroizing::new(blake3::derive_key(CONTEXT, operator.expose_seed()));
        let seal = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &*key).ok()?);
        let tickets = config.ticket_settings().map(|tickets| (tickets.directory, tickets.allowances.kinds().collect()));
        let ohttp = config.oblivious.enabled.then(|| config.oblivious.keys.clone());
        (config.store.backend == Backend::Redis).then_some(Self { seal, ohttp, tickets })
    }

    /// Brings the files in line with those of other relays, for today and the next day.
    ///
    /// # Errors
    /// [`SharedKeysError`].
    pub(crate) async fn agree(&self, store: &Redis, today: Day) -> Result<(), SharedKeysError> {
        let out = |Unavailable| SharedKeysError::Out;
        let proposed = self.proposed(today)?;
        let sealed = proposed.iter().map(|(name, line)| Ok((name.clone(), self.seal(name, line)?)));
        let settled = store.settle(sealed.collect::<Result<_, SharedKeysError>>()?).await.map_err(out)?;
        let mut over = Vec::new();
        for (name, sealed) in settled {
            let line = self.open(&name, &sealed).ok_or(SharedKeysError::OtherOperator)?;
            if is_past(&name, &line, today) {
                over.push(name);
            } else if proposed.get(&name) != Some(&line) || !self.path(&name).is_some_and(|path| path.exists()) {
                self.put(&name, &line)?;
            }
        }
        if over.is_empty() { Ok(()) } else { store.unsettle(over).await.map_err(out) }
    }

    /// Takes all of them out of the store.
    ///
    /// # Errors
    /// [`SharedKeysError::Out`].
    pub(crate) async fn forget(store: &Redis) -> Result<(), SharedKeysError> {
        let out = |Unavailable| SharedKeysError::Out;
        let settled = store.settle(BTreeMap::new()).await.map_err(out)?;
        if settled.is_empty() { Ok(()) } else { store.unsettle(settled.into_keys().collect()).await.map_err(out) }
    }

    /// What is in the files, and what is missing for today and the next day.
    fn proposed(&self, today: Day) -> Result<BTreeMap<String, Zeroizing<Vec<u8>>>, SharedKeysError> {
        let mut proposed = BTreeMap::new();
        for name in self.there()?.into_iter().chain(self.wanted(today)) {
            let Some(path) = self.path(&name) else { continue };
            let line = if path.exists() { files::read(&path)? } else { fresh() };
            // One that is being erased is full of zeros.
            if !line.contains(&0) && !is_past(&name, &line, today) {
                proposed.insert(name, line);
            }
        }
        Ok(proposed)
    }

    fn wanted(&self, today: Day) -> Vec<String> {
        let mut wanted = Vec::new();
        for day in [today, today.plus(1)] {
            if self.ohttp.is_some() {
                wanted.push(format!("{OHTTP}{}{KEY}", day.0));
            }
            let tickets = self.tickets.iter().flat_map(|(_, kinds)| names_on(kinds, day));
            wanted.extend(tickets.map(|name| format!("{TICKETS}{name}")));
        }
        wanted
    }

    fn there(&self) -> Result<Vec<String>, SharedKeysError> {
        let mut names = Vec::new();
        for (prefix, path) in self.directories() {
            let failed = |source| SharedKeysError::Directory { path: path.clone(), source };
            make(&path).map_err(failed)?;
            for entry in fs::read_dir(&path).map_err(failed)? {
                let name = entry.map_err(failed)?.file_name().into_string().unwrap_or_default();
                names.extend(is_name(prefix, &name).then(|| format!("{prefix}{name}")));
            }
        }
        Ok(names)
    }

    /// What lies where, by the beginning of its name.
    fn directories(&self) -> Vec<(&'static str, PathBuf)> {
        let mut directories: Vec<_> = self.ohttp.iter().map(|path| (OHTTP, path.clone())).collect();
        if let Some((path, _)) = &self.tickets {
            directories.extend([(TICKETS, path.clone()), (INVITES, InviteDirectory::of(path).directory())]);
        }
        directories
    }

    /// Where a key's file is.
    fn path(&self, name: &str) -> Option<PathBuf> {
        let mut directories = self.directories().into_iter();
        directories.find_map(|(prefix, path)| {
            name.strip_prefix(prefix).filter(|name| is_name(prefix, name)).map(|name| path.join(name))
        })
    }

    fn put(&self, name: &str, line: &[u8]) -> Result<(), SharedKeysError> {
        let Some(path) = self.path(name) else { return Ok(()) };
        files::erase(&path).map_err(|source| KeyFileError::Io { path: path.clone(), source })?;
        Ok(files::create(&path, line)?)
    }

    fn seal(&self, name: &str, line: &[u8]) -> Result<Vec<u8>, SharedKeysError> {
        let nonce: [u8; NONCE_LEN] = rand::random();
        let mut sealed = Zeroizing::new(line.to_vec());
        let done = self.seal.seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(name.as_bytes()),
            &mut *sealed,
        );
        done.map_err(|_| SharedKeysError::Out)?;
        Ok([&nonce, sealed.as_slice()].concat())
    }

    fn open(&self, name: &str, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_LEN>()?;
        let mut line = Zeroizing::new(sealed.to_vec());
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let length = self.seal.open_in_place(nonce, Aad::from(name.as_bytes()), &mut line).ok()?.len();
        line.truncate(length);
        Some(line)
    }
}

/// Whether what lies there under that name is ours, and stays where it is put.
fn is_name(prefix: &str, name: &str) -> bool {
    let is_plain = |stem: &str| stem.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let stem = if prefix == INVITES { Some(name) } else { name.strip_suffix(KEY) };
    stem.is_some_and(|stem| !stem.is_empty() && is_plain(stem))
}

/// Whether what has that name is of no use any more.
fn is_past(name: &str, line: &[u8], today: Day) -> bool {
    let day = |text: &str| text.trim_end().parse::<u32>().ok();
    let ohttp = name.strip_prefix(OHTTP).and_then(|name| day(name.strip_suffix(KEY)?));
    let invite = || name.strip_prefix(INVITES).and_then(|_| day(str::from_utf8(line).ok()?));
    ohttp.is_some_and(|day| day.saturating_add(1) < today.0)
        || name.strip_prefix(TICKETS).is_some_and(|name| is_over(name, today))
        || invite().is_some_and(|last| last < today.0)
}

fn fresh() -> Zeroizing<Vec<u8>> {
    let seed = Zeroizing::new(rand::random::<[u8; 32]>());
    let mut line = Zeroizing::new(Vec::with_capacity(65));
    line.extend_from_slice(Zeroizing::new(HEXLOWER.encode(&*seed)).as_bytes());
    line.push(b'\n');
    line
}

fn make(path: &PathBuf) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

#[cfg(test)]
mod tests;
