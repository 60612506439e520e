//! The counts at the end, and what they mean.

use data_encoding::HEXLOWER;

use super::Policy;
use super::finding::Finding;
use super::report::Report;
use super::stored::{Kept, Stored};

/// In sentences.
#[must_use]
pub fn summary(report: &Report) -> String {
    let mut lines = vec![String::new()];
    lines.extend(of_talk(report));
    lines.extend(report.policy.map(|policy| of_proxy(report, policy)));
    lines.extend(of_finding(&report.finding));
    lines.extend(report.kept.iter().map(of_store));
    lines.extend(of_search(report));
    lines.extend(report.finds.iter().map(|find| format!("FOUND: {}, {}, in {}", find.what, find.encoding, find.place)));
    lines.push(if report.holds() { "All of it holds.".to_owned() } else { "IT DOES NOT HOLD.".to_owned() });
    lines.join("\n") + "\n"
}

fn of_talk(report: &Report) -> [String; 5] {
    let Report { account, relayed, stored, opt_out, .. } = report;
    let requests: Vec<_> = relayed.requests.iter().map(|(path, count)| format!("{count} × {path}")).collect();
    [
        format!("The relay's side: {} connections; {}", relayed.connections, requests.join(", ")),
        format!("Its store when it was killed, with messages in it: {}", files(stored)),
        format!("Killed with -9 meanwhile: the relay {} ×, a client {} ×", report.relay_kills, report.client_kills),
        format!(
            "Messages: {} sent, {} received, {} lost, {} shown twice, {} out of order",
            report.sent, account.received, account.lost, account.duplicates, account.out_of_order
        ),
        format!("Opt-out: {} deletions stated by the relay, signed; {} pending", opt_out.confirmed, opt_out.pending),
    ]
}

fn of_proxy(report: &Report, policy: Policy) -> String {
    let how = match policy {
        Policy::Together => "what senders and look-ups ask went through a proxy",
        Policy::Apart => "everything went through a proxy, each mailbox collected on a clock of its own",
    };
    format!(
        "Oblivious HTTP: {how}; {} sealed requests, {} around it",
        report.sealed_requests, report.requests_around_the_proxy
    )
}

fn of_finding(finding: &Finding) -> [String; 3] {
    let Finding { looked_up, expected, discovered, wrongly_found, hashed, evaluated, buckets_read, .. } = finding;
    let written = if finding.written_to { "and received it" } else { "AND DID NOT RECEIVE IT" };
    [
        format!(
            "Found by number: {looked_up} people of an address book looked up, {discovered} of the {expected} who are listed \
             were found, {wrongly_found} wrongly; the third person was written to, {written}"
        ),
        format!("    {hashed} hashes, {evaluated} blind evaluations by two key services, {buckets_read} buckets read"),
        format!(
            "    The hash was argon2id with {} MiB and {} passes, the cheapest that a client takes; the default is 64 MiB and \
             3 passes, five times the work",
            finding.argon2_memory_mib, finding.argon2_passes
        ),
    ]
}

fn of_store(kept: &Kept) -> String {
    format!("Kept by {}: {}", kept.server, files(&kept.stored))
}

fn of_search(report: &Report) -> [String; 3] {
    let trial = report.search_tried;
    [
        format!(
            "Search: {} texts, names and numbers in {} ways of writing, in {} MiB of stores, traffic and logs: {} found \
             ({} values are under 56 bits, too short to search for)",
            report.canaries_planted,
            report.patterns,
            report.bytes_searched >> 20,
            report.canaries_found,
            report.canaries_too_short
        ),
        format!(
            "    Told to the attester by their owners, as must be: {} numbers",
            report.numbers_told_to_the_attester
        ),
        format!("The search itself was tried: of {} planted in scratch files it found {}", trial.planted, trial.found),
    ]
}

fn files(Stored { files, bytes, glimpse }: &Stored) -> String {
    format!("{files} files, {} KiB; the last bytes: {}", bytes >> 10, HEXLOWER.encode(glimpse))
}
