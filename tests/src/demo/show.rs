//! The tables at the end.

use std::fmt::Write;

use data_encoding::HEXLOWER;
use sealpost_wire::time::Hour;
use unicode_width::UnicodeWidthStr;

use super::Report;
use super::seen::Deposited;
use crate::talk::{Line, Talk};

/// Columns for a text.
const WIDTH: usize = 48;

/// Side by side: what the two people saw, and what the relay saw, each in the order of its arrival.
#[must_use]
pub fn table(talk: &Talk, report: &Report, hour: Hour) -> String {
    let mut table = format!("{}  WHAT THE RELAY SAW\n", padded("WHAT THE TWO PEOPLE SAW", WIDTH));
    let deposits = &report.relayed.deposits;
    for row in 0..talk.lines.len().max(deposits.len()) {
        let left = talk.lines.get(row).map(|line| spoken(talk, line)).unwrap_or_default();
        let right = deposits.get(row).map(|deposit| deposited(deposit, hour)).unwrap_or_default();
        // Writing into a string does not fail.
        let _ = writeln!(table, "{}  {right}", padded(&left, WIDTH));
    }
    table
}

/// The counts, and what they mean.
#[must_use]
pub fn summary(report: &Report) -> String {
    let Report { account, relayed, stored, opt_out, search_tried: trial, .. } = report;
    let requests = relayed.requests.iter().map(|(path, count)| format!("{count} × {path}"));
    let mut lines = vec![
        String::new(),
        format!("The relay's side: {} connections; {}", relayed.connections, requests.collect::<Vec<_>>().join(", ")),
        format!(
            "Its store when it was killed, with messages in it: {} files, {} KiB; the last bytes: {}",
            stored.files,
            stored.bytes >> 10,
            HEXLOWER.encode(&stored.glimpse)
        ),
        format!("Killed with -9 meanwhile: the relay {} ×, a client {} ×", report.relay_kills, report.client_kills),
        format!(
            "Messages: {} sent, {} received, {} lost, {} shown twice, {} out of order",
            report.sent, account.received, account.lost, account.duplicates, account.out_of_order
        ),
        format!(
            "Search: {} texts, names and numbers in {} ways of writing, in {} MiB of store, traffic and logs: {} found \
             ({} values are under 56 bits, too short to search for)",
            report.canaries_planted,
            report.patterns,
            report.bytes_searched >> 20,
            report.canaries_found,
            report.canaries_too_short
        ),
        format!("The search itself was tried: of {} planted in scratch files it found {}", trial.planted, trial.found),
        format!("Opt-out: {} deletions stated by the relay, signed; {} pending", opt_out.confirmed, opt_out.pending),
    ];
    lines.extend(report.finds.iter().map(|find| format!("FOUND: {}, {}, in {}", find.what, find.encoding, find.place)));
    lines.push(if report.holds() { "All of it holds.".to_owned() } else { "IT DOES NOT HOLD.".to_owned() });
    lines.join("\n") + "\n"
}

fn spoken(talk: &Talk, line: &Line) -> String {
    let [first, second] = &talk.names;
    let name = if line.speaker == 0 { first } else { second };
    // Isolated (UAX #9), so that right-to-left text stays in its column.
    format!("{name}: \u{2068}{}\u{2069}", clipped(&line.text, WIDTH - name.width() - 2))
}

fn deposited(deposit: &Deposited, hour: Hour) -> String {
    let short = |bytes: &[u8]| HEXLOWER.encode(bytes.get(..4).unwrap_or_default());
    let (mailbox, id) = (short(deposit.mailbox.as_bytes()), short(deposit.id.as_bytes()));
    let glimpse = HEXLOWER.encode(&deposit.glimpse);
    format!("hour {}  mailbox {mailbox}…  envelope {id}…  {:>5} bytes  {glimpse}…", hour.0, deposit.length)
}

fn clipped(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut clipped = String::new();
    for letter in text.chars() {
        if clipped.width() + 3 > width {
            break;
        }
        clipped.push(letter);
    }
    clipped + "…"
}

fn padded(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(text.width())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_and_wide_texts_keep_to_their_column() {
        for text in ["short", &"long ".repeat(100), &"信封已经寄出".repeat(20)] {
            assert!(clipped(text, 30).width() <= 30);
            assert_eq!(padded(&clipped(text, 30), 30).width(), 30);
        }
    }
}
