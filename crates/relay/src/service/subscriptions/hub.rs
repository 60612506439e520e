//! Who waits for which mailbox.

use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use foldhash::HashMap;
use sealpost_wire::MailboxId;
use sealpost_wire::frame::Channel;
use sealpost_wire::request::{Refusal, Stored};

use super::inbox::Inbox;
use crate::store::{Arrivals, MailboxOwner};

/// Every subscription of the relay, by mailbox. A mailbox may have several; each gets everything.
pub(in crate::service) struct Hub {
    waiting: Mutex<HashMap<MailboxId, Vec<Waiting>>>,
    queued: Arc<AtomicUsize>,
    most_queued: usize,
}

#[derive(Clone)]
struct Waiting {
    inbox: Arc<Inbox>,
    channel: Channel,
}

impl Hub {
    /// A hub that queues at most `most_queued` bytes for all connections together.
    pub(in crate::service) fn new(most_queued: usize) -> Self {
        Self { waiting: Mutex::default(), queued: Arc::default(), most_queued }
    }

    /// How many subscriptions there are.
    pub(in crate::service) fn subscriptions(&self) -> u64 {
        self.lock().values().map(Vec::len).sum::<usize>() as u64
    }

    /// The mailboxes that are waited for.
    pub(in crate::service) fn mailboxes(&self) -> Vec<MailboxId> {
        self.lock().keys().copied().collect()
    }

    /// Bytes that are queued for all connections together.
    #[cfg(test)]
    pub(in crate::service) fn queued_bytes(&self) -> usize {
        self.queued.load(std::sync::atomic::Ordering::Relaxed)
    }

    pub(super) fn inbox(&self) -> Arc<Inbox> {
        Arc::new(Inbox::new(Arc::clone(&self.queued), self.most_queued))
    }

    /// From now on `inbox` is told what arrives in the mailbox.
    pub(super) fn add(&self, inbox: &Arc<Inbox>, channel: Channel, owner: MailboxOwner) {
        self.lock().entry(owner.id).or_default().push(Waiting { inbox: Arc::clone(inbox), channel });
        inbox.add(channel, owner);
    }

    pub(super) fn remove(&self, inbox: &Arc<Inbox>, channel: Channel, mailbox: &MailboxId) {
        let mut waiting = self.lock();
        let Some(here) = waiting.get_mut(mailbox) else { return };
        here.retain(|other| other.channel != channel || !Arc::ptr_eq(&other.inbox, inbox));
        if here.is_empty() {
            waiting.remove(mailbox);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<MailboxId, Vec<Waiting>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Arrivals for Hub {
    fn arrived(&self, mailbox: &MailboxId, stored: &Arc<Stored>) {
        for waiting in self.lock().get(mailbox).into_iter().flatten() {
            waiting.inbox.arrived(waiting.channel, stored);
        }
    }

    fn arrived_next(&self, mailbox: &MailboxId, stored: &Arc<Stored>) {
        for waiting in self.lock().get(mailbox).into_iter().flatten() {
            waiting.inbox.arrived_next(waiting.channel, stored);
        }
    }

    fn stirred(&self, mailbox: &MailboxId) {
        for waiting in self.lock().get(mailbox).into_iter().flatten() {
            waiting.inbox.read_again(waiting.channel, false);
        }
    }

    fn stirred_all(&self, anew: bool) {
        for waiting in self.lock().values().flatten() {
            waiting.inbox.read_again(waiting.channel, anew);
        }
    }

    fn closed(&self, mailbox: &MailboxId) {
        for waiting in self.lock().remove(mailbox).into_iter().flatten() {
            waiting.inbox.end(waiting.channel, Refusal::Denied);
        }
    }
}
