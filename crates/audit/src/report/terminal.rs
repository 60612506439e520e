//! The report on a terminal.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr;

use super::{Report, size};
use crate::search::{Find, Place};
use crate::traffic::Seen;

/// The report, as lines.
#[must_use]
pub fn table(report: &Report) -> String {
    let mut out = String::new();
    steps(&mut out, report);
    rows(&mut out, report);
    values(&mut out, report);
    list(&mut out, "LOOKED AT", report.places.iter().map(place));
    for (name, seen) in &report.traffic {
        list(&mut out, &format!("WHAT WAS SAID IN {name}"), said(seen));
    }
    self_test(&mut out, report);
    list(&mut out, "NOT LOOKED INTO", report.unsearched.lines());
    list(&mut out, "NOT DECLARED", report.traffic.values().flat_map(undeclared));
    list(&mut out, "TOLD TO AN ATTESTER, AS DECLARED", report.declared.iter().map(find));
    list(&mut out, "FOUND", report.finds.iter().map(find));
    list(&mut out, "KEPT", report.kept.iter().cloned());
    line(&mut out, report.verdict().sentence());
    out
}

fn steps(out: &mut String, report: &Report) {
    let steps = report.steps.iter().map(|step| {
        let mark = if step.holds { "ok  " } else { "FAIL" };
        format!("{mark}  {}: {}", step.what, step.seen)
    });
    list(out, "WHAT WAS DONE", steps);
}

fn rows(out: &mut String, report: &Report) {
    let rows =
        report.rows.iter().map(|row| format!("then: {}\n  here: {}\n  seen: {}\n", row.then, row.here, row.seen));
    list(out, "THE EXPERIMENT", rows);
}

fn values(out: &mut String, report: &Report) {
    if report.canaries.is_empty() {
        return;
    }
    let width = report.canaries.iter().map(|planted| planted.what.width()).max().unwrap_or_default();
    let values = report.canaries.iter().map(|planted| {
        let what = format!("{}{}", planted.what, " ".repeat(width - planted.what.width()));
        let short = if planted.is_too_short { "; under 56 bits itself, so only its hashes and such" } else { "" };
        format!(
            "{what}  in {} ways; {} are under 56 bits and not looked for{short}",
            planted.patterns, planted.too_short
        )
    });
    list(out, "LOOKED FOR", values);
}

fn place(place: &Place) -> String {
    let zeros = if place.zeros > 0 { format!(", and {} of zeros", size(place.zeros)) } else { String::new() };
    format!("{}: {} pieces, {}{zeros}", place.name, place.pieces, size(place.bytes))
}

fn said(seen: &Seen) -> Vec<String> {
    let counts = |what: &str, kinds: &std::collections::BTreeMap<String, u64>| {
        let kinds: Vec<_> = kinds.iter().map(|(kind, count)| format!("{count} × {kind}")).collect();
        if kinds.is_empty() { String::new() } else { format!("{what}: {}", kinds.join(", ")) }
    };
    let lines = [
        format!("{} packets, {} TCP connections, {} of them with TLS", seen.packets, seen.connections, seen.encrypted),
        format!("{} opened with the secrets of {} connections", size(seen.opened), seen.secrets),
        counts("no TCP", &seen.others),
        counts("requests", &seen.requests),
        counts("requests inside Oblivious HTTP", &seen.inside),
        counts("WebSocket messages", &seen.messages),
    ];
    lines.into_iter().filter(|line| !line.is_empty()).collect()
}

fn self_test(out: &mut String, report: &Report) {
    let Some(outcome) = &report.self_test else { return };
    let places =
        outcome.places.iter().map(|(kind, tried)| format!("{:>4} of {:>4}  {kind}", tried.found, tried.planted));
    let total = format!("{:>4} of {:>4}  in all", outcome.found, outcome.planted);
    list(out, "FOUND OF WHAT WAS PLANTED TO TRY THE SEARCH", places.chain([total]));
    list(out, "MISSED", outcome.missed.iter().cloned());
    list(out, "NOT TRIED", outcome.not_tried.iter().cloned());
}

fn undeclared(seen: &Seen) -> Vec<String> {
    let line = |violation: &crate::traffic::Violation| {
        format!("{} ({} ×, first in connection {})", violation.what, violation.times, violation.connection)
    };
    seen.violations.iter().map(line).collect()
}

fn find(find: &Find) -> String {
    format!("{}, {}: in {}, at byte {} ({} ×)", find.what, find.encoding, find.place, find.at, find.times)
}

/// A heading and its lines; nothing if there are none.
fn list(out: &mut String, heading: &str, lines: impl IntoIterator<Item = String>) {
    let mut lines = lines.into_iter().peekable();
    if lines.peek().is_some() {
        line(out, heading);
        lines.for_each(|text| line(out, &format!("  {text}")));
        line(out, "");
    }
}

/// Names of files are others' text: nothing in them may take over the terminal.
fn line(out: &mut String, text: &str) {
    let plain: String =
        text.chars().map(|letter| if letter.is_control() && letter != '\n' { '·' } else { letter }).collect();
    // Writing into a string does not fail.
    let _ = writeln!(out, "{plain}");
}
