//! The one file that reads the clock, and the way to give a process another one.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use sealpost_wire::time::Hour;

use crate::Result;

/// The present hour: nothing here is told more exactly than a relay stores it.
#[must_use]
pub fn hour() -> Hour {
    Hour::of(now())
}

/// The present time, for what is made as a client makes it.
#[must_use]
pub fn now() -> SystemTime {
    #[expect(clippy::disallowed_methods, reason = "this is the file that reads the clock")]
    SystemTime::now()
}

/// Adds `jump`, such as `+10d` or `-3d`, to the time of day that `command` will see. How time passes for it stays as it is.
///
/// # Errors
/// When libfaketime is not installed.
pub fn jump(command: &mut Command, jump: &str) -> Result<()> {
    command.env("LD_PRELOAD", libfaketime()?).env("FAKETIME", jump).env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    Ok(())
}

/// The multi-threaded one, below the directory of whichever platform.
fn libfaketime() -> Result<PathBuf> {
    let below = |directory: &Path| directory.join("faketime/libfaketimeMT.so.1");
    let platforms = fs::read_dir("/usr/lib")?.filter_map(std::result::Result::ok).map(|entry| below(&entry.path()));
    let library = platforms.chain([below(Path::new("/usr/lib"))]).find(|library| library.is_file());
    library.ok_or_else(|| "libfaketime is needed (`cargo xtask test` installs it)".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(command: &mut Command) -> i64 {
        String::from_utf8(command.arg("+%s").output().unwrap().stdout).unwrap().trim().parse().unwrap()
    }

    #[test]
    fn a_process_sees_the_jump() {
        let (mut here, mut there) = (Command::new("date"), Command::new("date"));
        jump(&mut there, "-3d").unwrap();
        let difference = seconds(&mut here) - seconds(&mut there);
        assert!((259_200 - 60..=259_200 + 60).contains(&difference), "{difference}");
    }
}
