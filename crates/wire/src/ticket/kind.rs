//! What a ticket is for, and when.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

use crate::time::Day;

/// For so many days ahead keys of one day are told and issue.
pub const DAYS_AHEAD: u32 = 7;

const WEEK: u32 = 7;

/// What a ticket is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, Serialize, Deserialize)]
#[cbor(index_only)]
#[serde(rename_all = "kebab-case")]
pub enum TicketKind {
    /// To open a mailbox.
    #[n(0)]
    Mailbox,
    /// To open a shelf.
    #[n(1)]
    Shelf,
    /// To publish an entry.
    #[n(2)]
    Publish,
    /// To have a batch evaluated.
    #[n(3)]
    Evaluate,
    /// To deposit at a front door at the normal rate.
    #[n(4)]
    FrontDoor,
    /// To get the next tickets: a voucher.
    #[n(5)]
    Renewal,
}

impl TicketKind {
    /// All kinds, by number.
    pub const ALL: [Self; 6] =
        [Self::Mailbox, Self::Shelf, Self::Publish, Self::Evaluate, Self::FrontDoor, Self::Renewal];

    /// The number that stands for it in a ticket.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The kind of a number.
    #[must_use]
    pub fn of(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.number() == number)
    }

    /// Whether it has a key of its own for each day, not for each week.
    #[must_use]
    pub const fn is_daily(self) -> bool {
        !matches!(self, Self::FrontDoor | Self::Renewal)
    }

    /// The first day of the key that a day belongs to.
    #[must_use]
    pub const fn first_day(self, day: Day) -> Day {
        if self.is_daily() { day } else { Day(day.0 / WEEK * WEEK) }
    }

    /// Whether there is a key with this first day.
    #[must_use]
    pub fn begins_on(self, day: Day) -> bool {
        self.first_day(day) == day
    }

    /// The first days of the keys that issue `today`, in order.
    pub fn issued_on(self, today: Day) -> impl Iterator<Item = Day> + Clone {
        let ahead = if self.is_daily() { DAYS_AHEAD } else { 0 };
        (0..=ahead).map(move |days| self.first_day(today.plus(days)))
    }

    /// The first day on which a ticket is good whose key begins on `first`.
    #[must_use]
    pub const fn good_from(self, first: Day) -> Day {
        if matches!(self, Self::Renewal) { first.plus(WEEK) } else { first }
    }

    /// The last day on which it is.
    #[must_use]
    pub const fn last_day(self, first: Day) -> Day {
        first.plus(match self {
            Self::Mailbox | Self::Shelf | Self::Publish | Self::Evaluate => 1,
            Self::FrontDoor => 44,
            Self::Renewal => 89,
        })
    }

    /// Whether a ticket is good `today` whose key begins on `first`.
    #[must_use]
    pub fn is_good(self, first: Day, today: Day) -> bool {
        self.begins_on(first) && self.good_from(first) <= today && today <= self.last_day(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_for_kinds() {
        for kind in TicketKind::ALL {
            assert_eq!(TicketKind::of(kind.number()), Some(kind));
            assert_eq!(crate::codec::to_bytes(&kind), [kind.number()]);
        }
        assert_eq!(TicketKind::of(6), None);
    }

    #[test]
    fn a_key_of_a_day_is_good_for_two_days_and_told_a_week_ahead() {
        for kind in [TicketKind::Mailbox, TicketKind::Shelf, TicketKind::Publish, TicketKind::Evaluate] {
            assert_eq!([99, 100, 101, 102].map(|day| kind.is_good(Day(100), Day(day))), [false, true, true, false]);
            assert_eq!(kind.issued_on(Day(100)).collect::<Vec<_>>(), (100..108).map(Day).collect::<Vec<_>>());
        }
    }

    #[test]
    fn tickets_of_front_doors_outlive_the_items_that_carry_them() {
        let kind = TicketKind::FrontDoor;
        assert_eq!(kind.issued_on(Day(104)).collect::<Vec<_>>(), [Day(98)]);
        assert_eq!([97, 98, 142, 143].map(|day| kind.is_good(Day(98), Day(day))), [false, true, true, false]);
        // Issued on the last day of its week, and carried by an item for its thirty days and a day for clocks.
        assert!(kind.is_good(Day(98), Day(98 + 6 + 31)));
        assert!(!kind.is_good(Day(99), Day(100)), "no key begins then");
    }

    #[test]
    fn a_renewal_is_good_from_the_next_week_on() {
        let kind = TicketKind::Renewal;
        assert_eq!([104, 105, 187, 188].map(|day| kind.is_good(Day(98), Day(day))), [false, true, true, false]);
    }
}
