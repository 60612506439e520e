//! Counts of the whole relay: the only numbers it shows.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::tickets::TicketTotals;

macro_rules! totals {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// What the relay did since it was opened, and how many collectors wait now. Nothing here is per mailbox.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
        pub struct Totals {
            $($(#[$doc])* pub $name: u64,)*
            /// Subscriptions that are open now.
            pub subscriptions: u64,
            /// Bytes that the store takes of its disk, journal included; 0 while it is out.
            pub store_bytes: u64,
            /// Bytes of deposits that wait for the store now.
            pub in_flight_bytes: u64,
            /// Tickets issued and spent.
            pub tickets: TicketTotals,
        }

        #[derive(Default)]
        pub(super) struct Counts {
            $(pub(super) $name: Count,)*
        }

        impl Counts {
            /// What was counted; the rest of `now` is how it is.
            pub(super) fn totals(&self, now: Totals) -> Totals {
                Totals { $($name: self.$name.read(),)* ..now }
            }
        }
    };
}

totals! {
    /// Deposits accepted, repeats included.
    accepted,
    /// Deposits answered `full`.
    full,
    /// Deposits answered `gone`.
    gone,
    /// Deposits and requests answered `try later` because they came too fast.
    slowed,
    /// Deposits and requests answered `try later` because the store was out.
    store_out,
    /// Envelopes given to collectors, repeats included.
    delivered,
    /// Envelopes named in acknowledgements.
    acknowledged,
    /// Items taken from shelves.
    taken,
    /// Mailboxes opened, repeats included.
    mailboxes_opened,
    /// Mailboxes closed by their owners.
    mailboxes_closed,
    /// Shelves opened, repeats included.
    shelves_opened,
    /// Shelves closed by their owners.
    shelves_closed,
    /// Mailboxes and shelves erased because their lease lapsed.
    leases_lapsed,
    /// Entries listed, replaced, refreshed or set to wait.
    published,
    /// Entries withdrawn by their owners.
    withdrawn,
    /// Buckets read.
    buckets_read,
    /// Deposits whose ticket was no good.
    tickets_refused,
}

/// A count that goes up.
#[derive(Default)]
pub(super) struct Count(AtomicU64);

impl Count {
    pub(super) fn add(&self, more: usize) {
        self.0.fetch_add(more as u64, Ordering::Relaxed);
    }

    fn read(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
