//! The time of day, which decides what has expired and which keys are today's.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::{Check, Finding};

/// No machine that runs this program lives before: the year 2026, in days after 1970.
const EARLIEST: Duration = Duration::from_secs(20_454 * 24 * 60 * 60);
/// Nor after: the year 2100.
const LATEST: Duration = Duration::from_secs(47_482 * 24 * 60 * 60);
/// So far a file may be from the future: clocks of several machines differ.
const AHEAD: Duration = Duration::from_secs(60 * 60);
const MEND: &str = "timedatectl set-ntp true, or install chrony";

/// Looks whether `now` can be the time, beside that of a file that was written before, and whether it is kept right.
#[must_use]
pub fn clock(now: SystemTime, written: &Path) -> Vec<Finding> {
    let written = fs::metadata(written).and_then(|file| file.modified()).ok();
    vec![plausible(now, written), synchronized(is_synchronized())]
}

fn plausible(now: SystemTime, written: Option<SystemTime>) -> Finding {
    let is_possible = now.duration_since(UNIX_EPOCH).is_ok_and(|since| (EARLIEST..LATEST).contains(&since));
    if !is_possible {
        return Finding::problem(Check::Clock, "the clock is years off: what is kept would expire, or never", MEND);
    }
    if written.is_some_and(|written| written > now + AHEAD) {
        return Finding::problem(
            Check::Clock,
            "the clock is behind the time at which the operator's key was written",
            MEND,
        );
    }
    Finding::ok(Check::Clock, "the time is plausible")
}

fn synchronized(is: Option<bool>) -> Finding {
    match is {
        Some(true) => Finding::ok(Check::Clock, "it is kept right over the network"),
        Some(false) => Finding::warning(Check::Clock, "it is not kept right over the network", MEND),
        None => Finding::warning(
            Check::Clock,
            "whether it is kept right over the network cannot be told: in a container, look at the machine around it",
            "timedatectl status, or chronyc tracking",
        ),
    }
}

/// Whether somebody keeps the clock right; `None` when nobody says.
fn is_synchronized() -> Option<bool> {
    if Path::new("/run/systemd/timesync/synchronized").exists() {
        return Some(true);
    }
    let mut asked = Command::new("timedatectl");
    asked.args(["show", "--property=NTPSynchronized", "--value"]).stdin(Stdio::null()).stderr(Stdio::null());
    match asked.output().ok()?.stdout.trim_ascii() {
        b"yes" => Some(true),
        b"no" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::Level;
    use super::*;

    #[test]
    fn a_clock_that_is_years_off_or_behind_a_file_is_told() {
        let at = |days: u64| UNIX_EPOCH + Duration::from_secs(days * 24 * 60 * 60);
        let level = |now, written| plausible(now, written).level;
        assert_eq!(level(at(20_785), Some(at(20_785))), Level::Ok);
        assert_eq!(level(at(20_785), None), Level::Ok);
        assert_eq!([level(at(0), None), level(at(60_000), None)], [Level::Problem; 2]);
        assert_eq!(level(at(20_785), Some(at(20_786))), Level::Problem);
    }

    #[test]
    fn a_clock_that_nobody_keeps_right_is_a_warning() {
        assert_eq!(
            [Some(true), Some(false), None].map(|is| synchronized(is).level),
            [Level::Ok, Level::Warning, Level::Warning]
        );
    }
}
