//! Who may have elements evaluated.

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use sealpost_wire::directory::{Voucher, VoucherId};
use sealpost_wire::operator::OperatorKey;
use sealpost_wire::request::{Evaluate, Refusal};

use super::settings::Settings;
use sealpost_server::Denial;

/// Who may have elements evaluated: whoever has a voucher of the attester for this key service; without an attester
/// anyone, so fast.
pub(super) struct Rights {
    attester: Option<OperatorKey>,
    service: OperatorKey,
    rate: Rate,
}

/// How fast all together may ask.
struct Rate {
    limiter: DefaultDirectRateLimiter,
    clock: DefaultClock,
}

impl Rights {
    /// The rights that an operator gives, at the key service whose key is `service`.
    pub(super) fn new(settings: &Settings, service: OperatorKey) -> Self {
        let limiter = RateLimiter::direct(Quota::per_minute(settings.batches_per_minute));
        let rate = Rate { limiter, clock: DefaultClock::default() };
        Self { attester: settings.attester.as_ref().map(|attester| attester.operator), service, rate }
    }

    /// The voucher that is to pay for a request; none where none is needed.
    ///
    /// # Errors
    /// *ticket needed*, whatever is wrong with the voucher; *try later*, when all together ask too fast.
    pub(super) fn of(&self, request: &Evaluate) -> Result<Option<VoucherId>, Denial> {
        let Some(attester) = &self.attester else { return self.rate.check().map(|()| None) };
        let voucher = request.voucher.as_ref().and_then(|signed| signed.verify(attester));
        let counts = |voucher: &Voucher| voucher.service == self.service && voucher.epoch == request.epoch;
        voucher.filter(counts).map(|voucher| Some(voucher.id)).ok_or(Denial::of(Refusal::TicketNeeded))
    }
}

impl Rate {
    fn check(&self) -> Result<(), Denial> {
        self.limiter.check().map_err(|not_until| {
            let wait = not_until.wait_time_from(self.clock.now());
            Denial::try_later(u16::try_from(wait.as_secs().saturating_add(1)).unwrap_or(u16::MAX))
        })
    }
}
