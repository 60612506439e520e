//! A network namespace for one command, and the kernel's counters of it.

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use sealpost_tests::Result;
use sealpost_tests::person::Person;

/// What stands in the same tables and counts nothing.
const SETTINGS: [&str; 6] = ["Forwarding", "DefaultTTL", "RtoAlgorithm", "RtoMin", "RtoMax", "MaxConn"];
/// Runs the rest of its arguments, then keeps the counters.
const SCRIPT: &str = "counters=$1; shift; \"$@\"; cat /proc/net/snmp /proc/net/snmp6 > \"$counters\"";

/// The counters that are not zero after a command of `person` has run, each as `name=value`.
///
/// # Errors
/// When no namespace can be made, since nothing would have been tested then.
pub(super) fn counted(person: &Person, arguments: &[&str], input: &str) -> Result<Vec<String>> {
    let counters = tempfile::NamedTempFile::new()?;
    let command = person.command(arguments)?;
    let mut apart = Command::new("unshare");
    // A namespace of users besides allows it to those who are not root.
    apart.args(["--user", "--map-root-user", "--net", "sh", "-c", SCRIPT, "sh"]).arg(counters.path());
    apart.arg(command.get_program()).args(command.get_args());
    apart.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let mut child = apart.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        // A command that reads nothing may have closed it.
        let _unread = stdin.write_all(input.as_bytes());
    }
    child.wait()?;
    let tables = fs::read_to_string(counters.path())?;
    if !tables.contains("OutNoRoutes") {
        return Err("no network namespace: `unshare --user --map-root-user --net` must be permitted here".into());
    }
    Ok(not_zero(&tables))
}

/// `/proc/net/snmp` has a line of names above each line of values; `/proc/net/snmp6` has both in one line.
fn not_zero(tables: &str) -> Vec<String> {
    let lines: Vec<Vec<&str>> = tables.lines().map(|line| line.split_whitespace().collect()).collect();
    let paired = lines.windows(2).filter(|pair| pair[0].first() == pair[1].first());
    let paired = paired.flat_map(|pair| pair[0].iter().zip(&pair[1]).skip(1));
    let single = lines.iter().filter(|line| line.len() == 2).map(|line| (&line[0], &line[1]));
    let counts = paired.chain(single).filter(|(name, value)| **value != "0" && !SETTINGS.contains(name));
    counts.map(|(name, value)| format!("{name}={value}")).collect()
}

#[test]
fn counters_are_read_from_both_kinds_of_tables() {
    let tables = "Ip: Forwarding OutRequests OutNoRoutes\nIp: 2 0 4\nUdp: In Out\nUdp: 0 1\nIp6OutRequests   \t0\nIp6OutNoRoutes\t7\n";
    assert_eq!(not_zero(tables), ["OutNoRoutes=4", "Out=1", "Ip6OutNoRoutes=7"]);
}
