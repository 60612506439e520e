//! Where the database lies, so that making and rewriting it can be interrupted at any point.
//!
//! ```text
//! live     the database
//! next     one that is being made or rewritten: worth nothing until it is moved
//! old      the one that `next` is taking the place of: worth nothing once `live` is there again
//! filling  one that an archive is being imported into: worth nothing once `live` is there
//! lock     held by whoever has the directory, before anything else is looked at
//! ```

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::OpenError;

/// A process that is being killed, or a child that has not become another program yet, holds a lock a moment longer.
const ATTEMPTS: u32 = 20;
const PAUSE: Duration = Duration::from_millis(10);

/// The store's directory, which no other process has meanwhile.
#[derive(Debug, Clone)]
pub(super) struct Directory {
    path: PathBuf,
    _lock: Arc<File>,
}

impl Directory {
    /// Makes the directory, for its owner alone, or settles what an interrupted process left there. Where another process has
    /// it nothing is changed: what looks left behind may be what that one is about to move.
    pub(super) fn settle(path: PathBuf) -> Result<Self, OpenError> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&path).map_err(OpenError::Directory)?;
        let directory = Self { _lock: Arc::new(lock(&path.join("lock"))?), path };
        directory.settle_again().map_err(OpenError::Directory)?;
        Ok(directory)
    }

    /// Settles what was left there by whoever has it, when its database failed.
    pub(super) fn settle_again(&self) -> io::Result<()> {
        if !self.live().try_exists()? && self.old().try_exists()? {
            self.finish_swap()?;
        }
        remove(&self.next())?;
        remove(&self.old())?;
        if self.live().try_exists()? { remove(&self.filling()) } else { Ok(()) }
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Where the database is.
    pub(super) fn live(&self) -> PathBuf {
        self.path.join("live")
    }

    /// Where another one is made.
    pub(super) fn next(&self) -> PathBuf {
        self.path.join("next")
    }

    /// Where one lies that is being filled.
    pub(super) fn filling(&self) -> PathBuf {
        self.path.join("filling")
    }

    fn old(&self) -> PathBuf {
        self.path.join("old")
    }

    /// Makes a finished `next` the first database.
    pub(super) fn adopt_next(&self) -> io::Result<()> {
        fs::rename(self.next(), self.live())?;
        sync(&self.path)
    }

    /// Makes a finished `next` the one that is being filled.
    pub(super) fn begin_filling(&self) -> io::Result<()> {
        fs::rename(self.next(), self.filling())?;
        sync(&self.path)
    }

    /// Makes the one that was filled the first database.
    pub(super) fn adopt_filled(&self) -> io::Result<()> {
        fs::rename(self.filling(), self.live())?;
        sync(&self.path)
    }

    /// Puts a finished `next` in the place of `live`, which is deleted.
    pub(super) fn swap(&self) -> io::Result<()> {
        fs::rename(self.live(), self.old())?;
        sync(&self.path)?;
        self.finish_swap()?;
        remove(&self.old())
    }

    /// `next` was finished before `live` was moved away, so it is good whenever `live` is missing and `old` is there.
    fn finish_swap(&self) -> io::Result<()> {
        let good = if self.next().try_exists()? { self.next() } else { self.old() };
        fs::rename(good, self.live())?;
        sync(&self.path)
    }

    /// Deletes a `next` that was given up.
    pub(super) fn clear_next(&self) -> io::Result<()> {
        remove(&self.next())
    }

    /// Free space on its disk, in bytes.
    pub(super) fn free_space(&self) -> io::Result<u64> {
        fs4::available_space(&self.path)
    }
}

fn lock(path: &Path) -> Result<File, OpenError> {
    let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path);
    let file = file.map_err(OpenError::Directory)?;
    for _ in 0..ATTEMPTS {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => thread::sleep(PAUSE),
            Err(TryLockError::Error(error)) => return Err(OpenError::Directory(error)),
        }
    }
    Err(OpenError::Locked)
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn sync(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A directory with the named databases in it, each holding a file with its own name.
    fn left_behind(names: &[&str]) -> (tempfile::TempDir, PathBuf) {
        let root = tempfile::tempdir().unwrap();
        for name in names {
            fs::create_dir(root.path().join(name)).unwrap();
            fs::write(root.path().join(name).join("name"), name).unwrap();
        }
        let path = root.path().to_owned();
        (root, path)
    }

    fn live_after(names: &[&str]) -> Option<String> {
        let (_root, path) = left_behind(names);
        let directory = Directory::settle(path.clone()).unwrap();
        assert!(!directory.next().exists() && !directory.old().exists());
        fs::read_to_string(path.join("live").join("name")).ok()
    }

    #[test]
    fn an_interrupted_rewrite_leaves_one_whole_database() {
        assert_eq!(live_after(&[]), None);
        assert_eq!(live_after(&["next"]), None);
        assert_eq!(live_after(&["live"]).as_deref(), Some("live"));
        assert_eq!(live_after(&["live", "next"]).as_deref(), Some("live"));
        assert_eq!(live_after(&["old", "next"]).as_deref(), Some("next"));
        assert_eq!(live_after(&["live", "old"]).as_deref(), Some("live"));
        assert_eq!(live_after(&["filling"]), None);
    }

    #[test]
    fn a_directory_that_somebody_has_stays_as_it_is() {
        for names in [&["live", "next"][..], &["old", "next"], &["live", "old", "filling"]] {
            let (_root, path) = left_behind(names);
            let held = lock(&path.join("lock")).unwrap();
            assert!(matches!(Directory::settle(path.clone()), Err(OpenError::Locked)));
            for name in names {
                assert_eq!(fs::read_to_string(path.join(name).join("name")).unwrap(), *name);
            }
            drop(held);
            Directory::settle(path).unwrap();
        }
    }

    #[test]
    fn what_is_being_filled_stays_until_there_is_a_database() {
        let (_root, path) = left_behind(&["filling", "next"]);
        let directory = Directory::settle(path).unwrap();
        assert!(directory.filling().exists() && !directory.next().exists());
        directory.adopt_filled().unwrap();
        assert!(directory.live().exists() && !directory.filling().exists());
    }

    #[test]
    fn the_directory_is_made_for_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt;
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("a").join("store");
        Directory::settle(path.clone()).unwrap();
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o700);
    }

    #[test]
    fn a_swap_leaves_nothing_of_the_old_database() {
        let (_root, path) = left_behind(&["live"]);
        let directory = Directory::settle(path.clone()).unwrap();
        fs::create_dir(directory.next()).unwrap();
        directory.swap().unwrap();
        assert_eq!(fs::read_dir(directory.live()).unwrap().count(), 0);
        let mut left: Vec<_> = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["live", "lock"]);
    }
}
