//! Counting by valgrind.

use std::env;
use std::process::Command;

use super::ways;

/// What this process sees of its processor, as far as libraries choose by it.
pub(super) fn processor() -> String {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        return format!("{}-avx2", env::consts::ARCH);
    }
    env::consts::ARCH.to_owned()
}

/// The same under valgrind.
pub(super) fn processor_under_valgrind() -> String {
    let output = valgrind().arg("processor").output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// The instructions of one go of a way: what so many more take, divided, so that what comes before is left out.
pub(super) fn one(way: &str) -> u64 {
    let times = ways::times(way);
    let (few, many) = (all(way, times), all(way, 3 * times));
    many.saturating_sub(few) / (2 * times)
}

fn all(way: &str, times: u64) -> u64 {
    let output = valgrind().args(["go", way, &times.to_string()]).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{way}: {told}");
    let line = told.lines().find(|line| line.contains("I refs:") || line.contains("I   refs:"));
    let number: String = line.unwrap().rsplit(':').next().unwrap().chars().filter(char::is_ascii_digit).collect();
    number.parse().unwrap()
}

fn valgrind() -> Command {
    let mut command = Command::new("valgrind");
    command.args(["--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]);
    command.arg(env::current_exe().unwrap());
    command
}
