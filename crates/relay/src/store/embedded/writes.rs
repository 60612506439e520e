//! The writes that are under way, so that one that never ends is noticed.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

/// When each thread began the write that it is in.
#[derive(Default)]
pub(super) struct Writes(Mutex<HashMap<ThreadId, Instant>>);

/// A write, until it is dropped: a panic ends it too.
struct UnderWay<'a>(&'a Writes);

impl Writes {
    /// Does something that writes, under watch.
    pub(super) fn watch<T>(&self, write: impl FnOnce() -> T) -> T {
        self.lock().insert(thread::current().id(), Instant::now());
        let _under_way = UnderWay(self);
        write()
    }

    /// For how long the oldest has been under way; no time when there is none.
    pub(super) fn longest(&self) -> Duration {
        self.lock().values().map(Instant::elapsed).max().unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ThreadId, Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.lock().remove(&thread::current().id());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_is_watched_until_it_ends_or_panics() {
        let writes = Writes::default();
        let short = Duration::from_millis(5);
        writes.watch(|| {
            thread::sleep(short);
            assert!(writes.longest() >= short);
        });
        assert_eq!(writes.longest(), Duration::ZERO);
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| writes.watch(|| panic!("in a write"))));
        assert!(panicked.is_err());
        assert_eq!(writes.longest(), Duration::ZERO);
    }
}
