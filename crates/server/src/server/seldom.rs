//! What must not be said too often.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

const PAUSE: Duration = Duration::from_secs(60);

/// Lets something happen once a minute at most.
#[derive(Default)]
pub(super) struct Seldom(Mutex<Option<Instant>>);

impl Seldom {
    /// Runs `say`, unless something was said within the last minute.
    pub(super) fn say(&self, say: impl FnOnce()) {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if last.is_none_or(|last| last.elapsed() >= PAUSE) {
            *last = Some(Instant::now());
            say();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_within_a_minute_is_held_back() {
        let (seldom, mut said) = (Seldom::default(), 0);
        seldom.say(|| said += 1);
        seldom.say(|| said += 1);
        assert_eq!(said, 1);
    }
}
