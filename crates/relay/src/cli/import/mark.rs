//! What says that an import has begun, and how far it is: a line for each archive, the first part's before the rest's.
//!
//! ```text
//! HASH            it was begun
//! HASH filled     all of it is in the store
//! ```

use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;

use super::{Failure, make};
use crate::config::{Backend, Config, Role};
use crate::keys;
use crate::store::dump::{Filling, Part};

const NAME: &str = "import.unfinished";
const FILLED: &str = " filled";

/// The mark of an import that has begun.
pub(super) struct Mark {
    path: PathBuf,
    pub(super) filling: Filling,
    /// What was written before.
    before: String,
    is_filled: bool,
}

impl Mark {
    /// Begins, or goes on with what was begun with the same archive, or its first part.
    pub(super) fn begin(dir: &Path, filling: Filling, places: &[PathBuf], config: &Config) -> Result<Self, Failure> {
        let path = dir.join(NAME);
        let hash = HEXLOWER.encode(&filling.mark);
        let begun = std::fs::read_to_string(&path).ok();
        let mut lines = begun.iter().flat_map(|begun| begun.lines());
        let before = match filling.part {
            Part::Rest { of } => {
                let first = HEXLOWER.encode(&of) + FILLED;
                if lines.next() != Some(first.as_str()) {
                    return Err(Failure::NoFirst);
                }
                first + "\n"
            }
            Part::Whole | Part::First => String::new(),
        };
        let line = lines.next();
        let mark = Self { is_filled: line == Some((hash.clone() + FILLED).as_str()), path, filling, before };
        match line {
            Some(line) if lines.next().is_none() && (mark.is_filled || line == hash) => return Ok(mark),
            Some(_) => return Err(Failure::Exists { path: mark.path }),
            None => {}
        }
        if begun.is_none() {
            refuse_what_is_there(places, config)?;
        }
        make(dir)?;
        mark.write(&hash)?;
        Ok(mark)
    }

    /// Whether all of it is in the store.
    pub(super) const fn is_filled(&self) -> bool {
        self.is_filled
    }

    /// Takes note that all of it is in the store.
    pub(super) fn filled(&mut self) -> Result<(), Failure> {
        if !self.is_filled {
            self.write(&(HEXLOWER.encode(&self.filling.mark) + FILLED))?;
            self.is_filled = true;
        }
        Ok(())
    }

    /// Nothing of it is in the store.
    pub(super) fn give_up(&self) {
        let _there_or_not = if self.before.is_empty() { self.end() } else { self.write("") };
    }

    /// There is a server.
    pub(super) fn end(&self) -> Result<(), Failure> {
        keys::remove(&self.path).map_err(Failure::system("ending the import"))
    }

    fn write(&self, line: &str) -> Result<(), Failure> {
        let text = if line.is_empty() { self.before.clone() } else { format!("{}{line}\n", self.before) };
        keys::put(&self.path, text.as_bytes(), 0o600).map_err(Failure::system("writing how far the import is"))
    }
}

fn refuse_what_is_there(places: &[PathBuf], config: &Config) -> Result<(), Failure> {
    let data = (config.role == Role::Relay && config.store.backend == Backend::Embedded).then_some(&config.data);
    match places.iter().chain(data).find(|place| place.exists()) {
        Some(found) => Err(Failure::Exists { path: found.clone() }),
        None => Ok(()),
    }
}
