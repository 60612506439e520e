//! What is spent of vouchers, under one epoch's key: decided and made durable by one thread, in batches.
//!
//! While one batch is being synced, the next gathers; so the disk's slowness bounds how long an answer takes, and not how
//! many there are.

mod log;
mod record;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use sealpost_wire::directory::{Epoch, VoucherId};
use sealpost_wire::time::Day;
use tokio::sync::oneshot;

use self::log::Log;
pub use self::log::LogError;
use self::record::BatchHash;
use crate::key_service::events::Event;

/// How many spends may wait; more are told to try later.
const WAITING: usize = 1_024;

/// What a voucher allows at first that allows more each day.
const BATCHES_AT_FIRST: u32 = 16;

/// What was spent of the vouchers of one epoch and key. Dropped, it finishes what it has begun and closes its file.
pub(super) struct Vouchers {
    orders: SyncSender<Order>,
    state: Arc<State>,
}

/// Whose vouchers they are: of an epoch, under the key that it has, and what each allows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Owner {
    pub(super) epoch: Epoch,
    pub(super) key: [u8; 32],
    pub(super) allowance: Allowance,
}

/// What a voucher allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Allowance {
    /// So many batches at first, and one more for each day since its first use.
    Growing,
    /// One batch.
    Once,
}

/// What others may see of it.
#[derive(Default)]
struct State {
    used: AtomicU32,
    out: AtomicBool,
}

/// A batch of elements that a voucher is to pay for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bill {
    voucher: VoucherId,
    batch: BatchHash,
    today: Day,
}

/// A batch was paid for, durably.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Paid {
    /// Just now.
    Now,
    /// Before: the same batch was asked for with the same voucher.
    Before,
}

/// A batch was not paid for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unpaid {
    /// The voucher allows no more today.
    Spent,
    /// The voucher is a new one, and there are too many.
    TooMany,
    /// What was spent can be neither read nor written now.
    Out,
}

enum Order {
    Pay(Spend),
    /// Nothing more; answered when the file is closed.
    End(oneshot::Sender<()>),
}

struct Spend {
    bill: Bill,
    answer: oneshot::Sender<Result<Paid, Unpaid>>,
}

impl Bill {
    /// A bill for the evaluation of `elements`.
    pub(super) fn new(voucher: VoucherId, elements: &[u8], today: Day) -> Self {
        Self { voucher, batch: BatchHash::of(elements), today }
    }
}

impl Vouchers {
    /// Opens the file at `path` for that epoch and key, or makes it; at most `most` vouchers will be in it. What was
    /// spent under another key of the epoch counts no more.
    pub(super) fn open(path: &Path, owner: Owner, most: u32) -> Result<Self, LogError> {
        let log = Log::open(path, owner, most)?;
        let state = Arc::new(State { used: AtomicU32::new(log.vouchers()), ..State::default() });
        let (orders, waiting) = sync_channel(WAITING);
        let clerk = Clerk { log, state: Arc::clone(&state) };
        let spawned = thread::Builder::new().name("vouchers".into()).spawn(move || clerk.work(&waiting));
        spawned.map_err(|source| LogError::unusable(path, source))?;
        Ok(Self { orders, state })
    }

    /// Pays a bill, if the voucher allows it; durable before it is answered.
    pub(super) async fn pay(&self, bill: Bill) -> Result<Paid, Unpaid> {
        let (answer, answered) = oneshot::channel();
        self.orders.try_send(Order::Pay(Spend { bill, answer })).map_err(|_| Unpaid::Out)?;
        answered.await.unwrap_or(Err(Unpaid::Out))
    }

    /// Finishes what was begun and closes the file. Bills that come later are not paid.
    pub(super) async fn close(&self) {
        let (answer, answered) = oneshot::channel();
        if self.orders.try_send(Order::End(answer)).is_ok() {
            let _ended_before = answered.await;
        }
    }

    /// How many vouchers were used.
    pub(super) fn used(&self) -> u32 {
        self.state.used.load(Ordering::Relaxed)
    }

    /// Whether the file could be neither read nor written when it was last tried.
    pub(super) fn is_out(&self) -> bool {
        self.state.out.load(Ordering::Relaxed)
    }
}

impl Allowance {
    /// How many batches a voucher that was first used on `first` allows in all, as of `today`.
    const fn batches(self, first: Day, today: Day) -> u32 {
        match self {
            Self::Growing => BATCHES_AT_FIRST.saturating_add(today.0.saturating_sub(first.0)),
            Self::Once => 1,
        }
    }
}

/// The thread that owns the file.
struct Clerk {
    log: Log,
    state: Arc<State>,
}

impl Clerk {
    fn work(mut self, waiting: &Receiver<Order>) {
        while let Ok(first) = waiting.recv() {
            let (mut spends, mut end) = (Vec::new(), None);
            for order in std::iter::once(first).chain(waiting.try_iter().take(WAITING)) {
                match order {
                    Order::Pay(spend) => spends.push(spend),
                    Order::End(answer) => end = Some(answer),
                }
            }
            // Whoever gave up waiting asks again, and is not to pay twice.
            spends.retain(|spend| !spend.answer.is_closed());
            self.settle(spends);
            if let Some(answer) = end {
                drop(self);
                let _gone = answer.send(());
                return;
            }
        }
    }

    fn settle(&mut self, batch: Vec<Spend>) {
        let outcomes: Vec<_> = batch.iter().map(|spend| self.log.pay(&spend.bill)).collect();
        let synced = self.log.sync();
        let is_out = synced.is_err() || outcomes.contains(&Err(Unpaid::Out));
        if is_out && !self.state.out.load(Ordering::Relaxed) {
            Event::VouchersOut {}.log();
        }
        self.state.out.store(is_out, Ordering::Relaxed);
        self.state.used.store(self.log.vouchers(), Ordering::Relaxed);
        for (spend, outcome) in batch.into_iter().zip(outcomes) {
            let outcome = if synced.is_ok() { outcome } else { outcome.and(Err(Unpaid::Out)) };
            // Whoever asked may be gone by now; the same batch is paid for all the same.
            let _gone = spend.answer.send(outcome);
        }
    }
}

#[cfg(test)]
mod tests;
