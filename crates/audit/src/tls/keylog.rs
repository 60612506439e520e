//! The file in which a TLS library writes its secrets, where it is told to: `LABEL client-random secret`, in hexadecimal.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER_PERMISSIVE;
use thiserror::Error;
use zeroize::Zeroizing;

use super::hello::Random;
use crate::capture::Who;

/// Secrets of connections, by the client's random.
#[derive(Default)]
pub struct KeyLog {
    connections: HashMap<Random, [Secrets; 2]>,
    malformed: usize,
}

/// The traffic secrets of one direction.
#[derive(Default, Clone)]
pub(super) struct Secrets {
    pub(super) handshake: Option<Secret>,
    pub(super) application: Option<Secret>,
}

pub(super) type Secret = Zeroizing<Vec<u8>>;

/// A key log cannot be read.
#[derive(Debug, Error)]
#[error("{}: it cannot be read", path.display())]
pub struct KeyLogError {
    path: PathBuf,
    #[source]
    source: io::Error,
}

impl KeyLog {
    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read. Lines that are not understood are counted: see [`KeyLog::malformed`].
    pub fn read(path: &Path) -> Result<Self, KeyLogError> {
        let mut log = Self::default();
        log.add(&Self::text_of(path)?);
        Ok(log)
    }

    /// What is in a file.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn text_of(path: &Path) -> Result<Zeroizing<Vec<u8>>, KeyLogError> {
        let text = fs::read(path).map(Zeroizing::new);
        text.map_err(|source| KeyLogError { path: path.to_owned(), source })
    }

    /// Adds lines.
    pub fn add(&mut self, text: &[u8]) {
        let lines = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
        for line in lines.filter(|line| !line.is_empty() && !line.starts_with(b"#")) {
            if self.add_line(line).is_none() {
                self.malformed += 1;
            }
        }
    }

    /// Of how many connections there are secrets.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.connections.len()
    }

    /// How many lines were not understood.
    #[must_use]
    pub fn malformed(&self) -> usize {
        self.malformed
    }

    pub(super) fn secrets(&self, random: &Random, who: Who) -> Secrets {
        let mut both = self.connections.get(random).cloned().unwrap_or_default();
        std::mem::take(who.of(&mut both))
    }

    fn add_line(&mut self, line: &[u8]) -> Option<()> {
        let mut words = line.split(|byte| *byte == b' ').filter(|word| !word.is_empty());
        let (label, random, secret) = (words.next()?, words.next()?, words.next()?);
        let random: Random = HEXLOWER_PERMISSIVE.decode(random).ok()?.try_into().ok()?;
        let secret = Zeroizing::new(HEXLOWER_PERMISSIVE.decode(secret).ok()?);
        let (who, in_handshake) = match label {
            b"CLIENT_HANDSHAKE_TRAFFIC_SECRET" => (Who::Client, true),
            b"SERVER_HANDSHAKE_TRAFFIC_SECRET" => (Who::Server, true),
            b"CLIENT_TRAFFIC_SECRET_0" => (Who::Client, false),
            b"SERVER_TRAFFIC_SECRET_0" => (Who::Server, false),
            // Secrets of other things, and of TLS 1.2.
            _ => return Some(()),
        };
        let secrets = who.of(self.connections.entry(random).or_default());
        *(if in_handshake { &mut secrets.handshake } else { &mut secrets.application }) = Some(secret);
        Some(())
    }
}
