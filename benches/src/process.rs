//! What a process takes of the machine, as the system tells it.

use std::fs;
use std::io;
use std::time::Duration;

use rustix::param::clock_ticks_per_second;

use crate::failure::Failure;

/// What a process has taken so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// The time of processors, of all its threads, in the system too.
    pub cpu: Duration,
    /// Resident memory, in bytes.
    pub resident: u64,
    /// Files, sockets and the like that it has open.
    pub files: u64,
}

impl Usage {
    /// Of both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { cpu: self.cpu + other.cpu, resident: self.resident + other.resident, files: self.files + other.files }
    }

    /// Of a process that runs.
    ///
    /// # Errors
    /// [`Failure::Files`], also when it has ended.
    pub fn of(pid: u32) -> Result<Self, Failure> {
        let read = |name| {
            fs::read_to_string(format!("/proc/{pid}/{name}")).map_err(|error| Failure::Files("reading /proc", error))
        };
        let (stat, status) = (read("stat")?, read("status")?);
        let strange = || Failure::Files("reading /proc", io::ErrorKind::InvalidData.into());
        let cpu = cpu(&stat, clock_ticks_per_second()).ok_or_else(strange)?;
        let resident = resident(&status).ok_or_else(strange)?;
        let open = fs::read_dir(format!("/proc/{pid}/fd")).map_err(|error| Failure::Files("reading /proc", error))?;
        Ok(Self { cpu, resident, files: open.count() as u64 })
    }
}

/// Fields 14 and 15 of proc_pid_stat(5); the second field is a name in brackets in which anything may stand.
fn cpu(stat: &str, ticks_per_second: u64) -> Option<Duration> {
    let (_, behind_the_name) = stat.rsplit_once(')')?;
    let mut fields = behind_the_name.split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<u64>().ok();
    let ticks = ticks()? + ticks()?;
    Some(Duration::from_nanos(ticks * 1_000_000_000 / ticks_per_second))
}

fn resident(status: &str) -> Option<u64> {
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_times_of_a_process_count_whatever_its_name_is() {
        let stat = "7 (a name) 9) S 1 7 7 0 -1 4194560 1 2 3 4 250 50 0 0 20 0 9 0 1 2 3";
        assert_eq!(cpu(stat, 100), Some(Duration::from_secs(3)));
        assert_eq!(cpu("7 (cut) S 1", 100), None);
    }

    #[test]
    fn resident_memory_is_in_bytes() {
        assert_eq!(resident("Name:\tx\nVmRSS:\t    2048 kB\n"), Some(2 * 1024 * 1024));
        assert_eq!(resident("Name:\tx\n"), None);
    }

    #[test]
    fn this_process_has_taken_something() {
        assert!(Usage::of(std::process::id()).unwrap().resident > 0);
    }
}
