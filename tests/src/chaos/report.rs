//! What came of a run.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::fault::Fault;
use super::stage::Durability;

/// What came of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// What decided on it.
    pub seed: u64,
    /// When something was accepted.
    pub durability: Durability,
    /// Envelopes that a relay has accepted.
    pub accepted: u64,
    /// Envelopes that came, counted once. More than were accepted: of some, the answer got lost.
    pub delivered: u64,
    /// Envelopes that were accepted and did not come.
    pub lost: u64,
    /// Envelopes that came again, and were dropped by their id.
    pub repeated: u64,
    /// Deposits that were to be tried later, each time that this was said.
    pub refused: u64,
    /// Answers that a mailbox is gone, which is there.
    pub denied: u64,
    /// Envelopes that came and were not sent there, or not so.
    pub altered: u64,
    /// Faults by kind.
    pub faults: BTreeMap<Fault, u64>,
    /// The longest time in which a sender got nothing accepted, by kind of fault, in milliseconds.
    pub longest_outage_ms: BTreeMap<Fault, u64>,
    /// From when a letter was written to when it was accepted, while nothing was wrong.
    pub normal: Latency,
    /// The same while relays were restarted one by one.
    pub rolling_restart: Latency,
}

/// A distribution of latencies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Latency {
    /// How many.
    pub count: usize,
    /// Half were not longer.
    pub p50_ms: f64,
    /// 99 of 100 were not longer.
    pub p99_ms: f64,
    /// The longest.
    pub max_ms: f64,
}

impl Latency {
    pub(super) fn of(mut latencies: Vec<Duration>) -> Self {
        latencies.sort_unstable();
        let last = latencies.len().saturating_sub(1);
        let at = |hundredths: usize| {
            let place = latencies.get(last * hundredths / 100);
            place.map_or(0.0, |latency| (latency.as_secs_f64() * 1e5).round() / 100.0)
        };
        Self { count: latencies.len(), p50_ms: at(50), p99_ms: at(99), max_ms: at(100) }
    }
}

impl Report {
    /// Whether what was promised was kept. With [`Durability::Second`] that does not cover what was accepted last.
    #[must_use]
    pub fn holds(&self) -> bool {
        let is_kept = self.lost == 0 || self.durability == Durability::Second;
        is_kept && self.denied == 0 && self.altered == 0
    }
}

/// The report for people.
#[must_use]
pub fn table(report: &Report) -> String {
    let mut lines = vec![
        line("accepted", report.accepted),
        line("delivered", report.delivered),
        line("lost", report.lost),
        line("repeats, dropped by id", report.repeated),
        line("told to try later", report.refused),
        line("told that a mailbox is gone, which is there", report.denied),
        line("altered, or not sent", report.altered),
        format!("{:<48}{:>8}{:>16}", "\nfault", "times", "longest outage"),
    ];
    for (fault, times) in &report.faults {
        let outage = report.longest_outage_ms.get(fault).copied().unwrap_or_default();
        lines.push(format!("{:<47}{times:>8}{:>14.1} s", fault.name(), Duration::from_millis(outage).as_secs_f64()));
    }
    lines.push(format!("{:<47}{:>8}{:>16}", "\nuntil a letter is accepted", "p50", "p99"));
    for (name, latency) in [("while nothing is wrong", report.normal), ("rolling restart", report.rolling_restart)] {
        lines.push(format!("{name:<43}{:>8.1} ms{:>13.1} ms", latency.p50_ms, latency.p99_ms));
    }
    lines.push(format!("\ndurability {:?}, seed {}\n", report.durability, report.seed));
    lines.join("\n")
}

fn line(name: &str, count: u64) -> String {
    format!("{name:<47}{count:>8}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(durability: Durability) -> Report {
        Report {
            seed: 1,
            durability,
            accepted: 3,
            delivered: 3,
            lost: 0,
            repeated: 4,
            refused: 5,
            denied: 0,
            altered: 0,
            faults: BTreeMap::from([(Fault::RelayCut, 2)]),
            longest_outage_ms: BTreeMap::from([(Fault::RelayCut, 1_500)]),
            normal: Latency::default(),
            rolling_restart: Latency::default(),
        }
    }

    #[test]
    fn what_is_lost_fails_a_run_unless_that_was_said_before() {
        for durability in [Durability::Replicas, Durability::Disk, Durability::Second] {
            assert!(report(durability).holds());
            assert_eq!(Report { lost: 1, ..report(durability) }.holds(), durability == Durability::Second);
            assert!(!Report { denied: 1, ..report(durability) }.holds());
            assert!(!Report { altered: 1, ..report(durability) }.holds());
        }
    }

    #[test]
    fn percentiles_are_of_what_was_measured() {
        let latency = Latency::of((0..=100).map(Duration::from_millis).rev().collect());
        assert_eq!(latency, Latency { count: 101, p50_ms: 50.0, p99_ms: 99.0, max_ms: 100.0 });
        assert_eq!(Latency::of(Vec::new()), Latency::default());
    }

    #[test]
    fn each_fault_has_its_line() {
        assert!(table(&report(Durability::Disk)).contains("a relay cut off from Redis"));
    }
}
