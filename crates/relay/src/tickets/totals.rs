//! Counts of the whole issuer: the only numbers it shows.

use std::sync::atomic::{AtomicU64, Ordering};

/// What was done since the issuer was opened. Nothing here is per ticket or voucher.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TicketTotals {
    /// Tickets issued, repeats included.
    pub issued: u64,
    /// Tickets and vouchers spent, repeats included.
    pub spent: u64,
}

#[derive(Default)]
pub(super) struct Counts {
    issued: AtomicU64,
    spent: AtomicU64,
}

impl Counts {
    pub(super) fn issued(&self, more: usize) {
        self.issued.fetch_add(more as u64, Ordering::Relaxed);
    }

    pub(super) fn spent(&self, more: usize) {
        self.spent.fetch_add(more as u64, Ordering::Relaxed);
    }

    pub(super) fn totals(&self) -> TicketTotals {
        TicketTotals { issued: self.issued.load(Ordering::Relaxed), spent: self.spent.load(Ordering::Relaxed) }
    }
}
