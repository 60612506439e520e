//! Coarse time: a relay stores hours and days, never more exact.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

const HOUR: u64 = 3_600;

/// A whole hour since 1970-01-01 00:00 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hour(pub u32);

/// A whole day since 1970-01-01 UTC.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, minicbor::Encode, minicbor::Decode, Serialize, Deserialize,
)]
#[cbor(transparent)]
#[serde(transparent)]
pub struct Day(#[n(0)] pub u32);

impl Hour {
    /// The hour that `time` is in; times before 1970 count as its first hour.
    #[must_use]
    pub fn of(time: SystemTime) -> Self {
        Self(u32::try_from(seconds(time) / HOUR).unwrap_or(u32::MAX))
    }

    /// The first hour that begins `span` or more after the end of this one: expiry is rounded up.
    #[must_use]
    pub fn after(self, span: Duration) -> Self {
        let hours = span.as_secs().div_ceil(HOUR).saturating_add(1);
        Self(self.0.saturating_add(u32::try_from(hours).unwrap_or(u32::MAX)))
    }

    /// The day that this hour is in.
    #[must_use]
    pub const fn day(self) -> Day {
        Day(self.0 / 24)
    }
}

impl Day {
    /// The day that `time` is in; times before 1970 count as its first day.
    #[must_use]
    pub fn of(time: SystemTime) -> Self {
        Hour::of(time).day()
    }

    /// The day `days` later.
    #[must_use]
    pub const fn plus(self, days: u32) -> Self {
        Self(self.0.saturating_add(days))
    }
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expiry_is_rounded_up_to_the_hour() {
        assert_eq!(Hour(10).after(Duration::from_secs(HOUR)), Hour(12));
        assert_eq!(Hour(10).after(Duration::from_secs(HOUR + 1)), Hour(13));
        assert_eq!(Hour(10).after(Duration::ZERO), Hour(11));
    }

    #[test]
    fn times_before_1970_do_not_wrap() {
        assert_eq!(Day::of(UNIX_EPOCH - Duration::from_secs(1)), Day(0));
    }
}
