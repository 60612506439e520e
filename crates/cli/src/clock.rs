//! The one file that reads the clock.

use std::time::SystemTime;

use sealpost_wire::time::Day;

/// The day on which a consent is given.
pub(crate) fn today() -> Day {
    #[expect(clippy::disallowed_methods, reason = "this is the file that reads the clock")]
    Day::of(SystemTime::now())
}
