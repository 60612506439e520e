//! When a sender's deposits are due: in an open loop at random, independent of each other and of any answer.

use std::sync::Arc;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tokio::sync::Notify;

/// How often it is looked whether something is due. What waits so long has waited: latencies count from when it was due.
pub const LOOK_EVERY: Duration = Duration::from_micros(250);

/// When the next deposit is sent.
pub enum Pace {
    /// As soon as fewer than so many are under way.
    Closed {
        /// The most.
        window: u64,
    },
    /// When it is due, whatever became of the others.
    Open {
        /// When that is.
        schedule: Box<Schedule>,
        /// Called whenever it should be looked.
        ticks: Arc<Notify>,
    },
    /// The same, but what is due while it was told to wait is never sent.
    Patient {
        /// When deposits are due.
        schedule: Box<Schedule>,
        /// Called whenever it should be looked.
        ticks: Arc<Notify>,
    },
    /// So many, with a window, then no more.
    Count {
        /// How many.
        left: u64,
        /// The most under way; delivery is not waited for.
        window: u64,
    },
}

/// The moments at which deposits are due, as a Poisson process has them.
pub struct Schedule {
    rng: StdRng,
    mean: f64,
    /// In nanoseconds since the run began.
    next: f64,
}

impl Schedule {
    /// So many a second from `start` on, the same ones for the same seed.
    #[must_use]
    pub fn new(per_second: f64, start: Duration, seed: u64) -> Self {
        let mut schedule =
            Self { rng: StdRng::seed_from_u64(seed), mean: 1e9 / per_second, next: start.as_nanos() as f64 };
        schedule.advance();
        schedule
    }

    /// The next one that is due by `now`, in nanoseconds since the run began.
    pub fn due(&mut self, now: u64) -> Option<u64> {
        let due = self.next as u64;
        if due > now {
            return None;
        }
        self.advance();
        Some(due)
    }

    fn advance(&mut self) {
        let uniform: f64 = self.rng.random_range(f64::EPSILON..1.0);
        self.next -= uniform.ln() * self.mean;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_are_due_as_the_rate_says_whenever_it_is_looked() {
        let mut schedule = Schedule::new(10_000.0, Duration::ZERO, 1);
        let all = std::iter::from_fn(|| schedule.due(10_000_000_000)).count();
        assert!((98_000..102_000).contains(&all), "{all}");
    }

    #[test]
    fn none_is_due_before_its_time_and_none_is_left_out() {
        let (mut looked_often, mut looked_once) =
            (Schedule::new(1_000.0, Duration::ZERO, 7), Schedule::new(1_000.0, Duration::ZERO, 7));
        let mut often = Vec::new();
        for now in (0..1_000_000_000).step_by(250_000) {
            while let Some(due) = looked_often.due(now) {
                assert!(due <= now);
                often.push(due);
            }
        }
        let once: Vec<_> = std::iter::from_fn(|| looked_once.due(999_750_000)).collect();
        assert_eq!(often, once);
    }
}
