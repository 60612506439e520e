//! What must be on the machine beside Rust: tried out, or installed from Debian's packages.

use std::process::{Command, Stdio};

use crate::failure::Failure;
use crate::run::run;

/// Something that must work, a command that tries it, and the Debian packages that have it.
pub(crate) struct Need {
    trial: &'static [&'static str],
    packages: &'static [&'static str],
}

/// For any build: SQLCipher's OpenSSL and the TLS provider are C. OpenSSL is configured by perl, with modules that the
/// perl of a bare machine does not have.
pub(crate) const BUILD: &[Need] = &[
    Need { trial: &["cc", "--version"], packages: &["gcc", "libc6-dev"] },
    Need { trial: &["make", "--version"], packages: &["make"] },
    Need { trial: &["perl", "-MFindBin", "-MIPC::Cmd", "-MFile::Compare", "-e1"], packages: &["perl"] },
];

/// For programs without glibc besides, and to try them with nothing around them.
pub(crate) const MUSL: &[Need] = &[
    Need { trial: &["musl-gcc", "--version"], packages: &["musl-tools"] },
    Need { trial: &["unshare", "--version"], packages: &["util-linux"] },
];

/// For an audit besides: it watches the system calls of a client, puts it into a network of its own, and tries its search
/// on a Redis server.
pub(crate) const AUDIT: &[Need] = &[
    Need { trial: &["strace", "--version"], packages: &["strace"] },
    Need { trial: &["unshare", "--version"], packages: &["util-linux"] },
    Need { trial: &["redis-server", "--version"], packages: &["redis-server"] },
];

/// For relays on Redis.
pub(crate) const REDIS: &[Need] = &[Need { trial: &["redis-server", "--version"], packages: &["redis-server"] }];

/// For the tests besides: they put a client into another time, type at a terminal, and mount a file system that is soon
/// full, dump the memory of a relay, and keep on Redis what it keeps.
pub(crate) const TEST: &[Need] = &[
    Need { trial: &["mount", "--version"], packages: &["mount"] },
    Need { trial: &["sh", "-c", "command -v pebble && command -v pebble-challtestsrv"], packages: &["pebble"] },
    Need { trial: &["faketime", "--version"], packages: &["faketime"] },
    Need { trial: &["script", "--version"], packages: &["bsdutils"] },
    Need { trial: &["gdb", "--version"], packages: &["gdb"] },
    Need { trial: &["redis-server", "--version"], packages: &["redis-server"] },
];

/// For the page at the admin listener: somebody who looks at it.
pub(crate) const PAGE: &[Need] =
    &[Need { trial: &["chromium", "--version"], packages: &["chromium", "fonts-dejavu-core"] }];

/// For the files of `deploy/`: what will read them.
pub(crate) const DEPLOY: &[Need] = &[
    Need { trial: &["systemd-analyze", "--version"], packages: &["systemd"] },
    Need { trial: &["systemd-nspawn", "--version"], packages: &["systemd-container", "dbus"] },
    Need { trial: &["promtool", "--version"], packages: &["prometheus"] },
    Need {
        trial: &["sh", "-c", "nginx -v && test -e /usr/lib/nginx/modules/ngx_stream_module.so"],
        packages: &["nginx-core", "libnginx-mod-stream"],
    },
    Need { trial: &["buildah", "--version"], packages: &["buildah"] },
    Need { trial: &["curl", "--version"], packages: &["curl"] },
    Need { trial: &["openssl", "version"], packages: &["openssl"] },
    Need { trial: &["python3", "-c", "import venv, ensurepip"], packages: &["python3-venv"] },
];

/// For a soak besides: the relay's days pass in seconds.
pub(crate) const FAKETIME: &[Need] = &[Need { trial: &["faketime", "--version"], packages: &["faketime"] }];

/// For counting instructions besides.
pub(crate) const VALGRIND: &[Need] = &[Need { trial: &["valgrind", "--version"], packages: &["valgrind"] }];

/// Makes sure that all of `needs` are met.
pub(crate) fn ensure(needs: &[Need]) -> Result<(), Failure> {
    let missing: Vec<_> =
        needs.iter().filter(|need| !works(need.trial)).flat_map(|need| need.packages).copied().collect();
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
    if !works(&["apt-get", "--version"]) {
        return None;
    }
    let id = Command::new("id").arg("-u").output().ok()?;
    if id.stdout.trim_ascii() == b"0" {
        return Some(Vec::new());
    }
    works(&["sudo", "-n", "true"]).then(|| vec!["sudo", "-n"])
}

/// The output of apt goes to our standard error: the standard output is the command's own.
fn command(prefix: &[&str], arguments: &[&str]) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", "exec \"$@\" >&2", "sh"]).args(prefix).args(arguments);
    command
}

fn works(trial: &[&str]) -> bool {
    let Some((program, arguments)) = trial.split_first() else { return false };
    let tried =
        Command::new(program).args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    tried.is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_is_there_but_does_not_do_it_counts_as_missing() {
        assert!(works(&["sh", "-c", "true"]));
        assert!(!works(&["sh", "-c", "false"]));
        assert!(!works(&["no-program-has-this-name"]));
    }
}
