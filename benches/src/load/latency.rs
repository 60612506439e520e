//! Latencies, as HDR histograms of nanoseconds.

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

/// The longest latency that is told apart from longer ones.
const LONGEST: u64 = 120_000_000_000;
/// Decimal digits that are exact.
const DIGITS: u8 = 3;

/// The latencies of a run.
#[derive(Debug, Clone)]
pub struct Latency(Option<Histogram<u64>>);

/// A latency's distribution, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// Half were not longer.
    pub p50_ms: f64,
    /// Nine of ten were not longer.
    pub p90_ms: f64,
    /// 99 of 100 were not longer.
    pub p99_ms: f64,
    /// 999 of 1,000 were not longer.
    pub p999_ms: f64,
    /// The longest.
    pub max_ms: f64,
    /// How many were measured.
    pub count: u64,
}

impl Default for Latency {
    fn default() -> Self {
        // These bounds are ones that the library takes; without a histogram nothing is recorded and the count says so.
        Self(Histogram::new_with_bounds(1_000, LONGEST, DIGITS).ok())
    }
}

impl Latency {
    /// Records one, in nanoseconds; longer than two minutes counts as two minutes.
    pub fn record(&mut self, nanoseconds: u64) {
        if let Some(histogram) = &mut self.0 {
            histogram.saturating_record(nanoseconds);
        }
    }

    /// Takes in those of another part of the run.
    pub fn add(&mut self, other: &Self) {
        if let (Some(histogram), Some(other)) = (&mut self.0, &other.0) {
            // Both have the same bounds.
            let _added = histogram.add(other);
        }
    }

    /// The distribution.
    #[must_use]
    pub fn spread(&self) -> Spread {
        let at = |quantile| self.0.as_ref().map_or(0, |histogram| histogram.value_at_quantile(quantile)) as f64 / 1e6;
        let count = self.0.as_ref().map_or(0, Histogram::len);
        Spread { p50_ms: at(0.5), p90_ms: at(0.9), p99_ms: at(0.99), p999_ms: at(0.999), max_ms: at(1.0), count }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded(milliseconds: impl IntoIterator<Item = u64>) -> Latency {
        let mut latency = Latency::default();
        milliseconds.into_iter().for_each(|each| latency.record(each * 1_000_000));
        latency
    }

    fn is_about(value: f64, expected: f64) -> bool {
        (value - expected).abs() <= expected / 500.0
    }

    #[test]
    fn percentiles_are_those_of_what_was_recorded() {
        let spread = recorded(1..=1_000).spread();
        assert!(is_about(spread.p50_ms, 500.0) && is_about(spread.p90_ms, 900.0), "{spread:?}");
        assert!(is_about(spread.p99_ms, 990.0) && is_about(spread.max_ms, 1_000.0), "{spread:?}");
        assert_eq!(spread.count, 1_000);
    }

    #[test]
    fn parts_add_up_to_the_whole() {
        let mut parts = recorded(1..=500);
        parts.add(&recorded(501..=1_000));
        assert_eq!(parts.spread(), recorded(1..=1_000).spread());
    }

    #[test]
    fn what_is_longer_than_all_bounds_still_counts() {
        let spread = recorded([1_000_000]).spread();
        assert_eq!(spread.count, 1);
        assert!(spread.max_ms >= 120_000.0);
    }
}
