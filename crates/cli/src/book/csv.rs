//! Tables of people (RFC 4180, and what spreadsheets make of it), with a line of titles.

use std::io::Read;

use csv::{ReaderBuilder, StringRecord};
use zeroize::Zeroizing;

use super::columns::{Columns, Titles};
use super::{BookError, Entry, Found, Reason, Sink};

/// A record of our own behind the last: where it is missing, a quotation mark that nobody closed has swallowed it.
const LAST: &str = "\u{1A}the end\u{1A}";

/// What exports and people put between several numbers in one field.
const BETWEEN: [&str; 2] = [":::", "\n"];

/// Hands each row of `text` to the sink.
pub(super) fn read(text: &str, titles: &Titles, sink: &mut Sink<'_>) -> Result<(), BookError> {
    let (body, delimiter) = with_delimiter(text);
    let end = format!("\n{LAST}\n");
    let mut records = ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .has_headers(false)
        .from_reader(body.as_bytes().chain(end.as_bytes()))
        .into_records();
    let first = records.next().and_then(Result::ok).filter(|first| !is_last(first)).ok_or(BookError::UnknownFormat)?;
    let columns = Columns::of(&first, titles)?;
    let mut lines = Lines { text, place: 0, number: 1 };
    let mut previous: Option<StringRecord> = None;
    for record in records {
        let record = record.map_err(|error| BookError::Unreadable(error.into()))?;
        if let Some(row) = previous.replace(record) {
            enter(&columns, lines.of(text.len() - body.len(), &row), &row, sink)?;
        }
    }
    match previous {
        Some(last) if !is_last(&last) => {
            let (line, name) = (lines.of(text.len() - body.len(), &last), columns.name(&last));
            sink(Found::Unread { line, name, reason: Reason::CutOff })
        }
        _ => Ok(()),
    }
}

fn is_last(record: &StringRecord) -> bool {
    record.len() == 1 && record.get(0) == Some(LAST)
}

fn enter(columns: &Columns, line: u64, row: &StringRecord, sink: &mut Sink<'_>) -> Result<(), BookError> {
    if row.iter().all(|field| field.trim().is_empty()) {
        return Ok(());
    }
    let name = columns.name(row);
    if columns.runs_on(row) {
        return sink(Found::Unread { line, name, reason: Reason::RunsOn });
    }
    let [exports, people] = BETWEEN;
    let numbers = columns.numbers(row).flat_map(|field| field.split(exports)).flat_map(|field| field.split(people));
    let numbers = numbers.map(str::trim).filter(|number| !number.is_empty());
    let numbers = numbers.map(|number| (line, Zeroizing::new(number.to_owned()))).collect();
    sink(Found::Entry(Entry { line, name, numbers }))
}

/// Counts lines up to a place; places come in their order.
struct Lines<'a> {
    text: &'a str,
    place: usize,
    number: u64,
}

impl Lines<'_> {
    /// The line in which a row starts, whose position is that of the line break or blank lines before it.
    fn of(&mut self, offset: usize, row: &StringRecord) -> u64 {
        let before = row.position().map_or(0, csv::Position::byte);
        let before = offset + usize::try_from(before).unwrap_or(usize::MAX);
        let blank = self.text.bytes().skip(before).take_while(|byte| b"\r\n".contains(byte)).count();
        let gone = self.text.as_bytes().get(self.place..before + blank).unwrap_or_default();
        self.number += gone.iter().filter(|byte| **byte == b'\n').count() as u64;
        self.place = before + blank;
        self.number
    }
}

/// The text behind a first line `sep=;`, and what separates fields: what is named so, or else what the first line has
/// most of.
fn with_delimiter(text: &str) -> (&str, u8) {
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    if let Some(&[delimiter]) = first.trim_end_matches('\r').strip_prefix("sep=").map(str::as_bytes) {
        return (rest, delimiter);
    }
    let often = |delimiter: &u8| first.bytes().filter(|byte| byte == delimiter).count();
    // Of those that are equally often there, the last wins.
    (text, [b'\t', b';', b','].into_iter().max_by_key(often).unwrap_or(b','))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<(u64, String, Vec<String>)> {
        let mut rows = Vec::new();
        read(text, &Titles::default(), &mut |found| {
            rows.push(match found {
                Found::Entry(Entry { line, name, numbers }) => {
                    (line, name.to_string(), numbers.iter().map(|(_, number)| number.to_string()).collect())
                }
                Found::Unread { line, name, reason } => (line, name.to_string(), vec![format!("{reason:?}")]),
            });
            Ok(())
        })
        .unwrap();
        rows
    }

    fn row(line: u64, name: &str, numbers: &[&str]) -> (u64, String, Vec<String>) {
        (line, name.to_owned(), numbers.iter().map(|number| (*number).to_owned()).collect())
    }

    #[test]
    fn the_delimiter_is_the_one_of_the_titles() {
        for text in
            ["Name,Phone\nAda,1", "Name;Phone\r\nAda;1\r\n", "Name\tPhone\nAda\t1\n", "sep=|\r\nName|Phone\nAda|1"]
        {
            let line = if text.starts_with("sep") { 3 } else { 2 };
            assert_eq!(rows(text), [row(line, "Ada", &["1"])], "{text}");
        }
    }

    #[test]
    fn rows_keep_the_lines_they_start_in_and_empty_ones_are_no_one() {
        let text = "Name,Notes,Phone\n\"Ada\",\"two\nlines\",1\n,,\n\nBob,,\nCy,,2 ::: 3\n";
        assert_eq!(rows(text), [row(2, "Ada", &["1"]), row(6, "Bob", &[]), row(7, "Cy", &["2", "3"])]);
    }

    #[test]
    fn a_quotation_mark_that_is_never_closed_is_told() {
        let text = "Name,Phone\nAda,1\nBob,\"2\nCy,3\n";
        assert_eq!(rows(text), [row(2, "Ada", &["1"]), row(3, "Bob", &["CutOff"])]);
    }

    #[test]
    fn a_text_without_a_row_of_titles_is_refused() {
        for (text, error) in [("", "UnknownFormat"), ("\n\n", "UnknownFormat"), ("Ada,1\nBob,2", "NoNumberColumn")] {
            let refused = read(text, &Titles::default(), &mut |_| Ok(())).unwrap_err();
            assert_eq!(format!("{refused:?}"), error, "{text:?}");
        }
    }
}
