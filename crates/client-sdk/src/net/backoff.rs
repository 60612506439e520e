//! How long to wait before trying again.

use std::time::Duration;

use rand::{CryptoRng, Rng};

/// Exponential back-off with full jitter, and with respect for what the relay asks.
///
/// ```text
/// wait = wish + uniform(0 ..= min(cap, base · 2^failures))          wish = min(retry_after, LONGEST_WISH) or 0
/// ```
///
/// Full jitter keeps clients that lost their relay at one moment from coming back at one moment; it is added to the
/// relay's wish for the same reason.
#[derive(Debug, Clone)]
pub(crate) struct Backoff {
    base: Duration,
    cap: Duration,
    failures: u32,
}

impl Backoff {
    /// The longest that a relay can ask for: it shall not be able to silence its clients.
    pub(crate) const LONGEST_WISH: Duration = Duration::from_secs(15 * 60);

    /// Waits up to `base` after the first failure, doubled after each further one up to `cap`.
    pub(crate) const fn new(base: Duration, cap: Duration) -> Self {
        Self { base, cap, failures: 0 }
    }

    /// Counts one more failure and says how long to wait.
    pub(crate) fn after_failure(&mut self, retry_after: Option<Duration>, rng: &mut impl CryptoRng) -> Duration {
        let wish = retry_after.unwrap_or_default().min(Self::LONGEST_WISH);
        let jitter = rng.random_range(Duration::ZERO..=self.ceiling());
        self.failures = self.failures.saturating_add(1);
        wish + jitter
    }

    /// Forgets all failures.
    pub(crate) const fn succeeded(&mut self) {
        self.failures = 0;
    }

    fn ceiling(&self) -> Duration {
        let factor = 2_u32.checked_pow(self.failures).unwrap_or(u32::MAX);
        self.base.saturating_mul(factor).min(self.cap)
    }
}

impl Default for Backoff {
    /// From half a second to five minutes.
    fn default() -> Self {
        Self::new(Duration::from_millis(500), Duration::from_secs(300))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::*;

    proptest! {
        #[test]
        fn no_wait_is_longer_than_the_cap_and_the_wish(
            seed: u64, failures in 0_u32..80, base in 1_u64..5_000, cap in 1_u64..600_000, wish in proptest::option::of(0_u64..100_000),
        ) {
            let mut rng = StdRng::seed_from_u64(seed);
            let (base, cap) = (Duration::from_millis(base), Duration::from_millis(cap));
            let wish = wish.map(Duration::from_secs);
            let mut backoff = Backoff::new(base, cap);
            for count in 0..=failures {
                let wait = backoff.after_failure(wish, &mut rng);
                let wish = wish.unwrap_or_default().min(Backoff::LONGEST_WISH);
                let ceiling = cap.min(base.saturating_mul(2_u32.saturating_pow(count)));
                prop_assert!(wait >= wish && wait <= wish + ceiling);
            }
            backoff.succeeded();
            prop_assert!(backoff.after_failure(None, &mut rng) <= base.min(cap));
        }
    }

    #[test]
    fn waits_are_spread_over_the_whole_span() {
        let mut rng = StdRng::seed_from_u64(1);
        let span = Duration::from_secs(8);
        let waits: Vec<_> = (0..400).map(|_| Backoff::new(span, span).after_failure(None, &mut rng)).collect();
        for quarter in 0..4_u32 {
            let (from, to) = (span / 4 * quarter, span / 4 * (quarter + 1));
            assert!(waits.iter().filter(|wait| (from..to).contains(*wait)).count() > 60);
        }
    }
}
