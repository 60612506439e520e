//! What was accepted and what came: the same book for senders and collectors.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::fault::Fault;
use super::outage::Gap;

/// What became of one letter.
#[derive(Debug, Clone, Copy, Default)]
struct Letter {
    is_accepted: bool,
    delivered: u32,
}

/// What came that should not, and how often.
#[derive(Debug, Default)]
pub(super) struct Counts {
    /// Deposits that were to be tried later.
    pub(super) refused: AtomicU64,
    /// Answers that a mailbox is gone, which is there.
    pub(super) denied: AtomicU64,
    /// Envelopes that nobody had sent there, or not so.
    pub(super) altered: AtomicU64,
}

/// The book of a run.
pub(super) struct Ledger {
    letters: Vec<Mutex<Vec<Letter>>>,
    accepted: AtomicU64,
    delivered: AtomicU64,
    pub(super) counts: Counts,
    gaps: Mutex<Vec<Gap>>,
    /// What is wrong at the moment.
    fault: Mutex<Option<Fault>>,
    /// From when a letter was due to when it was accepted, by what was wrong then.
    latencies: Mutex<BTreeMap<Option<Fault>, Vec<Duration>>>,
}

/// What a comparison gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Balance {
    pub(super) accepted: u64,
    pub(super) delivered: u64,
    pub(super) lost: u64,
    pub(super) repeated: u64,
}

impl Ledger {
    pub(super) fn of(mailboxes: usize) -> Self {
        Self {
            letters: (0..mailboxes).map(|_| Mutex::default()).collect(),
            accepted: AtomicU64::default(),
            delivered: AtomicU64::default(),
            counts: Counts::default(),
            gaps: Mutex::default(),
            fault: Mutex::default(),
            latencies: Mutex::default(),
        }
    }

    /// Numbers the next letter to a mailbox.
    pub(super) fn number(&self, mailbox: u32) -> u32 {
        let Some(letters) = self.letters.get(mailbox as usize) else { return 0 };
        let mut letters = locked(letters);
        letters.push(Letter::default());
        u32::try_from(letters.len() - 1).unwrap_or(u32::MAX)
    }

    /// A letter that was due then has been accepted.
    pub(super) fn accept(&self, mailbox: u32, letter: u32, due: Instant) {
        self.change(mailbox, letter, |letter| letter.is_accepted = true);
        self.accepted.fetch_add(1, Ordering::Relaxed);
        let fault = *locked(&self.fault);
        locked(&self.latencies).entry(fault).or_default().push(due.elapsed());
    }

    /// A letter has come; one that nobody sent counts as altered.
    pub(super) fn deliver(&self, mailbox: u32, letter: u32) {
        let mut is_first = false;
        let is_known = self.change(mailbox, letter, |letter| {
            letter.delivered += 1;
            is_first = letter.delivered == 1;
        });
        self.delivered.fetch_add(u64::from(is_first), Ordering::Relaxed);
        self.counts.altered.fetch_add(u64::from(!is_known), Ordering::Relaxed);
    }

    fn change(&self, mailbox: u32, letter: u32, change: impl FnOnce(&mut Letter)) -> bool {
        let Some(letters) = self.letters.get(mailbox as usize) else { return false };
        locked(letters).get_mut(letter as usize).map(change).is_some()
    }

    pub(super) fn accepted(&self) -> u64 {
        self.accepted.load(Ordering::Relaxed)
    }

    pub(super) fn delivered(&self) -> u64 {
        self.delivered.load(Ordering::Relaxed)
    }

    /// Somebody got nothing accepted for that time.
    pub(super) fn waited(&self, gap: Gap) {
        locked(&self.gaps).push(gap);
    }

    pub(super) fn gaps(&self) -> Vec<Gap> {
        locked(&self.gaps).clone()
    }

    /// This is wrong from now on.
    pub(super) fn breaks(&self, fault: Option<Fault>) {
        *locked(&self.fault) = fault;
    }

    /// Latencies while that was wrong.
    pub(super) fn latencies(&self, fault: Option<Fault>) -> Vec<Duration> {
        locked(&self.latencies).get(&fault).cloned().unwrap_or_default()
    }

    pub(super) fn balance(&self) -> Balance {
        let mut balance = Balance { accepted: 0, delivered: 0, lost: 0, repeated: 0 };
        for letters in &self.letters {
            for letter in locked(letters).iter() {
                balance.accepted += u64::from(letter.is_accepted);
                balance.delivered += u64::from(letter.delivered > 0);
                balance.lost += u64::from(letter.is_accepted && letter.delivered == 0);
                balance.repeated += u64::from(letter.delivered.saturating_sub(1));
            }
        }
        balance
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_accepted_and_did_not_come_is_lost_and_what_came_twice_is_not() {
        let ledger = Ledger::of(2);
        for _ in 0..3 {
            ledger.number(1);
        }
        [0, 2].into_iter().for_each(|letter| ledger.accept(1, letter, Instant::now()));
        [2, 1, 2].into_iter().for_each(|letter| ledger.deliver(1, letter));
        assert_eq!(ledger.balance(), Balance { accepted: 2, delivered: 2, lost: 1, repeated: 1 });
    }

    #[test]
    fn what_nobody_sent_is_counted() {
        let ledger = Ledger::of(1);
        ledger.deliver(0, 0);
        ledger.deliver(7, 0);
        assert_eq!((ledger.counts.altered.load(Ordering::Relaxed), ledger.balance().delivered), (2, 0));
    }
}
