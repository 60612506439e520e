//! What a result was got on.

use std::fs;
use std::process::Command;
use std::thread::available_parallelism;

use serde::{Deserialize, Serialize};

/// A machine, and the commit that was measured on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// The name of its processor.
    pub processor: String,
    /// Its processors.
    pub cores: usize,
    /// Its memory, in MiB.
    pub memory_mib: u64,
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
    }
}
