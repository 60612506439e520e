//! vCard files: 2.1, 3.0 (RFC 2426) and 4.0 (RFC 6350), as many cards in a file as there are.

mod lines;
mod value;

use vcard::tree::line::VcardLine;
use zeroize::Zeroizing;

use self::lines::Lines;
use super::{Book, BookError, Entry, Found, Reason, Sink, name};

/// A card of which some lines have been read.
#[derive(Default)]
struct Card {
    line: u64,
    formatted: Zeroizing<String>,
    structured: Zeroizing<String>,
    nickname: Zeroizing<String>,
    organization: Zeroizing<String>,
    numbers: Vec<(u64, Zeroizing<String>)>,
}

/// Hands each card of `text` to the sink, and each line that no card explains.
///
/// Cards may stand in cards (`AGENT` of 2.1), and a card may lack its end: so the open ones are a stack, and what is left
/// on it at the end of the file was cut off.
pub(super) fn read(text: &str, sink: &mut Sink<'_>) -> Result<(), BookError> {
    let mut open: Vec<Card> = Vec::new();
    for (number, line) in Lines::of(text) {
        let Some(line) = line else {
            let name = open.last().map(Card::name).unwrap_or_default();
            sink(Found::Unread { line: number, name, reason: Reason::Line })?;
            continue;
        };
        if is(&line, "BEGIN") {
            open.push(Card { line: number, ..Card::default() });
        } else if is(&line, "END") {
            sink(open.pop().map_or_else(|| stray(number), |card| Found::Entry(card.into_entry())))?;
        } else if let Some(card) = open.last_mut() {
            card.take(number, &line);
        } else {
            sink(stray(number))?;
        }
        if open.len() > Book::MOST_ENTRIES {
            return Err(BookError::TooManyEntries);
        }
    }
    open.iter().try_for_each(|card| sink(Found::Unread { line: card.line, name: card.name(), reason: Reason::CutOff }))
}

/// Whether it begins or ends a card.
fn is(line: &VcardLine<'_>, mark: &str) -> bool {
    line.bare_name().eq_ignore_ascii_case(mark) && line.raw_value().trim_ascii().eq_ignore_ascii_case(b"VCARD")
}

fn stray(line: u64) -> Found {
    Found::Unread { line, name: Zeroizing::default(), reason: Reason::Line }
}

impl Card {
    fn take(&mut self, number: u64, line: &VcardLine<'_>) {
        match line.bare_name().to_ascii_uppercase().as_str() {
            "FN" => self.formatted = name::tidy(&value::whole(line)),
            "N" => self.structured = value::structured_name(line),
            "NICKNAME" => self.nickname = name::tidy(&value::whole(line)),
            "ORG" => self.organization = name::tidy(&value::component(line, 0)),
            "TEL" => self.numbers.push((number, value::whole(line))),
            _ => {}
        }
    }

    fn name(&self) -> Zeroizing<String> {
        name::first([&self.formatted, &self.structured, &self.nickname, &self.organization])
    }

    fn into_entry(self) -> Entry {
        Entry { line: self.line, name: self.name(), numbers: self.numbers }
    }
}
