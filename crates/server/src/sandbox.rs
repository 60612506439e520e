//! What a server may reach of the file system while it serves: its own files, what names are looked up with, and nothing else; and it
//! starts no program. The kernel's Landlock sees to it, whatever the server's account may do.
//!
//! It holds for the thread that calls [`enter`] and for those that it starts, so it comes before the runtime.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access, AccessFs, BitFlags, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetError, RulesetStatus, Scope,
    path_beneath_rules,
};

use crate::config::{Oblivious, Sandbox, Serving, TlsMode};
use crate::log::Event;

/// What is asked of the kernel; an older one does what it can of it.
const ASKED: ABI = ABI::V6;
/// What a process reads that looks up names, checks certificates of the web, loads parts of the C library, and counts its processors.
const OF_THE_SYSTEM: [&str; 13] = [
    "/etc",
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/share/ca-certificates",
    "/usr/local/share/ca-certificates",
    "/proc/self",
    "/sys/devices/system/cpu",
    "/sys/fs/cgroup",
    "/dev/null",
    // Where a program is linked to glibc statically, randomness is read here and not asked for.
    "/dev/random",
    "/dev/urandom",
];
/// Where the file of resolvers lies in truth, on systems that write it anew from time to time.
const RESOLVERS: &str = "/etc/resolv.conf";

/// Where a server's own files are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Places {
    /// Files that it reads; those beside them may be read too, so that one may take another's place.
    read: Vec<PathBuf>,
    /// Directories that it writes in.
    written: Vec<PathBuf>,
}

impl Places {
    /// What every server has: keys and certificate.
    #[must_use]
    pub fn of(serving: &Serving<'_>) -> Self {
        let tls = serving.tls;
        let places = Self::default().reading(serving.operator_key);
        let places = match tls.mode {
            TlsMode::Off => places,
            TlsMode::Acme => [&tls.key, &tls.certificate, &tls.acme.account].into_iter().fold(
                if tls.acme.ca.as_os_str().is_empty() { places } else { places.reading(&tls.acme.ca) },
                |places, file| places.writing_beside(file),
            ),
            TlsMode::Own if !tls.key.exists() => places.writing_beside(&tls.key).writing_beside(&tls.certificate),
            TlsMode::Own | TlsMode::Files => places.reading(&tls.key).reading(&tls.certificate),
        };
        let days = serving.oblivious.filter(|oblivious| oblivious.enabled).map(|Oblivious { keys, .. }| keys);
        days.into_iter().fold(places, |places, directory| places.writing(directory))
    }

    /// And a file that is read.
    #[must_use]
    pub fn reading(mut self, file: &Path) -> Self {
        self.read.push(beside(file));
        self
    }

    /// And a directory that is written in.
    #[must_use]
    pub fn writing(mut self, directory: &Path) -> Self {
        self.written.push(directory.to_owned());
        self
    }

    /// And a file that is written.
    #[must_use]
    pub fn writing_beside(self, file: &Path) -> Self {
        let directory = beside(file);
        self.writing(&directory)
    }
}

/// The directory that a file lies in.
fn beside(file: &Path) -> PathBuf {
    let directory = file.parent().filter(|directory| !directory.as_os_str().is_empty());
    directory.unwrap_or(Path::new(".")).to_owned()
}

/// Confines the process to `places`, unless it is not to be, and writes to the log which it is.
///
/// Directories that are written in are made, for their owner alone. What the kernel cannot do is told, and the server runs on.
pub fn enter(sandbox: &Sandbox, places: &Places) {
    if !sandbox.enabled {
        return Event::SandboxOff {}.log();
    }
    for directory in &places.written {
        // Whoever needs it says what is wrong with it.
        let _made_or_not = DirBuilder::new().recursive(true).mode(0o700).create(directory);
    }
    match confine(places) {
        Ok(RulesetStatus::FullyEnforced) => Event::Confined {}.log(),
        Ok(RulesetStatus::PartiallyEnforced) => Event::ConfinedInPart {}.log(),
        Ok(RulesetStatus::NotEnforced) | Err(_) => Event::Unconfined {}.log(),
    }
}

/// Execution is handled, and allowed nowhere.
fn confine(places: &Places) -> Result<RulesetStatus, RulesetError> {
    let reads = AccessFs::ReadFile | AccessFs::ReadDir;
    let writes = AccessFs::from_all(ASKED) & !BitFlags::from(AccessFs::Execute);
    let system = OF_THE_SYSTEM.map(PathBuf::from).into_iter().chain(resolvers());
    let status = Ruleset::default()
        .handle_access(AccessFs::from_all(ASKED))?
        .scope(Scope::AbstractUnixSocket | Scope::Signal)?
        .create()?
        .add_rules(path_beneath_rules(system, reads))?
        .add_rules(path_beneath_rules(&places.read, reads))?
        .add_rules(path_beneath_rules(&places.written, writes))?
        .restrict_self()?;
    Ok(status.ruleset)
}

fn resolvers() -> Option<PathBuf> {
    Some(beside(&std::fs::canonicalize(RESOLVERS).ok()?))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::ErrorKind;
    use std::process::Command;

    use super::*;

    /// Runs on a thread of its own, which alone is confined.
    fn confined(places: Places, run: impl FnOnce() + Send + 'static) {
        let thread = std::thread::spawn(move || {
            assert_eq!(confine(&places).unwrap(), RulesetStatus::FullyEnforced, "is there no Landlock?");
            run();
        });
        thread.join().unwrap();
    }

    fn is_forbidden<T>(outcome: std::io::Result<T>) -> bool {
        outcome.is_err_and(|error| error.kind() == ErrorKind::PermissionDenied)
    }

    #[test]
    fn what_is_its_own_can_be_read_and_written_and_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        let [own, read, foreign] = ["own", "read", "foreign"].map(|name| directory.path().join(name));
        for place in [&own, &read, &foreign] {
            fs::create_dir(place).unwrap();
            fs::write(place.join("file"), "text").unwrap();
        }
        let places = Places::default().writing(&own).reading(&read.join("file"));
        confined(places, move || {
            fs::write(own.join("new"), "text").unwrap();
            fs::rename(own.join("new"), own.join("file")).unwrap();
            assert_eq!(fs::read(read.join("file")).unwrap(), b"text");
            assert!(is_forbidden(fs::write(read.join("file"), "other")));
            assert!(is_forbidden(fs::read(foreign.join("file"))));
            assert!(is_forbidden(fs::read_dir(&foreign)));
            assert!(is_forbidden(fs::write(foreign.join("new"), "text")));
            assert!(
                is_forbidden(fs::hard_link(own.join("file"), foreign.join("link"))) || !foreign.join("link").exists()
            );
            assert!(is_forbidden(fs::read("/root/.profile").or_else(|_| fs::read("/var/lib/dpkg/status"))));
        });
    }

    #[test]
    fn no_program_is_started_not_even_an_own_one() {
        let directory = tempfile::tempdir().unwrap();
        let program = directory.path().join("program");
        fs::copy("/bin/true", &program).unwrap();
        assert!(Command::new(&program).status().unwrap().success());
        confined(Places::default().writing(directory.path()), move || {
            assert!(is_forbidden(Command::new(&program).status()));
            assert!(is_forbidden(Command::new("/bin/true").status()));
        });
    }

    #[test]
    fn randomness_can_be_read() {
        confined(Places::default(), || {
            for file in ["/dev/random", "/dev/urandom"] {
                fs::File::open(file).unwrap();
            }
        });
    }

    #[test]
    fn names_can_still_be_looked_up() {
        confined(Places::default(), || {
            assert!(fs::read_to_string("/etc/hosts").unwrap().contains("localhost"));
            assert!(std::net::ToSocketAddrs::to_socket_addrs("localhost:1").unwrap().count() > 0);
        });
    }
}
