//! Tests that need a process of their own: this test program, started again with one ignored test.

use std::path::Path;
use std::process::{Command, Stdio};

/// Where the child's store is.
pub(super) const DIRECTORY: &str = "SEALPOST_TEST_DIRECTORY";

/// The command that runs the ignored test `name` of this program in `directory`.
pub(super) fn child(name: &str, directory: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", name, "--ignored", "--nocapture", "--test-threads=1"]);
    command.env(DIRECTORY, directory).stdin(Stdio::null()).stdout(Stdio::piped());
    command
}

/// The directory that the parent named.
pub(super) fn directory() -> std::path::PathBuf {
    std::env::var_os(DIRECTORY).expect("started by another test").into()
}
