//! When a lease holds.

use sealpost_wire::time::Day;

/// Whether an object leased to the end of `last` is there on `today`.
pub(super) fn holds(last: Day, today: Day) -> bool {
    today <= last
}

/// The lease after a use that gives `fresh`, if it is longer: a clock that went back shortens none.
pub(super) fn extended(last: Day, fresh: Day) -> Option<Day> {
    (fresh > last).then_some(fresh)
}
