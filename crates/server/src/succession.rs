//! How an operator's key hands over to the next: the former one signs it, and the manifest carries all such signatures, so
//! that whoever pinned a former key follows.
//!
//! ```text
//! operator.key           the key that signs now
//! operator.succession    JSON: of each former key {from, to, signature}, oldest first
//! operator.key.next      the next key, while it takes over: worth nothing afterwards
//! ```

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use miette::Diagnostic;
use rand::CryptoRng;
use sealpost_wire::manifest::Succession;
use sealpost_wire::operator::{OperatorKey, OperatorSecret};
use thiserror::Error;

use crate::keys::{self, KeyFileError};

/// Why keys do not follow each other.
#[derive(Debug, Error, Diagnostic)]
pub enum SuccessionError {
    /// A key cannot be read or written.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Key(#[from] KeyFileError),
    /// The list of former keys cannot be read or written.
    #[error("the list of former operator keys {} cannot be used", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The list does not lead to the key that is there.
    #[error("the list of former operator keys {} does not lead to the operator's key", path.display())]
    #[diagnostic(help(
        "put operator.key and operator.succession back from the same backup; without the list, who knows a former key \
         does not follow"
    ))]
    Broken {
        /// The file.
        path: PathBuf,
    },
}

/// Reads the former keys of the operator whose key is in the file `key`: none where there is no list.
///
/// # Errors
/// [`SuccessionError`], also when they do not lead to `current`.
pub fn read(key: &Path, current: &OperatorKey) -> Result<Vec<Succession>, SuccessionError> {
    let path = list(key);
    let text = match std::fs::read(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        text => text.map_err(|source| SuccessionError::Io { path: path.clone(), source })?,
    };
    let steps: Vec<Succession> = serde_json::from_slice(&text).map_err(|_| broken(&path))?;
    leading_to(steps, current).ok_or_else(|| broken(&path))
}

/// The steps that lead to `current`. The list is one step ahead where the next key was about to take over.
fn leading_to(mut steps: Vec<Succession>, current: &OperatorKey) -> Option<Vec<Succession>> {
    let current = HEXLOWER.encode(current.as_bytes());
    let ahead = steps.iter().position(|step| step.from == current);
    steps.truncate(ahead.unwrap_or(steps.len()));
    steps.last().is_none_or(|last| last.to == current).then_some(steps)
}

/// Draws the next key and has it take over from the one in the file `key`, which is erased. A crash leaves the one or the
/// other, each with a list that leads to it; then this is to be done again.
///
/// # Errors
/// [`SuccessionError`].
pub fn hand_over(key: &Path, rng: &mut impl CryptoRng) -> Result<OperatorSecret, SuccessionError> {
    let former = keys::read_operator(key)?;
    let mut steps = read(key, &former.public())?;
    let next = beside(key, "next");
    erase(&next)?;
    let successor = keys::create_operator(&next, rng)?;
    steps.push(Succession::sign(&former, &successor.public()));
    write(&list(key), &steps)?;
    let old = beside(key, "old");
    erase(&old)?;
    // The old one has another name for as long as it takes to overwrite it.
    std::fs::hard_link(key, &old).map_err(of_key(&old))?;
    replace(&next, key).map_err(of_key(key))?;
    erase(&old)?;
    Ok(successor)
}

fn write(path: &Path, steps: &[Succession]) -> Result<(), SuccessionError> {
    let failed = |source| SuccessionError::Io { path: path.to_owned(), source };
    let text = serde_json::to_vec_pretty(steps).map_err(|error| failed(error.into()))?;
    let next = beside(path, "next");
    keys::remove(&next).map_err(failed)?;
    keys::create_with_mode(&next, &text, 0o644).map_err(failed)?;
    replace(&next, path).map_err(failed)
}

/// Gives a file the name of another, durably.
pub(crate) fn replace(from: &Path, to: &Path) -> io::Result<()> {
    std::fs::rename(from, to)?;
    match to.parent().filter(|directory| !directory.as_os_str().is_empty()) {
        Some(directory) => File::open(directory)?.sync_all(),
        None => Ok(()),
    }
}

fn erase(path: &Path) -> Result<(), SuccessionError> {
    keys::erase(path).map(drop).map_err(of_key(path))
}

fn of_key(path: &Path) -> impl Fn(io::Error) -> SuccessionError {
    move |source| KeyFileError::Io { path: path.to_owned(), source }.into()
}

fn broken(path: &Path) -> SuccessionError {
    SuccessionError::Broken { path: path.to_owned() }
}

/// Where the list of former keys is.
#[must_use]
pub fn list(key: &Path) -> PathBuf {
    key.with_extension("succession")
}

/// The same name with another ending.
pub(crate) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".");
    name.push(ending);
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_directory(run: impl FnOnce(&Path)) {
        let directory = tempfile::tempdir().unwrap();
        let key = directory.path().join("operator.key");
        keys::create_operator(&key, &mut rand::rng()).unwrap();
        run(&key);
    }

    fn current(key: &Path) -> OperatorKey {
        keys::read_operator(key).unwrap().public()
    }

    #[test]
    fn each_key_hands_over_to_the_next_and_is_erased() {
        in_directory(|key| {
            let first = current(key);
            assert_eq!(read(key, &first).unwrap(), vec![]);
            let witness = key.with_file_name("witness");
            std::fs::hard_link(key, &witness).unwrap();
            let second = hand_over(key, &mut rand::rng()).unwrap().public();
            let third = hand_over(key, &mut rand::rng()).unwrap().public();
            assert!(current(key) == third && first != second && second != third);
            let steps = read(key, &third).unwrap();
            let hex = |key: OperatorKey| HEXLOWER.encode(key.as_bytes());
            let path: Vec<_> = steps.iter().map(|step| (step.from.clone(), step.to.clone())).collect();
            assert_eq!(path, [(hex(first), hex(second)), (hex(second), hex(third))]);
            assert!(std::fs::read(witness).unwrap().iter().all(|byte| *byte == 0));
            let left = std::fs::read_dir(key.parent().unwrap()).unwrap().count();
            assert_eq!(left, 3, "the key, the list and the witness");
        });
    }

    #[test]
    fn a_list_that_is_a_step_ahead_of_the_key_leads_to_it_and_another_does_not() {
        in_directory(|key| {
            let seed = std::fs::read(key).unwrap();
            let first = current(key);
            hand_over(key, &mut rand::rng()).unwrap();
            std::fs::remove_file(key).unwrap();
            keys::create(key, &seed).unwrap();
            // As if the program had been killed before the next key had its name.
            assert_eq!(read(key, &first).unwrap(), vec![]);
            hand_over(key, &mut rand::rng()).unwrap();
            assert_eq!(read(key, &current(key)).unwrap().len(), 1);
            let stranger = OperatorSecret::from_seed(&[7; 32]).public();
            assert!(matches!(read(key, &stranger), Err(SuccessionError::Broken { .. })));
            std::fs::write(list(key), "nonsense").unwrap();
            assert!(matches!(read(key, &current(key)), Err(SuccessionError::Broken { .. })));
        });
    }
}
