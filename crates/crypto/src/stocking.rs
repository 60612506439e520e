//! When a shelf is stocked anew, and with how much: decisions, made of numbers alone.

use sealpost_wire::time::Day;

/// Every so many days the items and the front door's key are renewed.
pub const RENEWAL_DAYS: u32 = 7;
/// How many one-time items lie on a shelf that was just stocked.
pub const FULL: u16 = 50;
/// With fewer, a shelf is topped up.
pub const LOW: u16 = 20;

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
/// A day before the last renewal (the clock was set back) counts as the day of the renewal.
#[must_use]
pub fn restock(renewed: Option<Day>, left: u16, today: Day) -> Restock {
    match renewed {
        Some(day) if today < day.plus(RENEWAL_DAYS) => top_up(left),
        _ => Restock::Renew(FULL),
    }
}

fn top_up(left: u16) -> Restock {
    if left < LOW { Restock::TopUp(FULL.saturating_sub(left)) } else { Restock::Nothing }
}
