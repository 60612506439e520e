//! When a shelf is stocked anew, and with how much: decisions, made of numbers alone.

use std::time::Duration;

use sealpost_wire::time::Day;

use crate::item::ITEM_DAYS;
use crate::prekey::kept_until;

/// Every so many days the items and the front door's key are renewed.
pub const RENEWAL_DAYS: u32 = 7;
/// How many one-time items lie on a shelf that was just stocked: half as many as a voucher is good for tickets of front doors
/// where the operator did not choose, since a person has two shelves.
pub const FULL: u16 = 32;
/// With fewer, a shelf is topped up.
pub const LOW: u16 = 12;

/// What a shelf needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Restock {
    /// Nothing.
    Nothing,
    /// So many one-time items more.
    TopUp(u16),
    /// A new key for the front door, then so many one-time items and a last one in the place of all that lie there.
    Renew(u16),
}

/// Decides for one shelf: when it was last renewed, if ever, and how many one-time items are left on it.
///
/// A renewal of a day that is yet to come is one by a clock that was ahead. Up to a week of that makes no difference; with
/// more, the shelf is renewed by the clock as it is now, or it would not be until that day.
#[must_use]
pub fn restock(renewed: Option<Day>, left: u16, today: Day) -> Restock {
    match renewed {
        Some(day) if today.0.abs_diff(day.0) < RENEWAL_DAYS => top_up(left),
        _ => Restock::Renew(FULL),
    }
}

/// When the private key of a front door is erased whose place another one took on `renewed`: items of that day still
/// carry it.
#[must_use]
pub fn door_kept_until(renewed: Day, time_to_live: Duration) -> Day {
    kept_until(renewed.plus(ITEM_DAYS), time_to_live)
}

fn top_up(left: u16) -> Restock {
    if left < LOW { Restock::TopUp(FULL.saturating_sub(left)) } else { Restock::Nothing }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: Day = Day(20_000);

    #[test]
    fn a_new_shelf_is_stocked_full() {
        assert_eq!(restock(None, 0, TODAY), Restock::Renew(FULL));
    }

    #[test]
    fn a_shelf_is_renewed_weekly_however_full_it_is() {
        for (age, expected) in [(0, Restock::Nothing), (6, Restock::Nothing), (7, Restock::Renew(FULL))] {
            assert_eq!(restock(Some(Day(TODAY.0 - age)), FULL, TODAY), expected, "{age} days");
        }
    }

    #[test]
    fn a_shelf_that_runs_low_is_topped_up() {
        assert_eq!(restock(Some(TODAY), LOW, TODAY), Restock::Nothing);
        assert_eq!(restock(Some(TODAY), LOW - 1, TODAY), Restock::TopUp(FULL - LOW + 1));
        assert_eq!(restock(Some(TODAY), 0, TODAY), Restock::TopUp(FULL));
    }

    #[test]
    fn a_clock_that_was_ahead_does_not_put_renewal_off() {
        assert_eq!(restock(Some(Day(TODAY.0 + 6)), FULL, TODAY), Restock::Nothing);
        assert_eq!(restock(Some(Day(TODAY.0 + 400)), FULL, TODAY), Restock::Renew(FULL));
    }

    #[test]
    fn a_door_opens_for_what_the_last_item_with_its_key_brings() {
        let two_weeks = Duration::from_secs(14 * 86_400);
        assert_eq!(door_kept_until(TODAY, two_weeks), Day(TODAY.0 + 30 + 14 + 1));
    }

    #[test]
    fn a_full_shelf_is_one_that_a_relay_takes() {
        assert!(usize::from(FULL) <= sealpost_wire::request::MAX_ITEMS);
    }
}
