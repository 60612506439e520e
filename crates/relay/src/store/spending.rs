//! What was spent, and by what.

use sealpost_wire::time::Day;

/// Something is spent, for good, by one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spend {
    /// Names what is spent: a hash of it.
    pub id: [u8; 16],
    /// The last day on which it is of use, and remembered.
    pub until: Day,
    /// Names the request: a hash of it.
    pub request: [u8; 16],
}

/// What became of a [`Spend`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spent {
    /// It is spent now.
    Now,
    /// The same request had spent it.
    Before,
    /// Another request had spent it.
    ByAnother,
}
