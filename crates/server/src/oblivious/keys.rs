//! One key for each day, opened with on that day and the next, and then erased.
//!
//! ```text
//! N.key      of day N: a seed, 64 hexadecimal digits, from which the key is derived (RFC 9180, section 7.1.3)
//! ```
//!
//! The key of a day is made on the day before, so that nobody waits for a disk at midnight; a restart finds it again.
//! Whoever takes the disk later finds what opens requests of two days, and nothing older.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use data_encoding::HEXLOWER_PERMISSIVE;
use miette::Diagnostic;
use rand::RngCore;
use sealpost_wire::manifest::OhttpKeys;
use sealpost_wire::time::Day;
use thiserror::Error;
use tokio::task::spawn_blocking;
use zeroize::Zeroizing;

use super::seal::DayKey;
use crate::clock::Clock;
use crate::keys::{self as files, KeyFileError};
use crate::log::Event;

/// Why the keys of Oblivious HTTP cannot be used.
#[derive(Debug, Error, Diagnostic)]
pub enum KeysError {
    /// Their directory cannot be read or written.
    #[error("the directory {} cannot be used", path.display())]
    #[diagnostic(help("the server's own account must own it, and be able to write there"))]
    Directory {
        /// The directory.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A key cannot be read or written.
    #[error("the key of a day cannot be used")]
    Key(
        #[source]
        #[diagnostic_source]
        KeyFileError,
    ),
    /// A seed gives no key.
    #[error("no key can be derived")]
    Derive,
}

const EXPECTED: &str = "one line of 64 hexadecimal digits";
const EXTENSION: &str = "key";
/// How the name of a file ends before it is whole.
const UNFINISHED: &str = ".key.unfinished";

/// The keys that are in use.
#[derive(Default)]
struct Loaded {
    /// When they were last looked after.
    on: Option<Day>,
    /// Of yesterday, today and tomorrow.
    keys: Vec<Arc<DayKey>>,
}

/// The keys of a gateway.
pub(crate) struct DayKeys {
    directory: PathBuf,
    clock: Arc<dyn Clock>,
    loaded: Mutex<Loaded>,
    /// Whoever changes the directory holds it.
    keeping: Mutex<()>,
    /// Whether that failed the last time.
    failed: AtomicBool,
}

impl DayKeys {
    /// The keys in `directory`, which is made if it is not there, as are the keys that are missing.
    ///
    /// # Errors
    /// [`KeysError`].
    pub(crate) fn open(directory: &Path, clock: Arc<dyn Clock>) -> Result<Self, KeysError> {
        let keys = Self {
            directory: directory.to_owned(),
            clock,
            loaded: Mutex::default(),
            keeping: Mutex::default(),
            failed: AtomicBool::new(false),
        };
        keys.keep()?;
        Ok(keys)
    }

    /// Reads what is in `directory`, as [`open`](Self::open) would, and changes nothing.
    ///
    /// # Errors
    /// [`KeysError`].
    pub(crate) fn check(directory: &Path) -> Result<(), KeysError> {
        if directory.exists() {
            days(directory)?.into_iter().try_for_each(|day| read(directory, day).map(drop))?;
        }
        Ok(())
    }

    /// Makes the keys of today and tomorrow if they are not there, and erases those that open nothing any more. Tells
    /// whether there is another key of today now.
    ///
    /// # Errors
    /// [`KeysError`]; those that there are stay in use.
    pub(crate) fn keep(&self) -> Result<bool, KeysError> {
        let _alone = self.keeping.lock().unwrap_or_else(PoisonError::into_inner);
        let today = self.today();
        if self.loaded().on == Some(today) {
            return Ok(false);
        }
        make_directory(&self.directory)?;
        clear(&self.directory, today)?;
        let keys = load(&self.directory, today)?.into_iter().map(|key| self.known(key)).collect();
        let before = self.list();
        *self.loaded() = Loaded { on: Some(today), keys };
        Ok(self.list() != before)
    }

    /// The same on a thread that may wait for the disk; a failure is logged, once for each outage.
    pub(crate) async fn keep_on(self: &Arc<Self>) -> bool {
        let keys = Arc::clone(self);
        let kept = spawn_blocking(move || keys.keep()).await;
        let failed = !matches!(kept, Ok(Ok(_)));
        if failed && !self.failed.swap(true, Ordering::Relaxed) {
            Event::KeysUnkept {}.log();
        }
        self.failed.store(failed, Ordering::Relaxed);
        matches!(kept, Ok(Ok(true)))
    }

    /// Sees to it that there is a key of today, also when the clock has jumped.
    pub(crate) async fn ready(self: &Arc<Self>) {
        if self.of(self.today()).is_none() {
            self.keep_on().await;
        }
    }

    /// What to seal to today (RFC 9458, section 3.2).
    pub(crate) fn list(&self) -> Option<Bytes> {
        self.of(self.today()).map(|key| key.list().clone())
    }

    /// What a manifest of that day tells.
    pub(crate) fn told(&self, day: Day) -> Option<OhttpKeys> {
        self.of(day).map(|key| key.told())
    }

    /// The key that a request names by its first byte, if it opens today.
    pub(crate) fn named(&self, id: u8) -> Option<Arc<DayKey>> {
        let today = self.today();
        let opens = |key: &&Arc<DayKey>| key.id() == id && key.day().0 <= today.0 && today.0 <= key.day().plus(1).0;
        self.loaded().keys.iter().find(opens).cloned()
    }

    /// The same key, with what it remembers, if it is in use.
    fn known(&self, key: DayKey) -> Arc<DayKey> {
        self.of(key.day()).filter(|known| known.list() == key.list()).unwrap_or_else(|| Arc::new(key))
    }

    fn of(&self, day: Day) -> Option<Arc<DayKey>> {
        self.loaded().keys.iter().find(|key| key.day() == day).cloned()
    }

    fn today(&self) -> Day {
        Day::of(self.clock.now())
    }

    fn loaded(&self) -> MutexGuard<'_, Loaded> {
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Yesterday, today and tomorrow.
fn neighbours(today: Day) -> [Day; 3] {
    [Day(today.0.saturating_sub(1)), today, today.plus(1)]
}

fn make_directory(path: &Path) -> Result<(), KeysError> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|source| unusable(path, source))
}

/// Erases the keys of other days, and what a crash left of making or erasing one.
fn clear(directory: &Path, today: Day) -> Result<(), KeysError> {
    for day in days(directory)? {
        if !neighbours(today).contains(&day) || read(directory, day).is_ok_and(|seed| seed.is_none()) {
            erase(&path(directory, day))?;
        }
    }
    for name in names(directory)?.iter().filter(|name| name.ends_with(UNFINISHED)) {
        erase(&directory.join(name))?;
    }
    Ok(())
}

/// The keys of three days; that of yesterday only if there was one.
fn load(directory: &Path, today: Day) -> Result<Vec<DayKey>, KeysError> {
    let mut keys = Vec::new();
    for day in neighbours(today) {
        let seed = match read(directory, day)? {
            None if day < today => continue,
            None => make(directory, day)?,
            Some(seed) => seed,
        };
        keys.push(DayKey::derive(day, &seed).ok_or(KeysError::Derive)?);
    }
    Ok(keys)
}

type Seed = Zeroizing<[u8; 32]>;

fn make(directory: &Path, day: Day) -> Result<Seed, KeysError> {
    let mut seed = Zeroizing::new([0; 32]);
    rand::rng().fill_bytes(&mut *seed);
    let line = Zeroizing::new(format!("{}\n", HEXLOWER_PERMISSIVE.encode(&*seed)));
    files::create(&path(directory, day), line.as_bytes()).map_err(KeysError::Key)?;
    Ok(seed)
}

/// The seed of a day, if there is one that was not being erased.
fn read(directory: &Path, day: Day) -> Result<Option<Seed>, KeysError> {
    let path = path(directory, day);
    if !path.exists() {
        return Ok(None);
    }
    let text = files::read(&path).map_err(KeysError::Key)?;
    if text.contains(&0) {
        return Ok(None);
    }
    let not_a_key = || KeysError::Key(KeyFileError::NotAKey { path: path.clone(), expected: EXPECTED });
    let line = text.strip_suffix(b"\n").unwrap_or(&text);
    let mut seed = Zeroizing::new([0; 32]);
    let fits = HEXLOWER_PERMISSIVE.decode_len(line.len()).is_ok_and(|length| length == seed.len());
    let read = fits && HEXLOWER_PERMISSIVE.decode_mut(line, &mut *seed).is_ok();
    if read { Ok(Some(seed)) } else { Err(not_a_key()) }
}

fn path(directory: &Path, day: Day) -> PathBuf {
    directory.join(format!("{}.{EXTENSION}", day.0))
}

/// The days of which there is a file. Others are passed over.
fn days(directory: &Path) -> Result<Vec<Day>, KeysError> {
    let day = |name: &String| {
        let number: u32 = name.strip_suffix(&format!(".{EXTENSION}"))?.parse().ok()?;
        (format!("{number}.{EXTENSION}") == *name).then_some(Day(number))
    };
    Ok(names(directory)?.iter().filter_map(day).collect())
}

fn names(directory: &Path) -> Result<Vec<String>, KeysError> {
    let failed = |source| unusable(directory, source);
    let name = |entry: io::Result<fs::DirEntry>| Ok(entry.map_err(failed)?.file_name().into_string().ok());
    fs::read_dir(directory).map_err(failed)?.filter_map(|entry| name(entry).transpose()).collect()
}

fn erase(path: &Path) -> Result<bool, KeysError> {
    files::erase(path).map_err(|source| KeysError::Key(KeyFileError::Io { path: path.to_owned(), source }))
}

fn unusable(path: &Path, source: io::Error) -> KeysError {
    KeysError::Directory { path: path.to_owned(), source }
}
