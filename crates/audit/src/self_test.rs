//! The search, tried: one leak of every kind is planted in every kind of place, by code that the search does not use, and
//! all must be found.
//!
//! What fails the run: a leak that is not found; one that is found as another value or in another encoding than it was
//! planted in. What does not: a kind of place that cannot be had on this machine; it is told.

mod files;
mod network;
mod server;
mod written;

use std::collections::BTreeMap;

use sealpost_identity::traces::{Encoding, Form};
use serde::Serialize;
use tempfile::TempDir;

use crate::Trouble;
use crate::budget::Budgets;
use crate::search::{Find, Search};
use crate::unsearched::Unsearched;
use written::Written;

/// What came of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// Leaks that were planted.
    pub planted: usize,
    /// Those that were found.
    pub found: usize,
    /// Of each kind of place, how many were planted and found.
    pub places: BTreeMap<String, Tried>,
    /// Those that were not found.
    pub missed: Vec<String>,
    /// Kinds of places that were not tried, and why.
    pub not_tried: Vec<String>,
}

/// How many leaks were planted and found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Tried {
    /// Planted.
    pub planted: usize,
    /// Found.
    pub found: usize,
}

/// A leak that was planted somewhere.
struct Leak {
    /// The kind of place.
    kind: &'static str,
    /// What the name of the place begins with when it is found.
    place: String,
    /// Which canary.
    what: &'static str,
    /// How it was written.
    encoding: Encoding,
}

/// A place to plant in, and what belongs to the search of it.
struct Ground {
    directory: TempDir,
    search: Search,
    budgets: Budgets,
    unsearched: Unsearched,
    leaks: Vec<Leak>,
    outcome: Outcome,
}

impl Outcome {
    /// Whether everything that was planted was found.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.planted > 0 && self.planted == self.found
    }

    fn count(&mut self, kind: &str, what: &str, found: bool) {
        let tried = self.places.entry(kind.to_owned()).or_default();
        (self.planted, tried.planted) = (self.planted + 1, tried.planted + 1);
        if found {
            (self.found, tried.found) = (self.found + 1, tried.found + 1);
        } else {
            self.missed.push(format!("{kind}: {what}"));
        }
    }
}

/// Plants and searches. `progress` hears what is being tried.
///
/// # Errors
/// When something around the search fails, such as a disk.
pub fn run(progress: &mut dyn FnMut(&str)) -> Result<Outcome, Trouble> {
    let mut ground = Ground {
        directory: tempfile::Builder::new().prefix("sealpost-audit-").tempdir()?,
        search: Search::new(written::canaries()?)?,
        budgets: Budgets::read()?,
        unsearched: Unsearched::default(),
        leaks: Vec::new(),
        outcome: Outcome::default(),
    };
    let written = written::all();
    progress("files, logs, core dumps");
    ground.files(&written)?;
    progress("captures");
    ground.captures(&written)?;
    progress("fields and headers that nobody declared");
    ground.undeclared()?;
    progress("Redis");
    ground.redis(&written)?;
    Ok(ground.finish())
}

impl Ground {
    /// Notes that something was planted in a place whose name will begin with `place`.
    fn planted(&mut self, kind: &'static str, place: String, written: &Written) {
        self.leaks.push(Leak { kind, place, what: written.what, encoding: written.encoding });
    }

    fn finish(mut self) -> Outcome {
        for leak in &self.leaks {
            let found = self.search.found().iter().any(|find| leak.is(find));
            self.outcome.count(leak.kind, &format!("{}, {}", leak.what, leak.encoding), found);
        }
        for line in self.unsearched.lines() {
            self.outcome.missed.push(format!("not searched: {line}"));
        }
        self.outcome
    }
}

impl Leak {
    fn is(&self, find: &Find) -> bool {
        find.place.starts_with(&self.place) && find.what == self.what && same(find.encoding) == same(self.encoding)
    }
}

/// The two alphabets of base64 differ in two characters, which few values have; those of hexadecimal in the letters, which
/// digits do not have.
fn same(encoding: Encoding) -> Encoding {
    let form = match encoding.form {
        Form::Base64Url => Form::Base64,
        Form::HexUpper => Form::HexLower,
        other => other,
    };
    Encoding { form, ..encoding }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_is_planted_is_found() {
        let outcome = run(&mut |_| {}).unwrap();
        assert_eq!((&outcome.missed, &outcome.not_tried), (&vec![], &vec![]));
        assert!(outcome.holds() && outcome.planted > 500, "{outcome:?}");
        assert!(outcome.places.len() >= 16, "{:?}", outcome.places.keys());
    }

    #[test]
    fn a_leak_counts_as_found_only_as_what_and_where_it_is() {
        let encoding = Encoding { digest: None, form: Form::Bcd };
        let leak = Leak { kind: "file", place: "leak-1".to_owned(), what: "the IMEI", encoding };
        let find = |place: &str, what: &str, form| Find {
            place: place.to_owned(),
            what: what.to_owned(),
            encoding: Encoding { digest: None, form },
            at: 0,
            times: 1,
        };
        assert!(leak.is(&find("leak-1", "the IMEI", Form::Bcd)));
        assert!(!leak.is(&find("leak-2", "the IMEI", Form::Bcd)));
        assert!(!leak.is(&find("leak-1", "the IMSI", Form::Bcd)));
        assert!(!leak.is(&find("leak-1", "the IMEI", Form::SwappedBcd)));
    }
}
