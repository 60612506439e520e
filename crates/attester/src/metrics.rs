//! The attester's numbers, besides [those of every server](sealpost_server::metrics), which count what was denied and what met
//! a limit.

use sealpost_server::labels;
use sealpost_server::metrics::{Counter, Registry};

labels! {
    /// What was asked for.
    Kind "kind" {
        AskCode "ask_code"
        ProveNumber "prove_number"
    }
}

/// Counts of the whole attester.
pub struct Metrics {
    sent: Counter,
    proved: Counter,
    gateway_failed: Counter,
}

impl Metrics {
    /// Registers the numbers.
    #[must_use]
    pub fn new(all: &Registry) -> Self {
        Self {
            sent: all.counter("sealpost_codes_sent_total", "Codes that the gateway took"),
            proved: all.counter("sealpost_numbers_proved_total", "Codes that have served"),
            gateway_failed: all.counter("sealpost_gateway_failures_total", "Codes that the gateway did not take"),
        }
    }

    /// Numbers that are shown nowhere.
    #[must_use]
    pub fn unseen() -> Self {
        Self { sent: Counter::noop(), proved: Counter::noop(), gateway_failed: Counter::noop() }
    }

    pub(crate) fn sent(&self) {
        self.sent.increment(1);
    }

    pub(crate) fn proved(&self) {
        self.proved.increment(1);
    }

    pub(crate) fn gateway_failed(&self) {
        self.gateway_failed.increment(1);
    }
}
