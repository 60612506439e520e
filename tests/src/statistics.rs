//! Whether two samples may come of one distribution.
//!
//! Every test here has a fixed level, [`ALPHA`]: so often it rejects two samples that do come of one. That is seldom enough
//! to run often; what it costs is that a difference must be plain. How plain, the tests of those who use it show.
//!
//! ```text
//! Kolmogorov-Smirnov   D = sup |F(x) - G(x)|,   rejected when D > sqrt(-ln(α/2) / 2) · sqrt((n + m) / (n·m))
//! Pearson's chi-square X = Σ (seen - expected)² / expected,   rejected when X > k·(1 - 2/9k + z·sqrt(2/9k))³
//! ```
//!
//! with k degrees of freedom and z the normal deviate of α (Wilson and Hilferty's approximation).

use std::collections::{BTreeMap, BTreeSet};

/// The level of each test: one false alarm in a million.
pub const ALPHA: f64 = 1e-6;
/// The normal deviate that is exceeded with a probability of [`ALPHA`].
const DEVIATE: f64 = 4.753_424;

/// What a test makes of two samples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outcome {
    /// How far they are apart.
    pub statistic: f64,
    /// How far they may be.
    pub critical: f64,
}

impl Outcome {
    /// Whether they may come of one distribution.
    #[must_use]
    pub fn is_alike(self) -> bool {
        self.statistic <= self.critical
    }
}

/// Kolmogorov and Smirnov's test of two samples of numbers.
#[must_use]
pub fn kolmogorov_smirnov(one: &[f64], other: &[f64]) -> Outcome {
    let below = |sample: &[f64], x: f64| share(sample.iter().filter(|value| **value <= x).count(), sample.len());
    let apart = |x: &f64| (below(one, *x) - below(other, *x)).abs();
    let statistic = one.iter().chain(other).map(apart).fold(0.0, f64::max);
    let (n, m) = (one.len() as f64, other.len() as f64);
    let critical = (-(ALPHA / 2.0).ln() / 2.0).sqrt() * ((n + m) / (n * m)).sqrt();
    Outcome { statistic, critical }
}

/// Pearson's test of two samples of kinds: whether each kind has the same share in both. A table with one kind is alike.
#[must_use]
pub fn homogeneity<K: Ord>(one: &BTreeMap<K, u64>, other: &BTreeMap<K, u64>) -> Outcome {
    let count = |sample: &BTreeMap<K, u64>, kind: &K| sample.get(kind).copied().unwrap_or_default() as f64;
    let (n, m) = (one.values().sum::<u64>() as f64, other.values().sum::<u64>() as f64);
    let kinds: BTreeSet<_> = one.keys().chain(other.keys()).collect();
    let apart = |kind: &K| {
        let (a, b) = (count(one, kind), count(other, kind));
        let (for_one, for_other) = ((a + b) * n / (n + m), (a + b) * m / (n + m));
        (a - for_one).powi(2) / for_one + (b - for_other).powi(2) / for_other
    };
    Outcome {
        statistic: kinds.iter().map(|kind| apart(kind)).sum(),
        critical: chi_square(kinds.len().saturating_sub(1)),
    }
}

/// Pearson's test of bytes against the uniform distribution.
#[must_use]
pub fn uniformity(bytes: &[u8]) -> Outcome {
    let expected = bytes.len() as f64 / 256.0;
    let statistic = histogram(bytes).values().map(|seen| (*seen as f64 - expected).powi(2) / expected).sum();
    Outcome { statistic, critical: chi_square(255) }
}

/// How often each byte occurs; those that do not, too.
#[must_use]
pub fn histogram(bytes: &[u8]) -> BTreeMap<u8, u64> {
    let mut counts: BTreeMap<u8, u64> = (0..=u8::MAX).map(|byte| (byte, 0)).collect();
    for byte in bytes {
        *counts.entry(*byte).or_default() += 1;
    }
    counts
}

/// Shannon's entropy of bytes by their frequencies, in bits for each.
#[must_use]
pub fn entropy(bytes: &[u8]) -> f64 {
    let shares =
        histogram(bytes).into_values().filter(|count| *count > 0).map(|count| share(count as usize, bytes.len()));
    -shares.map(|share| share * share.log2()).sum::<f64>()
}

/// What a chi-square of so many degrees of freedom exceeds with a probability of [`ALPHA`], as approximated by Wilson and
/// Hilferty (PNAS 17, 1931).
fn chi_square(degrees: usize) -> f64 {
    if degrees == 0 {
        return 0.0;
    }
    let k = degrees as f64;
    k * (1.0 - 2.0 / (9.0 * k) + DEVIATE * (2.0 / (9.0 * k)).sqrt()).powi(3)
}

fn share(count: usize, all: usize) -> f64 {
    count as f64 / all as f64
}

#[cfg(test)]
mod tests {
    use rand::rngs::StdRng;
    use rand::{Rng, SeedableRng};

    use super::*;

    fn numbers(seed: u64, shift: f64) -> Vec<f64> {
        let mut rng = StdRng::seed_from_u64(seed);
        (0..60).map(|_| rng.random::<f64>() + shift).collect()
    }

    fn kinds(of: &[(&'static str, u64)]) -> BTreeMap<&'static str, u64> {
        of.iter().copied().collect()
    }

    #[test]
    fn samples_of_one_distribution_are_alike_and_shifted_ones_are_not() {
        for seed in 0..200 {
            assert!(kolmogorov_smirnov(&numbers(seed, 0.0), &numbers(seed + 1_000, 0.0)).is_alike(), "{seed}");
            assert!(!kolmogorov_smirnov(&numbers(seed, 0.0), &numbers(seed + 1_000, 0.75)).is_alike(), "{seed}");
        }
    }

    #[test]
    fn shares_of_kinds_are_compared_and_not_their_numbers() {
        let usual = kinds(&[("deposit", 60), ("acknowledge", 55)]);
        assert!(homogeneity(&usual, &kinds(&[("deposit", 120), ("acknowledge", 110)])).is_alike());
        assert!(!homogeneity(&usual, &kinds(&[("deposit", 60), ("acknowledge", 5)])).is_alike());
        assert!(!homogeneity(&usual, &kinds(&[("deposit", 60), ("acknowledge", 55), ("receipt", 40)])).is_alike());
        assert!(homogeneity(&kinds(&[("deposit", 6)]), &kinds(&[("deposit", 60)])).is_alike());
    }

    #[test]
    fn random_bytes_are_uniform_and_a_text_is_not() {
        let mut rng = StdRng::seed_from_u64(5);
        let bytes: Vec<u8> = (0..200_000).map(|_| rng.random()).collect();
        assert!(uniformity(&bytes).is_alike() && entropy(&bytes) > 7.99);
        let text = b"what nobody may read ".repeat(500);
        assert!(!uniformity(&text).is_alike() && entropy(&text) < 5.0);
        assert!(!homogeneity(&histogram(&bytes), &histogram(&text)).is_alike());
    }

    /// Exact values for α = 10⁻⁶. With few degrees of freedom the approximation is too large, and so rejects less often.
    #[test]
    fn critical_values_are_those_of_tables_or_a_little_above() {
        for (degrees, exact, error) in [(1, 23.928, 0.15), (2, 27.631, 0.10), (10, 46.863, 0.03), (255, 377.078, 0.001)]
        {
            let excess = chi_square(degrees) / exact - 1.0;
            assert!((0.0..error).contains(&excess), "{degrees}: {excess}");
        }
    }
}
