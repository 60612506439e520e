//! Waiting for what happens in other processes.

use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::Result;

const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Waits until `look` finds something.
///
/// # Errors
/// That of `look`, at once; or that `what` did not happen within `patience`.
pub fn until<T>(what: &str, patience: Duration, mut look: impl FnMut() -> Result<Option<T>>) -> Result<T> {
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
