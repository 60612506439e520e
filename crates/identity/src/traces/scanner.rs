//! The search for many values at once.

use std::collections::HashSet;
use std::sync::Arc;

use aho_corasick::automaton::{Automaton, StateID};
use aho_corasick::nfa::contiguous::NFA;
use aho_corasick::{Anchored, MatchKind};
use thiserror::Error;

use super::{Encoding, Pattern, Value, patterns_of};
use crate::redacted::redacted;

/// The patterns of many values, made ready for the search. Cheap to clone.
///
/// The automaton holds the patterns, and its memory is not wiped.
#[derive(Clone)]
pub struct Traces(Arc<Compiled>);

struct Compiled {
    automaton: NFA,
    /// Of each pattern of the automaton.
    meaning: Vec<Meaning>,
    too_short: usize,
}

/// What finding a pattern means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Meaning {
    value: usize,
    encoding: Encoding,
}

/// A value was found. Says which and how it was written, never what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// Its place in the list of values, from 0.
    pub value: usize,
    /// How it was written.
    pub encoding: Encoding,
    /// Where its first byte is, counted from the stream's first.
    pub at: u64,
}

/// The values have more patterns than one search can hold: search for a part of them at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("too many values for one search")]
pub struct TooManyValues;

/// A search in one stream of bytes, of which it keeps none: only the automaton's state.
#[derive(Clone)]
pub struct Scanner {
    traces: Traces,
    state: StateID,
    read: u64,
}

redacted!(Traces, Scanner);

impl Traces {
    /// Makes the search for all of `values` ready.
    ///
    /// # Errors
    /// [`TooManyValues`], at some tens of thousands.
    pub fn of<'a>(values: impl IntoIterator<Item = &'a Value>) -> Result<Self, TooManyValues> {
        let (mut patterns, mut meaning, mut too_short) = (Vec::<Pattern>::new(), Vec::new(), 0);
        for (value, found) in values.into_iter().map(patterns_of).enumerate() {
            too_short += found.too_short().len();
            meaning.extend(found.searched().iter().map(|pattern| Meaning { value, encoding: pattern.encoding() }));
            patterns.extend_from_slice(found.searched());
        }
        let mut builder = NFA::builder();
        builder.match_kind(MatchKind::Standard).prefilter(false);
        let automaton = builder.build(patterns.iter().map(Pattern::bytes)).map_err(|_| TooManyValues)?;
        Ok(Self(Arc::new(Compiled { automaton, meaning, too_short })))
    }

    /// How many patterns are looked for.
    #[must_use]
    pub fn searched(&self) -> usize {
        self.0.meaning.len()
    }

    /// How many are not, because they are shorter than [`Pattern::LEAST`].
    #[must_use]
    pub fn too_short(&self) -> usize {
        self.0.too_short
    }

    /// What is found in `bytes`: of each value and encoding the first place.
    #[must_use]
    pub fn find(&self, bytes: &[u8]) -> Vec<Found> {
        let mut seen = HashSet::new();
        let mut found = self.scanner().feed(bytes);
        found.retain(|found| seen.insert((found.value, found.encoding)));
        found
    }

    /// Starts a search in a stream.
    #[must_use]
    pub fn scanner(&self) -> Scanner {
        // Unanchored searches are what this kind of automaton always has; the state of a dead end is never left.
        let state = self.0.automaton.start_state(Anchored::No).unwrap_or(StateID::ZERO);
        Scanner { traces: self.clone(), state, read: 0 }
    }
}

impl Scanner {
    /// Reads on, and returns everything that ends in `chunk`, wherever in earlier chunks it began.
    pub fn feed(&mut self, chunk: &[u8]) -> Vec<Found> {
        let mut found = Vec::new();
        for &byte in chunk {
            self.step(byte);
            found.extend(self.ending_here());
        }
        found
    }

    /// Reads on up to the first find that is `wanted`, and leaves the rest of `chunk` unread. `wanted` is called for each
    /// byte, with how many were read up to it, and with what ends there.
    pub(crate) fn first(
        &mut self,
        chunk: &[u8],
        mut wanted: impl FnMut(u8, u64, &mut dyn Iterator<Item = Found>) -> Option<Found>,
    ) -> Option<Found> {
        chunk.iter().find_map(|&byte| {
            self.step(byte);
            wanted(byte, self.read, &mut self.ending_here())
        })
    }

    fn step(&mut self, byte: u8) {
        self.state = self.traces.0.automaton.next_state(Anchored::No, self.state, byte);
        self.read += 1;
    }

    fn ending_here(&self) -> impl Iterator<Item = Found> {
        let Compiled { automaton, meaning, .. } = &*self.traces.0;
        let count = if automaton.is_match(self.state) { automaton.match_len(self.state) } else { 0 };
        (0..count).filter_map(move |index| {
            let pattern = automaton.match_pattern(self.state, index);
            let at = self.read - automaton.pattern_len(pattern) as u64;
            meaning.get(pattern.as_usize()).map(|meaning| Found {
                value: meaning.value,
                encoding: meaning.encoding,
                at,
            })
        })
    }
}
