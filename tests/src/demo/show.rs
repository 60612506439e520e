//! The table at the end.

use std::fmt::Write;

use data_encoding::HEXLOWER;
use sealpost_wire::time::Hour;
use unicode_width::UnicodeWidthStr;

use super::Report;
use super::finding::GREETING;
use super::seen::{Deposited, Sealed};
use crate::talk::{Line, Talk};

/// Columns for a text.
const WIDTH: usize = 48;

/// Side by side: what the two people saw, and what the relay saw, each in the order of its arrival.
#[must_use]
pub fn table(talk: &Talk, report: &Report, hour: Hour) -> String {
    let mut table = format!("{}  WHAT THE RELAY SAW\n", padded("WHAT THE TWO PEOPLE SAW", WIDTH));
    let deposits = &report.relayed.deposits;
    let mut said: Vec<_> = talk.lines.iter().map(|line| spoken(talk, line)).collect();
    said.push(spoken_by(&talk.names[0], &format!("(to who was found) {GREETING}")));
    for row in 0..said.len().max(deposits.len()) {
        let left = said.get(row).cloned().unwrap_or_default();
        let right = deposits.get(row).map(|deposit| deposited(deposit, hour));
        let right = right.or_else(|| report.relayed.sealed.get(row).map(sealed)).unwrap_or_default();
        // Writing into a string does not fail.
        let _ = writeln!(table, "{}  {right}", padded(&left, WIDTH));
    }
    table
}

fn spoken(talk: &Talk, line: &Line) -> String {
    let [first, second] = &talk.names;
    spoken_by(if line.speaker == 0 { first } else { second }, &line.text)
}

fn spoken_by(name: &str, text: &str) -> String {
    // Isolated (UAX #9), so that right-to-left text stays in its column.
    format!("{name}: \u{2068}{}\u{2069}", clipped(text, WIDTH - name.width() - 2))
}

fn deposited(deposit: &Deposited, hour: Hour) -> String {
    let short = |bytes: &[u8]| HEXLOWER.encode(bytes.get(..4).unwrap_or_default());
    let (mailbox, id) = (short(deposit.mailbox.as_bytes()), short(deposit.id.as_bytes()));
    let glimpse = HEXLOWER.encode(&deposit.glimpse);
    format!("hour {}  mailbox {mailbox}…  envelope {id}…  {:>5} bytes  {glimpse}…", hour.0, deposit.length)
}

fn sealed(request: &Sealed) -> String {
    format!("sealed, from the proxy  {:>5} bytes  {}…", request.length, HEXLOWER.encode(&request.glimpse))
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
