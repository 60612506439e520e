//! Where a run is: warming up, measured, over, closed.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

/// What all clients of a run look at.
pub struct Phase {
    begun: Instant,
    measured_from: AtomicU64,
    measured_to: AtomicU64,
    over: CancellationToken,
    closed: CancellationToken,
}

impl Default for Phase {
    fn default() -> Self {
        Self {
            begun: Instant::now(),
            measured_from: AtomicU64::new(u64::MAX),
            measured_to: AtomicU64::new(u64::MAX),
            over: CancellationToken::new(),
            closed: CancellationToken::new(),
        }
    }
}

impl Phase {
    /// Nanoseconds since the run began.
    #[must_use]
    pub fn now(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    /// The same as a duration.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }

    /// Whether what was due then is measured.
    #[must_use]
    pub fn is_measured(&self, due: u64) -> bool {
        (self.measured_from.load(Ordering::Relaxed)..self.measured_to.load(Ordering::Relaxed)).contains(&due)
    }

    /// From now on it is measured.
    pub fn measure(&self) {
        self.measured_from.store(self.now(), Ordering::Relaxed);
    }

    /// From now on it is not, any more.
    pub fn measured(&self) {
        self.measured_to.store(self.now(), Ordering::Relaxed);
    }

    /// Senders are to send no more.
    pub fn end(&self) {
        self.over.cancel();
    }

    /// Whether they are to send no more.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.over.is_cancelled()
    }

    /// Waits for that.
    pub async fn over(&self) {
        self.over.cancelled().await;
    }

    /// Collectors are to collect no more.
    pub fn close(&self) {
        self.closed.cancel();
    }

    /// Whether they are to collect no more.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.closed.is_cancelled()
    }

    /// Waits for that.
    pub async fn closed(&self) {
        self.closed.cancelled().await;
    }
}
