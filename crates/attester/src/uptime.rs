//! How long the program has run: the time that codes and caches go by. No clock that is set moves it.

use std::time::{Duration, Instant};

/// Tells how long the program has run. It never goes back.
pub trait Uptime: Send + Sync {
    /// So long.
    fn uptime(&self) -> Duration;
}

/// Counts from when it was made.
#[derive(Debug, Clone, Copy)]
pub struct SinceStart(Instant);

impl SinceStart {
    /// Counts from now.
    #[must_use]
    pub fn now() -> Self {
        Self(Instant::now())
    }
}

impl Uptime for SinceStart {
    fn uptime(&self) -> Duration {
        self.0.elapsed()
    }
}
