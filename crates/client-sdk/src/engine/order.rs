//! Order of one contact's messages, by their counters.

/// Where a message belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// It is the next one.
    Next,
    /// Others come before it.
    Early,
    /// Later ones have been shown already.
    Late,
}

/// The greatest counter that is believed: nobody writes so many messages, and room is left to count on.
pub(super) const GREATEST: u64 = 1 << 62;

/// Where the message of `counter` belongs when `expected` is the counter of the next one.
pub(super) const fn place(expected: u64, counter: u64) -> Place {
    if counter == expected {
        Place::Next
    } else if counter > expected {
        Place::Early
    } else {
        Place::Late
    }
}
