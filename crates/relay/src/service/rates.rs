//! How fast deposits and takes may come, and strangers' deposits.
//!
//! Keyed by tags, not by ids: a tag is salted with a key of this process and means nothing outside it.

use std::hash::{BuildHasher, RandomState};
use std::num::NonZeroU32;
use std::sync::{PoisonError, RwLock};

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use sealpost_wire::manifest::Limits;
use sealpost_wire::{MailboxId, ShelfId};

/// The most tags that one limiter remembers.
const MAX_TAGS: usize = 1 << 17;

/// The rates of a relay.
pub(super) struct Rates {
    deposits: Rate,
    /// Where there are tickets.
    strangers: Option<Rate>,
    takes: Rate,
}

impl Rates {
    pub(super) fn new(limits: &Limits, strangers_per_hour: Option<u32>) -> Self {
        Self {
            strangers: strangers_per_hour.map(|limit| Rate::new(limit, Quota::per_hour)),
            deposits: Rate::new(limits.deposits_per_minute, Quota::per_minute),
            takes: Rate::new(limits.takes_per_hour, Quota::per_hour),
        }
    }

    /// Counts a deposit, or says how many seconds it has to wait.
    pub(super) fn deposit(&self, mailbox: &MailboxId) -> Result<(), u16> {
        self.deposits.check(mailbox.as_bytes())
    }

    /// Counts a deposit without a ticket, or says how many seconds it has to wait.
    pub(super) fn stranger(&self, mailbox: &MailboxId) -> Result<(), u16> {
        self.strangers.as_ref().map_or(Ok(()), |rate| rate.check(mailbox.as_bytes()))
    }

    /// Counts a take, or says how many seconds it has to wait.
    pub(super) fn take(&self, shelf: &ShelfId) -> Result<(), u16> {
        self.takes.check(shelf.as_bytes())
    }
}

struct Rate {
    quota: Quota,
    salt: RandomState,
    limiter: RwLock<DefaultKeyedRateLimiter<u64>>,
    clock: DefaultClock,
}

impl Rate {
    fn new(limit: u32, quota: fn(NonZeroU32) -> Quota) -> Self {
        let quota = quota(NonZeroU32::new(limit).unwrap_or(NonZeroU32::MIN));
        let limiter = RwLock::new(RateLimiter::keyed(quota));
        Self { quota, salt: RandomState::new(), limiter, clock: DefaultClock::default() }
    }

    fn check(&self, id: &[u8; 32]) -> Result<(), u16> {
        let tag = self.salt.hash_one(id);
        let limiter = self.limiter.read().unwrap_or_else(PoisonError::into_inner);
        let checked = limiter.check_key(&tag).map_err(|not_until| {
            let wait = not_until.wait_time_from(self.clock.now());
            u16::try_from(wait.as_secs().saturating_add(1)).unwrap_or(u16::MAX)
        });
        let full = limiter.len() > MAX_TAGS;
        drop(limiter);
        if full {
            self.forget();
        }
        checked
    }

    /// Forgets tags that have their whole rate again; where that is not half of them, all. So whoever invents more ids
    /// than the limiter remembers wins a fresh rate, which the quota bounds, and not the relay's memory.
    fn forget(&self) {
        let mut limiter = self.limiter.write().unwrap_or_else(PoisonError::into_inner);
        limiter.retain_recent();
        if limiter.len() > MAX_TAGS / 2 {
            *limiter = RateLimiter::keyed(self.quota);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_id_has_its_own_rate() {
        let rate = Rate::new(2, Quota::per_hour);
        assert_eq!([rate.check(&[1; 32]), rate.check(&[1; 32])], [Ok(()), Ok(())]);
        assert!(rate.check(&[1; 32]).is_err_and(|seconds| (1..=1_801).contains(&seconds)));
        assert_eq!(rate.check(&[2; 32]), Ok(()));
    }

    #[test]
    fn invented_ids_do_not_fill_the_memory() {
        let rate = Rate::new(1, Quota::per_hour);
        let mut id = [0; 32];
        for number in 0..MAX_TAGS as u32 + 1_000 {
            id[..4].copy_from_slice(&number.to_le_bytes());
            rate.check(&id).unwrap();
        }
        assert!(rate.limiter.read().unwrap().len() <= MAX_TAGS);
    }
}
