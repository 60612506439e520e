//! A few tries at what may pass by itself.

use std::time::Duration;

use crate::net::{Backoff, NetError};

/// How often something is tried again.
const TRIES: u32 = 3;
const FIRST_WAIT: Duration = Duration::from_millis(200);
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// Whoever wants to be left alone for longer is not waited for.
const LONGEST_WISH: Duration = Duration::from_secs(20);

/// What is left of one's patience with one server.
pub(super) struct Patience {
    backoff: Backoff,
    tries: u32,
}

impl Patience {
    pub(super) const fn new() -> Self {
        Self { backoff: Backoff::new(FIRST_WAIT, LONGEST_WAIT), tries: TRIES }
    }

    /// Waits until it may be tried again.
    ///
    /// # Errors
    /// The error itself, when no further try would help or none is left.
    pub(super) async fn after(&mut self, error: NetError) -> Result<(), NetError> {
        let wish = error.retry_after();
        if !error.is_transient() || self.tries == 0 || wish.is_some_and(|wish| wish > LONGEST_WISH) {
            return Err(error);
        }
        self.tries -= 1;
        let pause = self.backoff.after_failure(wish, &mut rand::rng());
        tokio::time::sleep(pause).await;
        Ok(())
    }
}
