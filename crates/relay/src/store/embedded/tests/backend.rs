//! The embedded store as a backend of the contract.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use tempfile::TempDir;

use crate::store::Arrivals;
use crate::store::contract::{Backend, QUOTA};
use crate::store::embedded::{Embedded, Options};

/// A store in a directory of its own.
pub(super) struct Directory(pub(super) TempDir);

pub(super) fn options(directory: &Path) -> Options {
    Options {
        directory: directory.join("store"),
        quota: QUOTA,
        index_bytes: 1 << 20,
        cache_bytes: 1 << 20,
        disk_reserve_bytes: 0,
    }
}

impl Backend for Directory {
    type Store = Embedded;

    fn fresh() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn open(&self, arrivals: Arc<dyn Arrivals>) -> Embedded {
        Embedded::open(options(self.0.path()), arrivals).unwrap()
    }

    /// What a killed process leaves is what was in its files at that moment, which a copy shows.
    fn crash(&mut self, store: Embedded, arrivals: Arc<dyn Arrivals>) -> Embedded {
        let copy = tempfile::tempdir().unwrap();
        copy_all(self.0.path(), copy.path());
        self.0 = copy;
        drop(store);
        self.open(arrivals)
    }
}

/// Copies a directory while others write in it; files that vanish meanwhile are gone in the copy too.
fn copy_all(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_all(&entry.path(), &target);
        } else if let Ok(bytes) = fs::read(entry.path()) {
            copy_file(&bytes, &target);
        }
    }
}

/// Writes a file without its last zeros, of which a journal has some 64 MiB, but as long as with them.
fn copy_file(bytes: &[u8], to: &Path) {
    let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let mut file = fs::File::create(to).unwrap();
    file.write_all(&bytes[..end]).unwrap();
    file.set_len(bytes.len() as u64).unwrap();
}
