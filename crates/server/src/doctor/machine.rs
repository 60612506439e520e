//! The machine: what it writes of memory to its disk, and what it lets a server have.

use std::fs;

use rustix::process::{Resource, getrlimit};

use super::{Check, Finding};
use crate::process;

const MIB: u64 = 1024 * 1024;
/// What a connection takes besides the budgets: its TLS, its buffers, its task.
const EACH_CONNECTION: u64 = 48 * 1024;

/// Looks at what bears on a server that has so many connections and may take so many bytes besides.
#[must_use]
pub fn machine(connections: usize, budgets: u64) -> Vec<Finding> {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let limit = getrlimit(Resource::Nofile).maximum.unwrap_or(u64::MAX);
    let wanted = budgets.saturating_add(EACH_CONNECTION.saturating_mul(connections as u64));
    vec![
        swap(&read("/proc/swaps")),
        core_dumps(&read("/proc/sys/kernel/core_pattern")),
        open_files(limit, process::files_for(connections)),
        memory(available(&read("/proc/meminfo"), &read("/sys/fs/cgroup/memory.max")), wanted),
    ]
}

fn swap(swaps: &str) -> Finding {
    let areas: Vec<&str> = swaps.lines().skip(1).filter_map(|line| line.split_whitespace().next()).collect();
    match areas.iter().all(|area| area.starts_with("/dev/zram")) {
        true => Finding::ok(Check::Swap, "memory is not written to a disk"),
        false => Finding::warning(
            Check::Swap,
            format_args!("memory, with the keys in it, may be written to {}", areas.join(", ")),
            "swapoff -a, and take it out of /etc/fstab; or MemorySwapMax=0 in the unit; or encrypt it with a key of each start",
        ),
    }
}

fn core_dumps(pattern: &str) -> Finding {
    let where_to = pattern.trim();
    let others =
        if where_to.is_empty() { String::new() } else { format!("; those of other programs go to {where_to}") };
    Finding::ok(Check::CoreDumps, format_args!("the server forbids its own{others}"))
}

fn open_files(limit: u64, wanted: u64) -> Finding {
    let mend = || format!("LimitNOFILE={wanted} in the unit, or a smaller `max` in [connections]");
    match limit < wanted {
        true => Finding::warning(
            Check::OpenFiles,
            format_args!("a process may have {limit} files open, and connections.max needs {wanted}"),
            mend(),
        ),
        false => Finding::ok(Check::OpenFiles, format_args!("{wanted} are needed, and {limit} are allowed")),
    }
}

fn memory(available: Option<u64>, wanted: u64) -> Finding {
    let wanted = wanted / MIB;
    let mend = "smaller budgets in [store] and [connections], or a smaller connections.max";
    match available.map(|bytes| bytes / MIB) {
        None => {
            Finding::ok(Check::Memory, format_args!("at most {wanted} MiB; how much there is, the system does not say"))
        }
        Some(there) if wanted > there => Finding::problem(
            Check::Memory,
            format_args!("at its limits the server takes {wanted} MiB, and the machine has {there} MiB"),
            mend,
        ),
        Some(there) if wanted > there / 4 * 3 => Finding::warning(
            Check::Memory,
            format_args!("at its limits the server takes {wanted} of the machine's {there} MiB"),
            mend,
        ),
        Some(there) => {
            Finding::ok(Check::Memory, format_args!("at most {wanted} MiB of the machine's {there} MiB at its limits"))
        }
    }
}

/// What memory there is: the machine's, or less where the process is given less.
fn available(meminfo: &str, cgroup: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"));
    let total = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
    let given = cgroup.trim().parse::<u64>().ok();
    total.map(|kib| kib.saturating_mul(1024)).into_iter().chain(given).min()
}

#[cfg(test)]
mod tests {
    use super::super::Level;
    use super::*;

    #[test]
    fn swap_on_a_disk_is_told_and_in_memory_is_not() {
        const HEAD: &str = "Filename Type Size Used Priority\n";
        assert_eq!(swap(HEAD).level, Level::Ok);
        assert_eq!(swap(&format!("{HEAD}/dev/zram0 partition 1 0 100\n")).level, Level::Ok);
        let told = swap(&format!("{HEAD}/dev/zram0 partition 1 0 100\n/swap.img file 1 0 -2\n"));
        assert!(told.level == Level::Warning && told.finding.contains("/swap.img"), "{told:?}");
    }

    #[test]
    fn files_and_memory_are_compared_with_what_is_needed() {
        assert_eq!([open_files(1024, 1024).level, open_files(1023, 1024).level], [Level::Ok, Level::Warning]);
        let levels =
            [None, Some(1000), Some(130), Some(90)].map(|mib| memory(mib.map(|mib| mib * MIB), 100 * MIB).level);
        assert_eq!(levels, [Level::Ok, Level::Ok, Level::Warning, Level::Problem]);
    }

    #[test]
    fn the_smaller_of_machine_and_control_group_counts() {
        assert_eq!(available("MemFree: 1 kB\nMemTotal:   2048 kB\n", "max\n"), Some(2 * MIB));
        assert_eq!(available("MemTotal:   2048 kB\n", "1048576\n"), Some(MIB));
        assert_eq!(available("", ""), None);
    }
}
