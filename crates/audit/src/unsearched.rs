//! What could not be looked into: the other half of every report.

use std::collections::BTreeMap;

use serde::Serialize;

/// Of places that have the same reason, so many are named.
const NAMED: usize = 5;

/// Reasons, and the places that each holds for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Unsearched(BTreeMap<String, Vec<String>>);

impl Unsearched {
    /// Notes that `place` could not be looked into.
    pub fn add(&mut self, why: String, place: String) {
        self.0.entry(why).or_default().push(place);
    }

    /// Takes over what another list has.
    pub fn append(&mut self, other: Self) {
        for (why, places) in other.0 {
            self.0.entry(why).or_default().extend(places);
        }
    }

    /// Whether everything could be looked into.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All reasons.
    pub fn reasons(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// A line for each reason: the first places, and how many more there are.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let line = |(why, places): (&String, &Vec<String>)| {
            let named = places.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join("; ");
            let more = places.len().saturating_sub(NAMED);
            let more = if more > 0 { format!("; and {more} more") } else { String::new() };
            format!("{named}{more}: {why}")
        };
        self.0.iter().map(line).collect()
    }
}
