//! The one file that reads the clock.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use sealpost_wire::time::Day;

/// Where the time comes from: the system's clock, or a test's.
#[derive(Clone)]
pub(crate) struct Clock(Arc<dyn Fn() -> SystemTime + Send + Sync>);

impl Clock {
    /// The system's clock.
    pub(crate) fn system() -> Self {
        #[expect(clippy::disallowed_methods, reason = "this is the file that reads the clock")]
        Self(Arc::new(SystemTime::now))
    }

    /// A clock that shows what `read` says.
    #[cfg(test)]
    pub(crate) fn of(read: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        Self(Arc::new(read))
    }

    pub(crate) fn now(&self) -> SystemTime {
        (self.0)()
    }

    pub(crate) fn today(&self) -> Day {
        Day::of(self.now())
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}
