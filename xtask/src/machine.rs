//! What must be on the machine beside Rust: found in `PATH`, or installed from Debian's packages.

use std::env;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::failure::Failure;
use crate::run::run;

/// A program that something needs, and the Debian package that has it.
pub(crate) struct Need {
    program: &'static str,
    package: &'static str,
}

/// For any build: SQLCipher's OpenSSL and the TLS provider are C.
pub(crate) const BUILD: &[Need] = &[
    Need { program: "cc", package: "gcc" },
    Need { program: "make", package: "make" },
    Need { program: "perl", package: "perl" },
];

/// For the tests besides: they watch the system calls of a client, put it into a network of its own, and mount a file
/// system that is soon full.
pub(crate) const TEST: &[Need] = &[
    Need { program: "strace", package: "strace" },
    Need { program: "unshare", package: "util-linux" },
    Need { program: "mount", package: "mount" },
];

/// Makes sure that all of `needs` are there.
pub(crate) fn ensure(needs: &[Need]) -> Result<(), Failure> {
    let missing: Vec<_> = needs.iter().filter(|need| !is_in_path(need.program)).map(|need| need.package).collect();
    if missing.is_empty() { Ok(()) } else { install(&missing) }
}

fn install(packages: &[&str]) -> Result<(), Failure> {
    let by_hand = format!("apt-get install -y {}", packages.join(" "));
    let Some(mut prefix) = root_prefix() else {
        return Err(Failure::new(format!("these are missing; as root, run:\n  {by_hand}")));
    };
    prefix.extend(["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]);
    // An old package list is no reason to stop: the package itself may still be where the list says.
    let _ = run(&mut command(&prefix, &["update", "-qq"]));
    run(&mut command(&prefix, &[&["install", "-y", "-qq", "--no-install-recommends"], packages].concat()))
        .map_err(|failure| Failure::new(format!("{failure}\nmissing, to be installed as root:\n  {by_hand}")))
}

/// The words to put before a command that needs root; `None` when there is no way without asking for a password.
fn root_prefix() -> Option<Vec<&'static str>> {
    if !is_in_path("apt-get") {
        return None;
    }
    let id = Command::new("id").arg("-u").output().ok()?;
    if id.stdout.trim_ascii() == b"0" {
        return Some(Vec::new());
    }
    let sudo = Command::new("sudo").args(["-n", "true"]).stderr(Stdio::null()).status().ok()?;
    sudo.success().then(|| vec!["sudo", "-n"])
}

/// The output of apt goes to our standard error: the standard output is the command's own.
fn command(prefix: &[&str], arguments: &[&str]) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", "exec \"$@\" >&2", "sh"]).args(prefix).args(arguments);
    command
}

fn is_in_path(program: &str) -> bool {
    let directories = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&directories)
        .chain([Path::new("/usr/sbin").into(), Path::new("/sbin").into()])
        .any(|directory| directory.join(program).is_file())
}
