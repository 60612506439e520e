//! What an audit found, what it looked at, and what it could not look at: for a terminal, for a program, and as a page for
//! people who have neither.

mod html;
mod terminal;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::experiment::{Row, Step};
use crate::search::{Find, Place, Planted, Search};
use crate::self_test::Outcome;
use crate::traffic::{AT_ATTESTER, Seen};
use crate::unsearched::Unsearched;
use crate::values::{OWN_NUMBER, PHONE_NUMBER};

pub use html::page;
pub use terminal::table;

/// A report.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// What was done: a scan, an experiment, a self-test.
    pub title: String,
    /// Values that were looked for.
    pub canaries_planted: usize,
    /// Values under 56 bits, of which not finding them would say nothing.
    pub canaries_too_short: usize,
    /// Finds, over all values, places and ways of writing.
    pub canaries_found: usize,
    /// Ways of writing that were looked for.
    pub patterns: usize,
    /// Bytes that were searched.
    pub bytes_searched: u64,
    /// Kinds of paths, fields, bodies and messages that no leak budget has a place for.
    pub undeclared_fields: usize,
    /// Leaks that the self-test planted, if it was run.
    pub self_test_leaks_planted: usize,
    /// Those that it found.
    pub self_test_leaks_found: usize,
    /// Each value, without what it is.
    pub canaries: Vec<Planted>,
    /// Where it was looked.
    pub places: Vec<Place>,
    /// What was found.
    pub finds: Vec<Find>,
    /// Phone numbers that an attester was told: the one thing that may be said, to the one server.
    pub declared: Vec<Find>,
    /// What captures held, by their names.
    pub traffic: BTreeMap<String, Seen>,
    /// What could not be looked into.
    pub unsearched: Unsearched,
    /// What the self-test tried.
    pub self_test: Option<Outcome>,
    /// What the experiment did, in order.
    pub steps: Vec<Step>,
    /// What was seen then, is here, and was seen now.
    pub rows: Vec<Row>,
    /// What is left to open with other programs.
    pub kept: Vec<String>,
}

/// What it comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Nothing was found, and everything could be looked into.
    Clean,
    /// Something was found that must not be there.
    Leak,
    /// The program does not find what it should: its other answers are worth nothing.
    Blind,
    /// A step of the experiment did not go as it must.
    Failed,
    /// Nothing was found, but not everything could be looked into.
    Incomplete,
}

impl Report {
    /// A report of what `search` has covered and found.
    #[must_use]
    pub fn of(title: &str, search: &Search, unsearched: Unsearched) -> Self {
        let (declared, finds): (Vec<_>, Vec<_>) = search.found().iter().cloned().partition(is_declared);
        Self {
            title: title.to_owned(),
            canaries_planted: search.planted(),
            canaries_too_short: search.too_short(),
            canaries_found: finds.len(),
            patterns: search.patterns(),
            bytes_searched: search.bytes_searched(),
            canaries: search.canaries(),
            places: search.places().to_vec(),
            finds,
            declared,
            unsearched,
            ..Self::default()
        }
    }

    /// A report of a self-test.
    #[must_use]
    pub fn of_self_test(outcome: Outcome) -> Self {
        Self { title: "Self-test".to_owned(), ..Self::default() }.with_self_test(outcome)
    }

    /// Adds what a self-test found.
    #[must_use]
    pub fn with_self_test(mut self, outcome: Outcome) -> Self {
        (self.self_test_leaks_planted, self.self_test_leaks_found) = (outcome.planted, outcome.found);
        self.self_test = Some(outcome);
        self
    }

    /// Adds what a capture held.
    pub fn add_traffic(&mut self, name: &str, mut seen: Seen) {
        self.unsearched.append(std::mem::take(&mut seen.unsearched));
        self.undeclared_fields += seen.violations.len();
        self.traffic.insert(name.to_owned(), seen);
    }

    /// What it comes to; the worst first.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        if self.canaries_found > 0 || self.undeclared_fields > 0 {
            Verdict::Leak
        } else if self.self_test.as_ref().is_some_and(|outcome| !outcome.holds()) {
            Verdict::Blind
        } else if self.steps.iter().any(|step| !step.holds) {
            Verdict::Failed
        } else if !self.unsearched.is_empty() {
            Verdict::Incomplete
        } else {
            Verdict::Clean
        }
    }
}

impl Verdict {
    /// What the program exits with.
    #[must_use]
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Clean => 0,
            Self::Leak | Self::Blind | Self::Failed => 1,
            Self::Incomplete => 4,
        }
    }

    /// In a sentence.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Clean => "Nothing was found that must not be there.",
            Self::Leak => "SOMETHING WAS FOUND that must not be there.",
            Self::Blind => "THE SEARCH MISSES what was planted for it: it would miss leaks too.",
            Self::Failed => "A STEP DID NOT GO as it must.",
            Self::Incomplete => "Nothing was found, but not everything could be looked into.",
        }
    }
}

/// Whether it is a phone number, inside TLS, that a client told an attester.
fn is_declared(find: &Find) -> bool {
    let inside = ["opened", "put together"].iter().any(|what| find.place.contains(&format!("{AT_ATTESTER}{what}")));
    let is_number = find.what.starts_with(PHONE_NUMBER) || find.what.ends_with(OWN_NUMBER);
    is_number && inside && find.place.ends_with("from the client")
}

/// 1234 as 1.2 KiB.
fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if bytes < 1024 {
        return format!("{bytes} bytes");
    }
    let unit = (bytes.ilog2() / 10).min(4);
    let tenths = (u128::from(bytes) * 10) >> (10 * unit);
    let name = UNITS.get(unit as usize - 1).unwrap_or(&"");
    format!("{}.{} {name}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests;
