//! Waiting for what happens in other processes.

use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::Trouble;

const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Waits until `look` finds something, or fails, or `what` takes longer than `patience`.
pub(super) fn until<T>(
    what: &str,
    patience: Duration,
    mut look: impl FnMut() -> Result<Option<T>, Trouble>,
) -> Result<T, Trouble> {
    let start = Instant::now();
    loop {
        if let Some(found) = look()? {
            return Ok(found);
        }
        if start.elapsed() > patience {
            return Err(format!("waited {patience:?} in vain: {what}").into());
        }
        sleep(LOOK_EVERY);
    }
}
