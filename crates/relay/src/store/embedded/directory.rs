//! Where the database lies, so that making and rewriting it can be interrupted at any point.
//!
//! ```text
//! live   the database
//! next   one that is being made or rewritten: worth nothing until it is moved
//! old    the one that `next` is taking the place of: worth nothing once `live` is there again
//! ```

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// The store's directory.
#[derive(Debug, Clone)]
pub(super) struct Directory(PathBuf);

impl Directory {
    /// Makes the directory, for its owner alone, or settles what an interrupted process left there.
    pub(super) fn settle(path: PathBuf) -> io::Result<Self> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&path)?;
        let directory = Self(path);
        if !directory.live().try_exists()? && directory.old().try_exists()? {
            directory.finish_swap()?;
        }
        remove(&directory.next())?;
        remove(&directory.old())?;
        Ok(directory)
    }

    /// Where the database is.
    pub(super) fn live(&self) -> PathBuf {
        self.0.join("live")
    }

    /// Where another one is made.
    pub(super) fn next(&self) -> PathBuf {
        self.0.join("next")
    }

    fn old(&self) -> PathBuf {
        self.0.join("old")
    }

    /// Makes a finished `next` the first database.
    pub(super) fn adopt_next(&self) -> io::Result<()> {
        fs::rename(self.next(), self.live())?;
        sync(&self.0)
    }

    /// Puts a finished `next` in the place of `live`, which is deleted.
    pub(super) fn swap(&self) -> io::Result<()> {
        fs::rename(self.live(), self.old())?;
        sync(&self.0)?;
        self.finish_swap()?;
        remove(&self.old())
    }

    /// `next` was finished before `live` was moved away, so it is good whenever `live` is missing and `old` is there.
    fn finish_swap(&self) -> io::Result<()> {
        let good = if self.next().try_exists()? { self.next() } else { self.old() };
        fs::rename(good, self.live())?;
        sync(&self.0)
    }

    /// Deletes a `next` that was given up.
    pub(super) fn clear_next(&self) -> io::Result<()> {
        remove(&self.next())
    }

    /// Free space on its disk, in bytes.
    pub(super) fn free_space(&self) -> io::Result<u64> {
        fs4::available_space(&self.0)
    }
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
        assert_eq!(fs::read_dir(path).unwrap().count(), 1);
    }
}
