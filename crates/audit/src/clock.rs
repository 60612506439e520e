//! The one file that reads the clock.

use std::time::{Duration, SystemTime};

/// The time since 1970.
#[must_use]
pub fn now() -> Duration {
    #[expect(clippy::disallowed_methods, reason = "this is the file that reads the clock")]
    let now = SystemTime::now();
    now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}
