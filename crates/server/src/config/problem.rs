//! What is wrong with a file, and where.

use std::ops::Range;

use miette::{Diagnostic, NamedSource, SourceSpan};
use serde::Serialize;
use thiserror::Error;

/// One thing that is wrong with the file.
#[derive(Debug, Clone, Error, Diagnostic)]
#[error("{}:{}:{}: {what}", source_text.name(), place.line, place.column)]
pub struct Problem {
    what: String,
    expected: String,
    #[source_code]
    source_text: NamedSource<String>,
    #[label("expected {expected}")]
    span: SourceSpan,
    #[help]
    help: Option<String>,
    place: Place,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    line: usize,
    column: usize,
}

/// The same for programs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    file: String,
    line: usize,
    column: usize,
    problem: String,
    expected: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<String>,
}

/// The text of a file and its name, in which problems are placed.
#[derive(Clone, Copy)]
pub(super) struct File<'a> {
    pub(super) name: &'a str,
    pub(super) text: &'a str,
}

impl File<'_> {
    /// A problem with the bytes in `span`.
    pub(super) fn problem(self, span: Range<usize>, what: String, expected: &str) -> Problem {
        Problem {
            what,
            expected: expected.to_owned(),
            source_text: NamedSource::new(self.name, self.text.to_owned()),
            place: Place::of(self.text, span.start),
            span: span.into(),
            help: None,
        }
    }
}

impl Problem {
    /// The same, with advice.
    pub(super) fn with_help(mut self, help: Option<String>) -> Self {
        self.help = help;
        self
    }

    /// What would mend it, in a few words.
    #[must_use]
    pub fn mend(&self) -> String {
        self.help.clone().unwrap_or_else(|| format!("write {}", self.expected))
    }

    /// The same for programs.
    #[must_use]
    pub fn report(&self) -> Report {
        Report {
            file: self.source_text.name().to_owned(),
            line: self.place.line,
            column: self.place.column,
            problem: self.what.clone(),
            expected: self.expected.clone(),
            help: self.help.clone(),
        }
    }
}

impl Place {
    /// Line and column, both from 1, of a byte of the text.
    fn of(text: &str, offset: usize) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
        Self { line: before.matches('\n').count() + 1, column }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_lines_and_characters_from_one() {
        assert_eq!(Place::of("a = 1", 0), Place { line: 1, column: 1 });
        assert_eq!(Place::of("é = 1\nb = 2", 11), Place { line: 2, column: 5 });
        assert_eq!(Place::of("a", 99), Place { line: 1, column: 2 });
    }
}
