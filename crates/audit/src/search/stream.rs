//! The search in one stream of bytes, of which no more is kept than where something was found.

use std::collections::BTreeMap;

use sealpost_identity::traces::{Encoding, Found, Pattern, Scanner, Traces};

/// A stream that is being searched. What stands across the border of two pieces is found too.
#[derive(Clone)]
pub struct Stream {
    place: String,
    traces: Traces,
    scanner: Scanner,
    /// How far it is read.
    position: u64,
    /// What to add to the scanner's own count to have a position.
    before: u64,
    sightings: Sightings,
    bytes: u64,
    zeros: u64,
}

/// Of each canary and encoding, where it was.
pub(super) type Sightings = BTreeMap<Sighting, Places>;

/// Where it was first and last, and at how many places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Places {
    pub(super) first: u64,
    last: u64,
    pub(super) times: u64,
}

/// Which canary, by its place in the list, and how it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Sighting {
    pub(super) value: usize,
    pub(super) encoding: Encoding,
}

impl Stream {
    pub(super) fn new(place: String, traces: Traces) -> Self {
        let scanner = traces.scanner();
        Self { place, traces, scanner, position: 0, before: 0, sightings: BTreeMap::new(), bytes: 0, zeros: 0 }
    }

    /// Reads on.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        self.position += bytes.len() as u64;
        let found = self.scanner.feed(bytes);
        self.note(&found);
    }

    /// Reads on over `count` zeros without looking at each: after as many as the longest pattern has, one more changes
    /// nothing. No pattern consists of zeros alone.
    pub fn zeros(&mut self, count: u64) {
        const ENOUGH: [u8; Pattern::MOST] = [0; Pattern::MOST];
        let few = usize::try_from(count).map_or(ENOUGH.len(), |count| count.min(ENOUGH.len()));
        let found = self.scanner.feed(ENOUGH.get(..few).unwrap_or(&ENOUGH));
        self.note(&found);
        self.before += count - few as u64;
        self.position += count;
        self.zeros += count;
    }

    /// Reads on behind bytes that are missing: nothing reaches across them.
    pub fn gap(&mut self, missing: u64) {
        self.position += missing;
        self.before = self.position;
        self.scanner = self.traces.scanner();
    }

    /// Whether anything was found.
    #[must_use]
    pub fn found_any(&self) -> bool {
        !self.sightings.is_empty()
    }

    pub(super) fn into_parts(self) -> (String, Sightings, u64, u64) {
        (self.place, self.sightings, self.bytes, self.zeros)
    }

    fn note(&mut self, found: &[Found]) {
        for found in found {
            let sighting = Sighting { value: found.value, encoding: found.encoding };
            let at = self.before + found.at;
            let places = self.sightings.entry(sighting).or_insert(Places { first: at, last: at, times: 1 });
            // A value and its beginning, such as an IMEI without its check digit, are one find.
            if places.last != at {
                (places.last, places.times) = (at, places.times + 1);
            }
        }
    }
}
