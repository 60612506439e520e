//! Time's own work: leases that lapse, envelopes that expire.

use std::sync::Mutex;
use std::sync::PoisonError;

use sealpost_wire::time::{Day, Hour};

use super::{Inner, Relay};
use crate::store::Moment;

impl Relay {
    /// Erases what is past: envelopes of past days, mailboxes and shelves whose lease lapsed. Renews the leases of
    /// mailboxes that are being collected. To be called at least once an hour; calls in between do nothing but expire.
    ///
    /// A store that is out is left alone until the next call.
    pub async fn expire(&self) {
        let now = self.0.hour();
        while let Ok(true) = self.0.store.expire(now).await {}
        if self.0.swept.is_due(now.day()) && self.sweep(now).await {
            self.0.swept.done(now.day());
        }
    }

    /// Has the store put itself in order; requests do not wait for it. What cannot be put in order now is the next time.
    pub async fn tidy(&self) {
        let _places = self.0.store.tidy().await;
    }

    /// Renews and erases by lease, once a day; tells whether it was done.
    async fn sweep(&self, now: Hour) -> bool {
        // Renewed first: who has been connected for a whole lease is not to lose a mailbox to its own sweep.
        let renewed = self.0.store.renew(self.0.hub.mailboxes(), self.0.moment()).await;
        if renewed.is_err() {
            return false;
        }
        loop {
            match self.0.store.lapse(now.day()).await {
                Ok(0) => return self.forget_spent(now.day()).await,
                Ok(lapsed) => self.0.counts.leases_lapsed.add(usize::try_from(lapsed).unwrap_or(usize::MAX)),
                Err(_) => return false,
            }
        }
    }

    /// Erases what was spent and is remembered no more; tells whether it was done.
    async fn forget_spent(&self, today: Day) -> bool {
        loop {
            match self.0.store.forget_spent(today).await {
                Ok(0) => return true,
                Ok(_) => {}
                Err(_) => return false,
            }
        }
    }
}

impl Inner {
    pub(super) fn moment(&self) -> Moment {
        let now = self.hour();
        Moment { now, lease: now.day().plus(self.settings.retention.lease_days) }
    }

    /// The hour at which an envelope that comes now expires.
    pub(super) fn expiry(&self, now: Hour) -> Hour {
        now.after(std::time::Duration::from_secs(u64::from(self.settings.retention.envelope_hours) * 3_600))
    }
}

/// The day of the last sweep.
#[derive(Default)]
pub(super) struct Swept(Mutex<Option<Day>>);

impl Swept {
    fn is_due(&self, today: Day) -> bool {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) != Some(today)
    }

    fn done(&self, today: Day) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(today);
    }
}
