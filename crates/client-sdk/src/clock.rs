//! The one file that reads the clock. Decisions take the time as an argument.

use std::time::SystemTime;

use sealpost_wire::time::Day;

/// The system's clock.
pub(crate) fn now() -> SystemTime {
    #[expect(clippy::disallowed_methods, reason = "this is the file that reads the clock")]
    SystemTime::now()
}

/// The day that it is by the system's clock.
pub(crate) fn today() -> Day {
    Day::of(now())
}
