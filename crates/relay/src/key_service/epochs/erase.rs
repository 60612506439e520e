//! Taking files away.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, repeat};
use std::path::Path;

/// Overwrites a file with zeros, durably, and takes its name away, durably; tells whether it was there.
pub(super) fn erase(path: &Path) -> io::Result<bool> {
    let mut file = match OpenOptions::new().write(true).open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        file => file?,
    };
    let length = file.metadata()?.len();
    io::copy(&mut repeat(0).take(length), &mut file)?;
    file.sync_all()?;
    remove(path)?;
    Ok(true)
}

/// Takes a file's name away, durably, if it has one.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        removed => removed?,
    }
    match path.parent() {
        Some(directory) => File::open(directory)?.sync_all(),
        None => Ok(()),
    }
}
