//! At most so many in any minute.

use std::collections::VecDeque;
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);

/// When the codes of the last minute were drawn: never more of them than are allowed.
pub(super) struct Pace {
    limit: usize,
    recent: VecDeque<Duration>,
}

impl Pace {
    pub(super) fn new(limit: u32) -> Self {
        Self { limit: usize::try_from(limit).unwrap_or(usize::MAX), recent: VecDeque::new() }
    }

    /// Counts one, or says how long it has to wait.
    pub(super) fn count(&mut self, now: Duration) -> Result<(), Duration> {
        while self.recent.pop_front_if(|earlier| *earlier + MINUTE <= now).is_some() {}
        if self.recent.len() >= self.limit {
            let first = self.recent.front().copied().unwrap_or(now);
            return Err((first + MINUTE).saturating_sub(now));
        }
        self.recent.push_back(now);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn no_minute_has_more_than_its_limit_wherever_it_begins() {
        let mut pace = Pace::new(2);
        assert_eq!(pace.count(at(0)), Ok(()));
        assert_eq!(pace.count(at(59)), Ok(()));
        assert_eq!(pace.count(at(59)), Err(at(1)));
        assert_eq!(pace.count(at(60)), Ok(()));
        assert_eq!(pace.count(at(60)), Err(at(59)));
        assert_eq!(pace.count(at(119)), Ok(()));
    }

    #[test]
    fn what_was_refused_does_not_count() {
        let mut pace = Pace::new(1);
        assert_eq!(pace.count(at(0)), Ok(()));
        for _ in 0..100 {
            assert_eq!(pace.count(at(30)), Err(at(30)));
        }
        assert_eq!((pace.count(at(60)), pace.recent.len()), (Ok(()), 1));
    }
}
