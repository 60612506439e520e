//! A small file system in memory.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use sealpost_tests::Result;
use tempfile::TempDir;

const BLOCK: u64 = 1 << 12;

/// A file system of so many MiB. Dropped, it is unmounted.
pub(super) struct SmallDisk {
    path: PathBuf,
    size: u64,
    /// The directory that it is mounted on, if that is to go with it.
    place: Option<TempDir>,
}

impl SmallDisk {
    /// Mounts one.
    ///
    /// # Errors
    /// When that is not permitted here.
    pub(super) fn mount(path: &Path, mebibytes: u64) -> Result<Self> {
        fs::create_dir_all(path)?;
        let size = format!("size={mebibytes}m,mode=0777");
        if !as_root(&["mount", "-t", "tmpfs", "-o", &size, "sealpost-test", &path.to_string_lossy()])? {
            return Err("cannot mount a small file system: this test needs root, or sudo without a password".into());
        }
        Ok(Self { path: path.to_owned(), size: mebibytes << 20, place: None })
    }

    /// Takes over the directory that it is mounted on.
    pub(super) fn keeping(mut self, place: TempDir) -> Self {
        self.place = Some(place);
        self
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes until no more than `room` bytes are left.
    pub(super) fn fill_up_to(&self, room: u64) -> Result<()> {
        let mut file = fs::File::create(self.filler())?;
        for _ in 0..self.size / BLOCK {
            if file.write_all(&[0xA5; BLOCK as usize]).is_err() {
                break;
            }
        }
        let filled = file.metadata()?.len();
        Ok(file.set_len(filled.saturating_sub(room))?)
    }

    /// Removes what filled it.
    pub(super) fn make_room(&self) -> Result<()> {
        Ok(fs::remove_file(self.filler())?)
    }

    fn filler(&self) -> PathBuf {
        self.path.join("filler")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _unmounted = as_root(&["umount", "--lazy", &self.path.to_string_lossy()]);
    }
}

fn as_root(command: &[&str]) -> Result<bool> {
    let (program, arguments) = command.split_first().ok_or("no command")?;
    if Command::new(program).args(arguments).output()?.status.success() {
        return Ok(true);
    }
    Ok(Command::new("sudo").arg("-n").args(command).output().is_ok_and(|output| output.status.success()))
}
