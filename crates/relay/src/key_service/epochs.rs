//! The keys of epochs, on disk.
//!
//! ```text
//! N.key      of epoch N: the seed, then the contribution to the salt, each a line of 64 hexadecimal digits
//! N.spent    what was spent under that key of each voucher: see `vouchers::log`
//! N.retired  empty: the key of epoch N was erased before its time, and there will be no second one
//! ```
//!
//! A key file is whole or not there, and only its owner may read it. It is erased by overwriting before it is unlinked.
//! That is the best a program can do: file systems that copy on write, disks that move blocks around, and snapshots may
//! keep the old bytes. An encrypted disk whose key can be destroyed does the rest.

mod form;

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use miette::Diagnostic;
use rand::CryptoRng;
use sealpost_blind::{PublicKey, Purpose, ServerKey};
use sealpost_wire::directory::Epoch;
use sealpost_wire::manifest::KeyServiceEpoch;
use sealpost_wire::time::Day;
use thiserror::Error;

use self::form::{EpochSecret, Form};
use crate::keys::{self, KeyFileError};

/// The directory in which the keys of epochs lie. The program may serve from it while a command changes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EpochDirectory(PathBuf);

/// The key of one epoch.
pub struct EpochKey {
    /// Which epoch.
    pub epoch: Epoch,
    /// What evaluates.
    pub server: ServerKey,
    /// The part of the epoch's salt.
    pub contribution: [u8; 32],
}

/// What became of the wish for a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Made {
    /// It was made.
    Now,
    /// It had been made.
    Before,
    /// It had been retired, and there is no second one for the same epoch.
    Retired,
}

/// What [`EpochDirectory::keep`] found and did.
#[derive(Debug)]
pub struct Kept {
    /// All keys that are there now, by epoch.
    pub keys: Vec<EpochKey>,
    /// Epochs whose key was made.
    pub made: Vec<Epoch>,
    /// Epochs whose key was erased.
    pub erased: Vec<Epoch>,
}

/// Why the keys of epochs cannot be used.
#[derive(Debug, Error, Diagnostic)]
pub enum EpochsError {
    /// Their directory cannot be read or written.
    #[error("the directory of epoch keys {} cannot be used", path.display())]
    #[diagnostic(help("the server's own account must own it, and be able to write there"))]
    Directory {
        /// The directory.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A key cannot be read or written.
    #[error("the key of an epoch cannot be used")]
    Key(
        #[source]
        #[diagnostic_source]
        KeyFileError,
    ),
    /// A key cannot be erased.
    #[error("{} cannot be erased", path.display())]
    Erase {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

const KEY: &str = "key";
const SPENT: &str = "spent";
const RETIRED: &str = "retired";
/// How the name of a key file ends before it is whole.
const UNFINISHED: &str = ".key.unfinished";

impl EpochDirectory {
    /// The directory at `path`, whether or not it is there.
    #[must_use]
    pub const fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// All keys that are there, by epoch; none where there is no directory.
    ///
    /// # Errors
    /// [`EpochsError`], also when others than its owner may read a key.
    pub fn keys(&self) -> Result<Vec<EpochKey>, EpochsError> {
        let mut keys = Vec::new();
        for epoch in self.epochs(KEY)? {
            keys.extend(read(epoch, &self.key_path(epoch))?);
        }
        Ok(keys)
    }

    /// Epochs whose key was erased before its time and that have not closed since, in order.
    ///
    /// # Errors
    /// [`EpochsError`].
    pub fn retired(&self) -> Result<Vec<Epoch>, EpochsError> {
        self.epochs(RETIRED)
    }

    /// Makes the key of `epoch`, unless it is there or was retired.
    ///
    /// # Errors
    /// [`EpochsError`].
    pub fn make(&self, epoch: Epoch, rng: &mut impl CryptoRng) -> Result<Made, EpochsError> {
        let _alone = self.lock()?;
        self.settle()?;
        self.make_locked(epoch, rng)
    }

    /// Erases the key of `epoch` and what was spent under it; tells whether there was one. Until the epoch has closed, none
    /// is made in its place.
    ///
    /// # Errors
    /// [`EpochsError`].
    pub fn retire(&self, epoch: Epoch, today: Day) -> Result<bool, EpochsError> {
        let _alone = self.lock()?;
        self.settle()?;
        if today <= epoch.closes() && self.is_there(&self.key_path(epoch))? {
            keys::create(&self.path(epoch, RETIRED), &[]).map_err(EpochsError::Key)?;
        }
        self.erase_locked(epoch)
    }

    /// Makes the keys that are missing of the epochs that are open `today`, erases those of epochs that have closed, and
    /// reads all that are there then. The clock is believed.
    ///
    /// # Errors
    /// [`EpochsError`].
    pub fn keep(&self, today: Day, rng: &mut impl CryptoRng) -> Result<Kept, EpochsError> {
        let _alone = self.lock()?;
        self.settle()?;
        let has_closed = |epoch: &Epoch| epoch.closes() < today;
        let (mut made, mut erased) = (Vec::new(), Vec::new());
        for epoch in self.epochs(KEY)?.into_iter().filter(has_closed) {
            self.erase_locked(epoch)?;
            erased.push(epoch);
        }
        for epoch in self.retired()?.into_iter().filter(has_closed) {
            remove(&self.path(epoch, RETIRED))?;
        }
        for epoch in Epoch::open_on(today) {
            if self.make_locked(epoch, rng)? == Made::Now {
                made.push(epoch);
            }
        }
        Ok(Kept { keys: self.keys()?, made, erased })
    }

    /// Where it is kept what was spent under the key of `epoch`.
    pub(super) fn spent_path(&self, epoch: Epoch) -> PathBuf {
        self.path(epoch, SPENT)
    }

    fn key_path(&self, epoch: Epoch) -> PathBuf {
        self.path(epoch, KEY)
    }

    fn path(&self, epoch: Epoch, ending: &str) -> PathBuf {
        self.0.join(format!("{}.{ending}", epoch.0))
    }

    fn is_there(&self, path: &Path) -> Result<bool, EpochsError> {
        path.try_exists().map_err(self.unusable())
    }

    fn make_locked(&self, epoch: Epoch, rng: &mut impl CryptoRng) -> Result<Made, EpochsError> {
        let path = self.key_path(epoch);
        if self.is_there(&self.path(epoch, RETIRED))? {
            return Ok(Made::Retired);
        }
        if self.is_there(&path)? {
            return Ok(Made::Before);
        }
        keys::create(&path, EpochSecret::random(rng).text().as_bytes()).map_err(EpochsError::Key)?;
        Ok(Made::Now)
    }

    fn erase_locked(&self, epoch: Epoch) -> Result<bool, EpochsError> {
        let erased = erase(&self.key_path(epoch))?;
        remove(&self.spent_path(epoch))?;
        Ok(erased)
    }

    /// Ends what a crash interrupted: making a key, and erasing one.
    fn settle(&self) -> Result<(), EpochsError> {
        for path in self.files()?.iter().filter(|path| path.to_string_lossy().ends_with(UNFINISHED)) {
            erase(path)?;
        }
        for epoch in self.epochs(KEY)? {
            let half_erased = read(epoch, &self.key_path(epoch)).is_ok_and(|key| key.is_none());
            if half_erased || self.is_there(&self.path(epoch, RETIRED))? {
                self.erase_locked(epoch)?;
            }
        }
        for epoch in self.epochs(SPENT)? {
            if !self.is_there(&self.key_path(epoch))? {
                remove(&self.spent_path(epoch))?;
            }
        }
        Ok(())
    }

    /// Makes the directory if it is not there, and waits until nobody else changes it.
    fn lock(&self) -> Result<File, EpochsError> {
        let locked = || {
            DirBuilder::new().recursive(true).mode(0o700).create(&self.0)?;
            let directory = File::open(&self.0)?;
            directory.lock()?;
            Ok(directory)
        };
        locked().map_err(self.unusable())
    }

    /// The epochs of which there is a file with that ending, in order.
    fn epochs(&self, ending: &str) -> Result<Vec<Epoch>, EpochsError> {
        let mut epochs: Vec<_> = self.files()?.iter().filter_map(|path| epoch_of(path, ending)).collect();
        epochs.sort_unstable();
        Ok(epochs)
    }

    fn files(&self) -> Result<Vec<PathBuf>, EpochsError> {
        let entries = match fs::read_dir(&self.0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(self.unusable())?,
        };
        entries.map(|entry| entry.map(|entry| entry.path()).map_err(self.unusable())).collect()
    }

    fn unusable(&self) -> impl Fn(io::Error) -> EpochsError {
        let path = self.0.clone();
        move |source| EpochsError::Directory { path: path.clone(), source }
    }
}

impl EpochKey {
    /// What clients check proofs with.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        self.server.public()
    }

    /// What a manifest says of it.
    #[must_use]
    pub fn told(&self) -> KeyServiceEpoch {
        KeyServiceEpoch {
            epoch: self.epoch,
            public_key: HEXLOWER.encode(&self.public().to_bytes()),
            contribution: HEXLOWER.encode(&self.contribution),
        }
    }
}

impl std::fmt::Debug for EpochKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { epoch: _, server: _, contribution: _ } = self;
        f.write_str("EpochKey(..)")
    }
}

/// The epoch of a file `N.ending`, if it is one, and N in its one spelling.
fn epoch_of(path: &Path, ending: &str) -> Option<Epoch> {
    let number = path.file_name()?.to_str()?.strip_suffix(ending)?.strip_suffix('.')?;
    number.parse().ok().filter(|parsed: &u32| parsed.to_string() == number).map(Epoch)
}

/// The key in a file; none if it is gone, or was being erased.
fn read(epoch: Epoch, path: &Path) -> Result<Option<EpochKey>, EpochsError> {
    let text = match keys::read(path) {
        Err(KeyFileError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => return Ok(None),
        text => text.map_err(EpochsError::Key)?,
    };
    match EpochSecret::read(&text) {
        Form::Secret(secret) => {
            let server = ServerKey::derive(&secret.seed, Purpose::Discovery(epoch));
            Ok(Some(EpochKey { epoch, server, contribution: secret.contribution }))
        }
        Form::Erased => Ok(None),
        Form::Unknown => {
            Err(EpochsError::Key(KeyFileError::NotAKey { path: path.to_owned(), expected: form::EXPECTED }))
        }
    }
}

fn erase(path: &Path) -> Result<bool, EpochsError> {
    keys::erase(path).map_err(|source| EpochsError::Erase { path: path.to_owned(), source })
}

fn remove(path: &Path) -> Result<(), EpochsError> {
    keys::remove(path).map_err(|source| EpochsError::Erase { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests;
