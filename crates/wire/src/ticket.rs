//! Tickets: anonymous rights to make a server work, what pays for them, and when they are good.
//!
//! ```text
//! ticket   101   kind[1] ‖ first day of its key[4] ‖ nonce[32] ‖ output[64]        number big-endian
//! output         VOPRF(key of that kind and day, nonce), see `sealpost-blind`
//!
//! kind                                     a new key   issued             good
//! mailbox, shelf, publish, evaluate        each day    7 days ahead       on its first day and the next
//! front door                               each week   in its week        for 45 days from its first day
//! renewal                                  each week   in its week        from the next week to its 90th day
//! ```
//!
//! Weeks are counted from day 0, 1970-01-01, a Thursday.

mod bytes;
mod invite;
mod kind;

pub use bytes::{BlindedTickets, EvaluatedTickets, MAX_BATCH, Ticket};
pub use invite::{InviteCode, InviteError};
pub use kind::{DAYS_AHEAD, TicketKind};
