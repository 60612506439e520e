//! A core dump of a process that forbids them, as root can make one.

use std::path::{Path, PathBuf};
use std::process::Command;

use sealpost_tests::Result;

/// Writes all memory of a process into a file.
///
/// # Errors
/// When that is not permitted here, or `gcore` is not there.
pub(super) fn dump(process: u32, directory: &Path) -> Result<PathBuf> {
    let prefix = directory.join("core");
    let (prefix, process) = (prefix.to_string_lossy().into_owned(), process.to_string());
    let command = ["gcore", "-a", "-o", &prefix, &process];
    let dumped = Command::new(command[0]).args(&command[1..]).output().is_ok_and(|output| output.status.success())
        || Command::new("sudo").arg("-n").args(command).output().is_ok_and(|output| output.status.success());
    let file = directory.join(format!("core.{process}"));
    if dumped && file.is_file() {
        return Ok(file);
    }
    Err("the relay's memory cannot be dumped: this test needs gdb, and root or sudo without a password".into())
}
