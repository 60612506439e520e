//! Periods of discovery, by the calendar.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

use crate::time::Day;

/// The number of a period of 90 days in which the salt and the key services' keys stay the same.
///
/// The calendar numbers them, so that key services, directories and attesters of different operators agree without a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, Serialize, Deserialize)]
#[cbor(transparent)]
#[serde(transparent)]
pub struct Epoch(#[n(0)] pub u32);

impl Epoch {
    /// How long one is, in days.
    pub const DAYS: u32 = 90;
    /// How long before its first day it is announced, and after its last day it goes on, in days.
    pub const OVERLAP: u32 = 14;

    /// The epoch that a day is in.
    #[must_use]
    pub const fn of(day: Day) -> Self {
        Self(day.0 / Self::DAYS)
    }

    /// The one after it.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// The one before it; the first one has none.
    #[must_use]
    pub const fn previous(self) -> Option<Self> {
        match self.0.checked_sub(1) {
            Some(number) => Some(Self(number)),
            None => None,
        }
    }

    /// The first of its days.
    #[must_use]
    pub const fn first_day(self) -> Day {
        Day(self.0.saturating_mul(Self::DAYS))
    }

    /// The last of its days.
    #[must_use]
    pub const fn last_day(self) -> Day {
        self.first_day().plus(Self::DAYS - 1)
    }

    /// The first day on which it is open: keys and descriptor are there, and numbers are published ahead.
    #[must_use]
    pub const fn opens(self) -> Day {
        Day(self.first_day().0.saturating_sub(Self::OVERLAP))
    }

    /// The last day on which it is open. After it, keys and entries are erased.
    #[must_use]
    pub const fn closes(self) -> Day {
        self.last_day().plus(Self::OVERLAP)
    }

    /// Whether it is open on `day`.
    #[must_use]
    pub const fn is_open(self, day: Day) -> bool {
        self.opens().0 <= day.0 && day.0 <= self.closes().0
    }

    /// The epochs that are open on `day`, one or two, the one that the day is in first.
    pub fn open_on(day: Day) -> impl Iterator<Item = Self> {
        let current = Self::of(day);
        let others = [current.previous(), Some(current.next())].into_iter().flatten();
        std::iter::once(current).chain(others.filter(move |epoch| epoch.is_open(day)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn epochs_follow_each_other_without_a_gap() {
        let epoch = Epoch(230);
        assert_eq!(Epoch::of(epoch.first_day()), epoch);
        assert_eq!(Epoch::of(epoch.last_day()), epoch);
        assert_eq!(epoch.last_day().plus(1), epoch.next().first_day());
        assert_eq!(epoch.next().previous(), Some(epoch));
    }

    #[test]
    fn two_are_open_for_fourteen_days_on_either_side_of_a_change() {
        let (old, new) = (Epoch(230), Epoch(231));
        let open = |day| Epoch::open_on(day).collect::<Vec<_>>();
        let change = new.first_day();
        assert_eq!(open(Day(change.0 - 15)), [old]);
        assert_eq!(open(Day(change.0 - 14)), [old, new]);
        assert_eq!(open(Day(change.0 - 1)), [old, new]);
        assert_eq!(open(change), [new, old]);
        assert_eq!(open(change.plus(13)), [new, old]);
        assert_eq!(open(change.plus(14)), [new]);
    }

    #[test]
    fn the_ends_of_the_calendar_do_not_wrap() {
        assert_eq!(Epoch::open_on(Day(0)).collect::<Vec<_>>(), [Epoch(0)]);
        assert!(Epoch(u32::MAX).is_open(Day(u32::MAX)));
    }
}
