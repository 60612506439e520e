//! The findings of 2014, what stands in their place, and what this run saw.

use super::Row;
use super::silence::Noise;
use crate::report::Report;
use crate::traffic::Seen;

/// What the steps have shown.
#[derive(Debug, Clone, Default)]
pub(super) struct Facts {
    /// Commands that must not touch the network.
    pub(super) commands: usize,
    /// Those that did not.
    pub(super) silent: usize,
    pub(super) contact_noise: Noise,
    pub(super) thread_noise: Noise,
    pub(super) messages: usize,
    pub(super) confirmed: u64,
    pub(super) pending: u64,
    pub(super) region: String,
}

/// All rows.
pub(super) fn rows(facts: &Facts, report: &Report, seen: &Seen) -> Vec<Row> {
    let found = |kinds: &[&str]| {
        let of = |what: &str| kinds.iter().any(|kind| what.ends_with(kind));
        let (values, finds) = (
            report.canaries.iter().filter(|canary| of(&canary.what)).count(),
            report.finds.iter().filter(|find| of(&find.what)).count(),
        );
        format!("{values} values looked for everywhere, found {finds} times")
    };
    let judged: u64 = seen.requests.values().chain(seen.messages.values()).sum();
    let declared =
        format!("{judged} requests and messages, {} things in them that nobody declared", seen.violations.len());
    let row = |then, here, seen| Row { then, here, seen };
    vec![
        row(
            "on by default; off only by factory reset",
            "no socket can be opened before a recorded consent; turning it off erases what the relay holds, at once, with a \
             signed statement",
            format!(
                "{} of {} commands that must be silent were; {} deletions stated and signed, {} pending",
                facts.silent, facts.commands, facts.confirmed, facts.pending
            ),
        ),
        row(
            "IMEI and IMSI as routing identifiers",
            "no request and no store has a place for them; the SDK refuses to send bytes in which they appear",
            found(&["IMEI", "IMSI"]),
        ),
        row(
            "the phone's number in the clear, then \"encrypted\"",
            "a number goes to nobody unless its owner consents to being found by it; this run did not",
            found(&["own number"]),
        ),
        row(
            "every contact looked up, one by one, when opened",
            "contacts are looked up only when the user asks; adding one or opening a thread sends nothing",
            format!(
                "adding: {}; opening: {}; {}",
                facts.contact_noise.told(),
                facts.thread_noise.told(),
                found(&["contact's name", "contact's number", "other name", "other number"])
            ),
        ),
        row(
            "message text through the server",
            "sealed envelopes; the sender is inside the seal",
            format!("{} messages arrived; {}", facts.messages, found(&["first text", "second text"])),
        ),
        row(
            "\"we do not store the graph\"",
            "the relay has no accounts; it never learns one, live or seized",
            declared.clone(),
        ),
        row(
            "SMS fallback decided with the server's help",
            "the app decides; the relay can neither trigger nor see it",
            format!("no request has a place for it: {declared}"),
        ),
        row(
            "data silently in one country, later moved",
            "every relay states its region, signed",
            format!("the relay's signed manifest says: {}", facts.region),
        ),
        row(
            "a third party needed a packet capture to find out",
            "the same experiment ships with the product and runs in its tests",
            format!("{} packets captured and opened with the key log, {} connections", seen.packets, seen.connections),
        ),
    ]
}
