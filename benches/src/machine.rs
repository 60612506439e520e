//! What a result was got on.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::failure::Failure;

/// How often a file is synced to find out how long it takes.
const SYNCS: usize = 101;

/// A machine, and the commit that was measured on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// The name of its processor.
    pub processor: String,
    /// Its processors.
    pub cores: usize,
    /// Its memory, in MiB.
    pub memory_mib: u64,
    /// How many threads wanted a processor in the minute before, in hundredths: more than there are processors, and others
    /// used the machine too.
    pub load_hundredths: u64,
    /// The version of its kernel.
    pub kernel: String,
    /// The commit, where there is a repository.
    pub commit: Option<String>,
}

impl Machine {
    /// This one. What it does not tell is "unknown".
    #[must_use]
    pub fn this() -> Self {
        let read = |path| fs::read_to_string(path).unwrap_or_default();
        let unknown = || "unknown".to_owned();
        Self {
            processor: field(&read("/proc/cpuinfo"), "model name").unwrap_or_else(unknown),
            cores: available_parallelism().map_or(1, usize::from),
            memory_mib: field(&read("/proc/meminfo"), "MemTotal").and_then(|text| kib(&text)).unwrap_or(0) / 1024,
            load_hundredths: load(&read("/proc/loadavg")).unwrap_or_default(),
            kernel: Some(read("/proc/sys/kernel/osrelease").trim().to_owned())
                .filter(|release| !release.is_empty())
                .unwrap_or_else(unknown),
            commit: commit(),
        }
    }
}

/// What stands behind the colon of the first line that begins so.
fn field(text: &str, name: &str) -> Option<String> {
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn kib(text: &str) -> Option<u64> {
    text.split_whitespace().next()?.parse().ok()
}

/// The first number of proc_loadavg(5).
fn load(text: &str) -> Option<u64> {
    let load: f64 = text.split_whitespace().next()?.parse().ok()?;
    Some((load * 100.0).round() as u64)
}

/// How long the system takes to sync 4 KiB to the disk of `directory`, in ms: the middle one of some. An answer that waits for
/// the disk takes no less.
///
/// # Errors
/// [`Failure::Files`].
pub fn sync_ms(directory: Option<&Path>) -> Result<f64, Failure> {
    let made = directory.map_or_else(tempfile::tempfile, tempfile::tempfile_in);
    let mut file = made.map_err(|error| Failure::Files("making a file", error))?;
    let mut all: Vec<Duration> = Vec::new();
    for _ in 0..SYNCS {
        let start = Instant::now();
        file.write_all(&[0xA5; 4096])
            .and_then(|()| file.sync_all())
            .map_err(|error| Failure::Files("syncing a file", error))?;
        all.push(start.elapsed());
    }
    all.sort_unstable();
    Ok(all.get(SYNCS / 2).map_or(0.0, |middle| middle.as_secs_f64() * 1e3))
}

fn commit() -> Option<String> {
    let told = Command::new("git").args(["rev-parse", "--short", "HEAD"]).output().ok()?;
    let commit = String::from_utf8(told.stdout).ok()?.trim().to_owned();
    (told.status.success() && !commit.is_empty()).then_some(commit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_by_name() {
        let text = "processor\t: 0\nmodel name\t: A fast one\n";
        assert_eq!(field(text, "model name").as_deref(), Some("A fast one"));
        assert_eq!(field(text, "none"), None);
        assert_eq!(kib("2048 kB"), Some(2048));
        assert_eq!(load("1.25 0.50 0.10 1/100 7\n"), Some(125));
    }
}
