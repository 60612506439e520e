//! The keys of tickets, on disk.
//!
//! ```text
//! daily-N.key        the seed of all kinds that have a key for day N: a line of 64 hexadecimal digits
//! front-door-N.key   the same of the front-door tickets of the week that begins on day N
//! renewal-N.key      the same of its renewals
//! ```
//!
//! Keys of one day share a seed because they go together: the file is overwritten and unlinked when nothing that they made is
//! good any more. Whoever takes the disk can forge tickets of the days whose seeds are there, and link none to its issue.

use std::collections::BTreeSet;
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER_PERMISSIVE;
use miette::Diagnostic;
use rand::CryptoRng;
use sealpost_blind::{Purpose, ServerKey};
use sealpost_wire::Secret;
use sealpost_wire::ticket::{DAYS_AHEAD, TicketKind};
use sealpost_wire::time::Day;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::keys::{self as files, KeyFileError};

/// Why the keys of tickets, or invite codes, cannot be used.
#[derive(Debug, Error, Diagnostic)]
pub enum KeysError {
    /// Their directory cannot be read or written.
    #[error("the directory of tickets {} cannot be used", path.display())]
    #[diagnostic(help("the server's own account must own it, and be able to write there"))]
    Directory {
        /// The directory.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A key cannot be read or written.
    #[error("a key of tickets cannot be used")]
    Key(
        #[source]
        #[diagnostic_source]
        KeyFileError,
    ),
}

const EXPECTED: &str = "one line of 64 hexadecimal digits";
const KEY: &str = ".key";
/// How the name of a file ends before it is whole.
const UNFINISHED: &str = ".key.unfinished";

/// The directory in which they lie.
pub(super) struct TicketKeys(PathBuf);

/// Kinds with keys of one lifetime, and so of one seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Group {
    Daily,
    FrontDoor,
    Renewal,
}

type Named = ((TicketKind, Day), ServerKey);

impl TicketKeys {
    pub(super) const fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// Makes the seeds that are missing of keys of these kinds that issue `today`, erases those of keys that are over, and
    /// reads the others. The clock is believed.
    pub(super) fn keep(
        &self,
        kinds: &[TicketKind],
        today: Day,
        rng: &mut impl CryptoRng,
    ) -> Result<Vec<Named>, KeysError> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&self.0);
        made.map_err(|source| unusable(&self.0, source))?;
        self.clear(today)?;
        for (group, first) in wanted(kinds, today) {
            if self.read(group, first)?.is_none() {
                self.make(group, first, rng)?;
            }
        }
        let mut keys = Vec::new();
        for (group, first) in self.seeds()? {
            let Some(seed) = self.read(group, first)?.filter(|_| !is_far(group, first, today)) else { continue };
            let of_group = kinds.iter().copied().filter(|kind| Group::of(*kind) == group);
            keys.extend(of_group.map(|kind| ((kind, first), ServerKey::derive(&seed, Purpose::Ticket(kind, first)))));
        }
        Ok(keys)
    }

    /// Erases what is over, and what a crash left of making or erasing a seed.
    fn clear(&self, today: Day) -> Result<(), KeysError> {
        for (group, first) in self.seeds()? {
            let half_erased = self.read(group, first).is_ok_and(|seed| seed.is_none());
            if group.last_day(first) < today || half_erased {
                self.erase(&self.path(group, first))?;
            }
        }
        for name in names(&self.0)?.iter().filter(|name| name.ends_with(UNFINISHED)) {
            self.erase(&self.0.join(name))?;
        }
        Ok(())
    }

    fn make(&self, group: Group, first: Day, rng: &mut impl CryptoRng) -> Result<(), KeysError> {
        let seed = Secret::<32>::random(rng);
        let line = Zeroizing::new(format!("{}\n", HEXLOWER_PERMISSIVE.encode(seed.expose())));
        files::create(&self.path(group, first), line.as_bytes()).map_err(KeysError::Key)
    }

    /// A seed, if there is one that was not being erased.
    fn read(&self, group: Group, first: Day) -> Result<Option<Secret<32>>, KeysError> {
        let path = self.path(group, first);
        if !path.exists() {
            return Ok(None);
        }
        let text = files::read(&path).map_err(KeysError::Key)?;
        if text.contains(&0) {
            return Ok(None);
        }
        let line = text.strip_suffix(b"\n").unwrap_or(&text);
        let bytes = HEXLOWER_PERMISSIVE.decode(line).map(Zeroizing::new).ok();
        let seed = bytes.and_then(|bytes| <[u8; 32]>::try_from(bytes.as_slice()).ok()).map(Secret::new);
        let not_a_key = || KeysError::Key(KeyFileError::NotAKey { path: path.clone(), expected: EXPECTED });
        seed.map(Some).ok_or_else(not_a_key)
    }

    /// The seeds that there are, by their files' names; other files are passed over.
    fn seeds(&self) -> Result<BTreeSet<(Group, Day)>, KeysError> {
        Ok(names(&self.0)?.iter().filter_map(|name| seed_of(name)).collect())
    }

    fn path(&self, group: Group, first: Day) -> PathBuf {
        self.0.join(file_name(group, first))
    }

    fn erase(&self, path: &Path) -> Result<(), KeysError> {
        let erased = files::erase(path).map(drop);
        erased.map_err(|source| KeysError::Key(KeyFileError::Io { path: path.to_owned(), source }))
    }
}

impl Group {
    const ALL: [Self; 3] = [Self::Daily, Self::FrontDoor, Self::Renewal];

    const fn of(kind: TicketKind) -> Self {
        match kind {
            TicketKind::FrontDoor => Self::FrontDoor,
            TicketKind::Renewal => Self::Renewal,
            TicketKind::Mailbox | TicketKind::Shelf | TicketKind::Publish | TicketKind::Evaluate => Self::Daily,
        }
    }

    /// One of its kinds: they have the same days.
    const fn kind(self) -> TicketKind {
        match self {
            Self::Daily => TicketKind::Mailbox,
            Self::FrontDoor => TicketKind::FrontDoor,
            Self::Renewal => TicketKind::Renewal,
        }
    }

    const fn last_day(self, first: Day) -> Day {
        self.kind().last_day(first)
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Daily => "daily",
            Self::FrontDoor => "front-door",
            Self::Renewal => "renewal",
        }
    }
}

/// The seeds of keys of these kinds that issue today.
fn wanted(kinds: &[TicketKind], today: Day) -> BTreeSet<(Group, Day)> {
    kinds.iter().flat_map(|kind| kind.issued_on(today).map(|first| (Group::of(*kind), first))).collect()
}

/// Whether a clock that was ahead made it for days that are still far.
fn is_far(group: Group, first: Day, today: Day) -> bool {
    group.kind().is_daily() && first > today.plus(DAYS_AHEAD) || !group.kind().is_daily() && first > today
}

/// The files of the keys of these kinds that issue on `day`.
pub(crate) fn names_on(kinds: &[TicketKind], day: Day) -> Vec<String> {
    wanted(kinds, day).into_iter().map(|(group, first)| file_name(group, first)).collect()
}

/// Whether a file is of keys of which nothing is good any more.
pub(crate) fn is_over(name: &str, today: Day) -> bool {
    seed_of(name).is_some_and(|(group, first)| group.last_day(first) < today)
}

fn file_name(group: Group, first: Day) -> String {
    format!("{}-{}{KEY}", group.name(), first.0)
}

fn seed_of(name: &str) -> Option<(Group, Day)> {
    let (group, day) = name.strip_suffix(KEY)?.rsplit_once('-')?;
    let group = Group::ALL.into_iter().find(|known| known.name() == group)?;
    let first = Day(day.parse().ok()?);
    (file_name(group, first) == name).then_some((group, first))
}

pub(super) fn names(directory: &Path) -> Result<Vec<String>, KeysError> {
    let failed = |source| unusable(directory, source);
    let name = |entry: io::Result<fs::DirEntry>| Ok(entry.map_err(failed)?.file_name().into_string().ok());
    fs::read_dir(directory).map_err(failed)?.filter_map(|entry| name(entry).transpose()).collect()
}

pub(super) fn unusable(path: &Path, source: io::Error) -> KeysError {
    KeysError::Directory { path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const TODAY: Day = Day(20_700);
    const KINDS: [TicketKind; 4] = [TicketKind::Mailbox, TicketKind::Shelf, TicketKind::FrontDoor, TicketKind::Renewal];

    fn kept(directory: &Path, today: Day) -> Result<Vec<Named>, KeysError> {
        TicketKeys::new(directory.to_owned()).keep(&KINDS, today, &mut rand::rng())
    }

    /// Kind, first day and public key of each.
    fn public(keys: &[Named]) -> Vec<(TicketKind, Day, [u8; 32])> {
        keys.iter().map(|((kind, first), key)| (*kind, *first, key.public().to_bytes())).collect()
    }

    #[test]
    fn keys_are_made_once_and_each_is_another() {
        let directory = tempfile::tempdir().unwrap();
        let first = public(&kept(directory.path(), TODAY).unwrap());
        assert_eq!(first.len(), 8 + 8 + 1 + 1);
        assert_eq!(first.iter().map(|(_, _, key)| key).collect::<BTreeSet<_>>().len(), first.len());
        assert_eq!(public(&kept(directory.path(), TODAY).unwrap()), first);
    }

    #[test]
    fn a_seed_goes_when_nothing_of_it_is_good_any_more_and_no_byte_of_it_is_left() {
        let directory = tempfile::tempdir().unwrap();
        kept(directory.path(), TODAY).unwrap();
        let (file, witness) = (directory.path().join("daily-20700.key"), directory.path().join("witness"));
        fs::hard_link(&file, &witness).unwrap();
        kept(directory.path(), TODAY.plus(1)).unwrap();
        assert!(file.exists(), "good on the next day too");
        kept(directory.path(), TODAY.plus(2)).unwrap();
        assert!(!file.exists() && fs::read(witness).unwrap().iter().all(|byte| *byte == 0));
        let door = TicketKind::FrontDoor.first_day(TODAY);
        kept(directory.path(), door.plus(44)).unwrap();
        assert!(directory.path().join(format!("front-door-{}.key", door.0)).exists());
        kept(directory.path(), door.plus(45)).unwrap();
        assert!(!directory.path().join(format!("front-door-{}.key", door.0)).exists());
    }

    #[test]
    fn what_a_crash_left_is_cleared_away() {
        let directory = tempfile::tempdir().unwrap();
        kept(directory.path(), TODAY).unwrap();
        let (half, begun) = (directory.path().join("daily-20701.key"), directory.path().join("daily-1.key.unfinished"));
        fs::write(&half, [0; 65]).unwrap();
        fs::write(&begun, "half").unwrap();
        assert_eq!(kept(directory.path(), TODAY).unwrap().len(), 18);
        assert!(!begun.exists() && fs::read(half).unwrap() != [0; 65]);
    }

    #[test]
    fn a_seed_that_others_may_read_or_that_is_none_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        kept(directory.path(), TODAY).unwrap();
        let file = directory.path().join("daily-20700.key");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(kept(directory.path(), TODAY), Err(KeysError::Key(KeyFileError::Exposed { .. }))));
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&file, "no key").unwrap();
        assert!(matches!(kept(directory.path(), TODAY), Err(KeysError::Key(KeyFileError::NotAKey { .. }))));
    }
}
