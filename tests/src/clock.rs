//! The one file that reads the clock.

use std::time::SystemTime;

use sealpost_wire::time::Hour;

/// The present hour: nothing here is told more exactly than a relay stores it.
#[must_use]
pub fn hour() -> Hour {
    Hour::of(now())
}

/// The present time, for what is made as a client makes it.
#[must_use]
pub fn now() -> SystemTime {
    #[expect(clippy::disallowed_methods, reason = "this is the file that reads the clock")]
    SystemTime::now()
}
