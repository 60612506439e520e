//! Whether a command touches the network: by the system's own counters, in a network that is the command's alone, and by a
//! trace of its system calls.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::Trouble;

/// What stands in the same tables and counts nothing.
const SETTINGS: [&str; 6] = ["Forwarding", "DefaultTTL", "RtoAlgorithm", "RtoMin", "RtoMax", "MaxConn"];
/// Runs the rest of its arguments, then keeps the counters and how it ended.
const SCRIPT: &str =
    "counters=$1; shift; \"$@\"; ended=$?; cat /proc/net/snmp /proc/net/snmp6 > \"$counters\"; exit $ended";
/// A socket pair within the process, by which the runtime hears of signals.
const WITHIN_THE_PROCESS: &str = "socketpair(AF_UNIX";

/// What a command did to the network.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Noise {
    /// How it ended.
    pub exit: Option<i32>,
    /// Counters that are not zero; nothing if they could not be had.
    pub packets: Option<Vec<String>>,
    /// System calls that have to do with networks; nothing if they could not be had.
    pub calls: Option<Vec<String>>,
}

impl Noise {
    /// Whether nothing was counted, by at least one of the two.
    #[must_use]
    pub fn is_none(&self) -> bool {
        let none = |counts: &Option<Vec<String>>| counts.as_ref().is_none_or(Vec::is_empty);
        none(&self.packets) && none(&self.calls) && self.was_measured()
    }

    /// Whether at least one of the two could be had.
    #[must_use]
    pub fn was_measured(&self) -> bool {
        self.packets.is_some() || self.calls.is_some()
    }

    /// In words.
    #[must_use]
    pub fn told(&self) -> String {
        let count = |counts: &Option<Vec<String>>, what: &str| match counts {
            Some(counts) if counts.is_empty() => format!("0 {what}"),
            Some(counts) => format!("{what}: {}", counts.join(", ")),
            None => format!("{what} could not be counted here"),
        };
        format!("{}, {}", count(&self.packets, "packets"), count(&self.calls, "network calls"))
    }
}

/// Whether this machine lets networks be made.
#[must_use]
pub fn can_count() -> bool {
    let mut trial = Command::new("unshare");
    trial.args(["--user", "--map-root-user", "--net", "true"]).stdout(Stdio::null()).stderr(Stdio::null());
    trial.status().is_ok_and(|status| status.success())
}

/// Whether this machine lets processes be traced.
#[must_use]
pub fn can_trace() -> bool {
    let mut trial = Command::new("strace");
    trial.args(["-qq", "-e", "trace=none", "true"]).stdout(Stdio::null()).stderr(Stdio::null());
    trial.status().is_ok_and(|status| status.success())
}

/// Runs a command in a network in which nothing can be reached, and counts.
///
/// # Errors
/// When it cannot be run.
pub fn counted(command: &Command, input: &str) -> Result<Noise, Trouble> {
    let counters = tempfile::NamedTempFile::new()?;
    let mut apart = Command::new("unshare");
    // Users of its own besides allow it to those who are not root.
    apart.args(["--user", "--map-root-user", "--net", "sh", "-c", SCRIPT, "sh"]).arg(counters.path());
    let exit = run(apart, command, input)?;
    let tables = fs::read_to_string(counters.path())?;
    // Without the tables nothing was counted, whatever the reason.
    let packets = tables.contains("OutNoRoutes").then(|| not_zero(&tables));
    Ok(Noise { exit, packets, calls: None })
}

/// Runs a command and lists its network calls.
///
/// # Errors
/// When it cannot be run; also when there is no strace.
pub fn traced(command: &Command, input: &str) -> Result<Noise, Trouble> {
    let trace = tempfile::NamedTempFile::new()?;
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-e", "trace=%network", "-e", "signal=none", "-o"]).arg(trace.path());
    let exit = run(strace, command, input)?;
    Ok(Noise { exit, packets: None, calls: Some(calls(trace.path())?) })
}

/// Appends `command` to `around`, and runs both; how the command ended.
fn run(mut around: Command, command: &Command, input: &str) -> Result<Option<i32>, Trouble> {
    around.arg(command.get_program()).args(command.get_args());
    around.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let mut child = around.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        // A command that reads nothing may have closed it.
        let _unread = stdin.write_all(input.as_bytes());
    }
    Ok(child.wait()?.code())
}

fn calls(trace: &Path) -> Result<Vec<String>, Trouble> {
    let text = fs::read_to_string(trace)?;
    let calls = text.lines().filter(|line| line.contains('(') && !line.contains(WITHIN_THE_PROCESS));
    let name =
        |line: &str| line.split('(').next().unwrap_or_default().split(' ').next_back().unwrap_or_default().to_owned();
    Ok(calls.map(name).collect())
}

/// `/proc/net/snmp` has a line of names above each line of values; `/proc/net/snmp6` has both in one line.
fn not_zero(tables: &str) -> Vec<String> {
    let lines: Vec<Vec<&str>> = tables.lines().map(|line| line.split_whitespace().collect()).collect();
    let mut counts: Vec<(&str, &str)> = Vec::new();
    for pair in lines.windows(2) {
        if let [names, values] = pair
            && names.first() == values.first()
        {
            counts.extend(names.iter().copied().zip(values.iter().copied()).skip(1));
        }
    }
    counts
        .extend(lines.iter().filter_map(|line| if let [name, value] = line[..] { Some((name, value)) } else { None }));
    counts.retain(|(name, value)| *value != "0" && !SETTINGS.contains(name));
    counts.into_iter().map(|(name, value)| format!("{name}={value}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_read_from_both_kinds_of_tables() {
        let tables = "Ip: Forwarding OutRequests OutNoRoutes\nIp: 2 0 4\nUdp: In Out\nUdp: 0 1\nIp6OutRequests   \t0\n\
                      Ip6OutNoRoutes\t7\n";
        assert_eq!(not_zero(tables), ["OutNoRoutes=4", "Out=1", "Ip6OutNoRoutes=7"]);
    }

    #[test]
    fn a_command_that_tries_is_noticed_both_ways() {
        let mut quiet = Command::new("sh");
        quiet.args(["-c", "exit 3"]);
        let mut loud = Command::new("bash");
        loud.args(["-c", "exec 3<>/dev/udp/192.0.2.1/9; echo x >&3"]);
        for measure in [counted, traced] {
            let none = measure(&quiet, "").unwrap();
            assert!(none.is_none() && none.exit == Some(3), "{none:?}");
            assert!(!measure(&loud, "").unwrap().is_none());
        }
    }

    #[test]
    fn what_was_not_measured_is_not_silent() {
        assert!(!Noise::default().is_none());
        assert!(Noise { packets: Some(vec![]), ..Noise::default() }.is_none());
    }
}
