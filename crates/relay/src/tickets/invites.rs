//! Invite codes, on disk.
//!
//! ```text
//! invites/HASH   the last day on which the code is good, a line of decimal digits; HASH: 64 hexadecimal digits
//! ```
//!
//! A command makes them while the server runs or not. The code itself is nowhere but in the operator's hands: the file's name
//! is a hash of it. A code that was used stays until its last day; the memory of what was spent keeps it from counting twice.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use rand::CryptoRng;
use sealpost_wire::ticket::InviteCode;
use sealpost_wire::time::Day;

use super::keys::{KeysError, names, unusable};
use crate::keys as files;

const DIRECTORY: &str = "invites";

/// The directory in which they lie.
pub struct InviteDirectory(PathBuf);

impl InviteDirectory {
    /// That of the tickets whose keys lie in `directory`.
    #[must_use]
    pub fn of(directory: &Path) -> Self {
        Self(directory.join(DIRECTORY))
    }

    /// Makes a code that is good until `last`.
    ///
    /// # Errors
    /// [`KeysError`].
    pub fn make(&self, last: Day, rng: &mut impl CryptoRng) -> Result<InviteCode, KeysError> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&self.0);
        made.map_err(|source| unusable(&self.0, source))?;
        let code = InviteCode::random(rng);
        files::create(&self.path(&code), format!("{}\n", last.0).as_bytes()).map_err(KeysError::Key)?;
        Ok(code)
    }

    /// The last day on which a code is good, if it was made here and is good `today`. A file that cannot be read makes none.
    pub(crate) fn find(&self, code: &InviteCode, today: Day) -> Option<Day> {
        last_day(&self.path(code)).filter(|last| today <= *last)
    }

    /// Takes away codes whose last day is over.
    pub(super) fn clear(&self, today: Day) -> Result<(), KeysError> {
        let names = match names(&self.0) {
            Err(KeysError::Directory { source, .. }) if source.kind() == io::ErrorKind::NotFound => return Ok(()),
            names => names?,
        };
        for path in names.iter().map(|name| self.0.join(name)) {
            if last_day(&path).is_some_and(|last| last < today) {
                files::remove(&path).map_err(|source| unusable(&self.0, source))?;
            }
        }
        Ok(())
    }

    /// Where they lie.
    pub(crate) fn directory(&self) -> PathBuf {
        self.0.clone()
    }

    fn path(&self, code: &InviteCode) -> PathBuf {
        self.0.join(HEXLOWER.encode(&code.name()))
    }
}

fn last_day(path: &Path) -> Option<Day> {
    let text = files::read(path).ok()?;
    str::from_utf8(&text).ok()?.trim_end().parse().ok().map(Day)
}
