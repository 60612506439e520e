//! The findings of 2014, what stands in their place, and what this run saw.

use super::Row;
use crate::report::Report;
use crate::silence::Noise;
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
    /// Numbers that were looked up, with consent to that.
    pub(super) looked_up: u64,
    pub(super) confirmed: u64,
    pub(super) pending: u64,
    pub(super) region: String,
}

/// What was so in 2014, and how it is here.
const THEN_AND_HERE: [(&str, &str); 9] = [
    (
        "on by default; off only by factory reset",
        "no socket can be opened before a recorded consent; turning it off erases what the relay holds, at once, with a signed \
         statement",
    ),
    (
        "IMEI and IMSI as routing identifiers",
        "no request and no store has a place for them; the SDK refuses to send bytes in which they appear",
    ),
    (
        "the phone's number in the clear, then \"encrypted\"",
        "a number goes to nobody but to an attester, under TLS, if its owner consents to being found by it",
    ),
    (
        "every contact looked up, one by one, when opened",
        "contacts are looked up only when the user asks, all at once and by salted hashes; adding one or opening a thread \
         sends nothing",
    ),
    ("message text through the server", "sealed envelopes; the sender is inside the seal"),
    ("\"we do not store the graph\"", "the relay has no accounts; it never learns one, live or seized"),
    ("SMS fallback decided with the server's help", "the app decides; the relay can neither trigger nor see it"),
    ("data silently in one country, later moved", "every relay states its region, signed"),
    (
        "a third party needed a packet capture to find out",
        "the same experiment ships with the product and runs in its tests",
    ),
];

/// All rows.
pub(super) fn rows(facts: &Facts, report: &Report, seen: &Seen) -> Vec<Row> {
    let in_this_run = in_this_run(facts, report, seen);
    THEN_AND_HERE.iter().zip(in_this_run).map(|(&(then, here), seen)| Row { then, here, seen }).collect()
}

/// What this run saw of each.
fn in_this_run(facts: &Facts, report: &Report, seen: &Seen) -> [String; 9] {
    let Facts { commands, silent, confirmed, pending, messages, looked_up, region, .. } = facts;
    let judged: u64 = seen.requests.values().chain(seen.messages.values()).sum();
    let declared =
        format!("{judged} requests and messages, {} things in them that nobody declared", seen.violations.len());
    let contacts = found(report, &["contact's name", "other name", "other number"]);
    let (adding, opening) = (facts.contact_noise.told(), facts.thread_noise.told());
    [
        format!(
            "{silent} of {commands} commands that must be silent were; {confirmed} deletions stated and signed, {pending} \
             pending"
        ),
        found(report, &["IMEI", "IMSI"]),
        found(report, &["own number"]),
        format!("adding: {adding}; opening: {opening}; {looked_up} numbers looked up when asked to; {contacts}"),
        format!("{messages} messages arrived; {}", found(report, &["first text", "second text"])),
        declared.clone(),
        format!("no request has a place for it: {declared}"),
        format!("the relay's signed manifest says: {region}"),
        format!("{} packets captured and opened with the key log, {} connections", seen.packets, seen.connections),
    ]
}

/// How often values of these kinds were found.
fn found(report: &Report, kinds: &[&str]) -> String {
    let of = |what: &str| kinds.iter().any(|kind| what.ends_with(kind));
    let values = report.canaries.iter().filter(|canary| of(&canary.what)).count();
    let finds = report.finds.iter().filter(|find| of(&find.what)).count();
    format!("{values} values looked for everywhere, found {finds} times")
}
