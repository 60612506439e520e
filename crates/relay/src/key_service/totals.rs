//! Counts of the whole key service: the only numbers it shows.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::tickets::TicketTotals;

/// What the key service did since it was opened, and what there is now. Nothing here is per voucher.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Batches evaluated, repeats included.
    pub evaluated: u64,
    /// Batches evaluated that had been paid for before.
    pub repeated: u64,
    /// Keys there are.
    pub epochs: u64,
    /// Vouchers that have been used, in all epochs that there are.
    pub vouchers: u64,
    /// Tickets issued and spent.
    pub tickets: TicketTotals,
}

#[derive(Default)]
pub(super) struct Counts {
    pub(super) evaluated: Count,
    pub(super) repeated: Count,
}

impl Counts {
    pub(super) fn totals(&self, epochs: u64, vouchers: u64, tickets: TicketTotals) -> Totals {
        Totals { evaluated: self.evaluated.read(), repeated: self.repeated.read(), epochs, vouchers, tickets }
    }
}

/// A count that goes up.
#[derive(Default)]
pub(super) struct Count(AtomicU64);

impl Count {
    pub(super) fn one_more(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn read(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
