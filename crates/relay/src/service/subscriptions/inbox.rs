//! What waits for one connection.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sealpost_wire::MailboxId;
use sealpost_wire::frame::{Channel, Delivery, Ended};
use sealpost_wire::request::{MAX_BATCH, Refusal, Stored};
use tokio::sync::Notify;

use super::channel::{Arrival, Place};
use crate::store::{MailboxOwner, Page};

/// The most bytes that wait for one connection; what does not fit is read from the store later.
const MAX_QUEUED: usize = 1024 * 1024;

/// One connection's subscriptions and what waits for them. Filled by the hub, emptied by its collector.
pub(super) struct Inbox {
    state: Mutex<State>,
    stirred: Notify,
    /// Bytes that wait for all connections together, and the most that may.
    queued_by_all: Arc<AtomicUsize>,
    most_by_all: usize,
}

#[derive(Default)]
struct State {
    channels: HashMap<Channel, Subscribed>,
    behind: VecDeque<Channel>,
    queue: VecDeque<(Channel, Arc<Stored>)>,
    queued_bytes: usize,
    ended: Vec<Ended>,
    /// How many pages were asked for.
    asked: u64,
}

struct Subscribed {
    owner: MailboxOwner,
    place: Place,
    /// How many of its envelopes are queued.
    queued: usize,
    /// The page that is under way, by its number.
    asked: Option<u64>,
}

/// What is to be read from the store.
pub(super) struct Asked {
    pub(super) channel: Channel,
    pub(super) owner: MailboxOwner,
    pub(super) after: u64,
    /// Counted for each connection: a channel that has ended since, or was begun anew, waits for no page of that number.
    number: u64,
}

/// What is ready to be sent.
#[derive(Default)]
pub(super) struct Ready {
    pub(super) deliveries: Vec<Delivery>,
    pub(super) caught_up: Option<Channel>,
    pub(super) ended: Vec<Ended>,
}

impl Ready {
    pub(super) fn is_empty(&self) -> bool {
        self.deliveries.is_empty() && self.caught_up.is_none() && self.ended.is_empty()
    }
}

impl Inbox {
    pub(super) fn new(queued_by_all: Arc<AtomicUsize>, most_by_all: usize) -> Self {
        Self { state: Mutex::default(), stirred: Notify::new(), queued_by_all, most_by_all }
    }

    pub(super) fn channels(&self) -> usize {
        self.lock().channels.len()
    }

    /// How many ended channels are to be told.
    pub(super) fn ended(&self) -> usize {
        self.lock().ended.len()
    }

    /// Adds a channel, which starts behind.
    pub(super) fn add(&self, channel: Channel, owner: MailboxOwner) {
        let mut state = self.lock();
        state.channels.insert(channel, Subscribed { owner, place: Place::START, queued: 0, asked: None });
        state.behind.push_back(channel);
        drop(state);
        self.stirred.notify_one();
    }

    /// Forgets a channel and what waits for it; gives its mailbox.
    pub(super) fn remove(&self, channel: Channel) -> Option<MailboxId> {
        let mut state = self.lock();
        let removed = state.channels.remove(&channel)?;
        state.behind.retain(|other| *other != channel);
        self.drop_queued(&mut state, |other| other == channel);
        Some(removed.owner.id)
    }

    /// Forgets every channel; gives their mailboxes.
    pub(super) fn remove_all(&self) -> Vec<(Channel, MailboxId)> {
        let mut state = self.lock();
        self.drop_queued(&mut state, |_| true);
        state.behind.clear();
        state.channels.drain().map(|(channel, subscribed)| (channel, subscribed.owner.id)).collect()
    }

    /// Forgets a channel and says that it is not, or no longer, delivered.
    pub(super) fn end(&self, channel: Channel, reason: Refusal) {
        self.remove(channel);
        self.lock().ended.push(Ended { channel, reason });
        self.stirred.notify_one();
    }

    pub(super) fn owner(&self, channel: Channel) -> Option<MailboxOwner> {
        self.lock().channels.get(&channel).map(|subscribed| subscribed.owner)
    }

    /// Takes note of an arrival.
    pub(super) fn arrived(&self, channel: Channel, stored: &Arc<Stored>) {
        self.take_in(channel, stored, |_| true);
    }

    /// Takes note of an arrival that follows on the one before it, and is of use with that alone.
    pub(super) fn arrived_next(&self, channel: Channel, stored: &Arc<Stored>) {
        self.take_in(channel, stored, |place| place.has_all_before(stored.sequence));
    }

    fn take_in(&self, channel: Channel, stored: &Arc<Stored>, is_of_use: impl Fn(&Place) -> bool) {
        let bytes = stored.sealed.as_bytes().len();
        let mut state = self.lock();
        let room = state.queued_bytes + bytes <= MAX_QUEUED
            && self.queued_by_all.load(Ordering::Relaxed) + bytes <= self.most_by_all;
        let Some(subscribed) = state.channels.get_mut(&channel) else { return };
        let room = room && is_of_use(&subscribed.place);
        match subscribed.place.arrived(stored.sequence, room) {
            Arrival::Known => return,
            Arrival::FallsBehind => state.behind.push_back(channel),
            Arrival::Queue => {
                subscribed.queued += 1;
                state.queue.push_back((channel, Arc::clone(stored)));
                state.queued_bytes += bytes;
                self.queued_by_all.fetch_add(bytes, Ordering::Relaxed);
            }
        }
        drop(state);
        self.stirred.notify_one();
    }

    /// Takes note that the channel is to be read: from the beginning, if `anew`, and then without what waits for it.
    pub(super) fn read_again(&self, channel: Channel, anew: bool) {
        let mut state = self.lock();
        if anew {
            self.drop_queued(&mut state, |other| other == channel);
        }
        let State { channels, behind, .. } = &mut *state;
        let Some(subscribed) = channels.get_mut(&channel) else { return };
        if subscribed.place.stirred(anew) {
            behind.push_back(channel);
        }
        drop(state);
        self.stirred.notify_one();
    }

    /// Takes what waits, envelopes up to about `room` bytes; where nothing does, waits until something changed since it was last
    /// asked.
    pub(super) async fn ready_or_stirred(&self, room: usize) -> Ready {
        let ready = self.ready(room);
        if ready.is_empty() {
            self.stirred.notified().await;
        }
        ready
    }

    fn ready(&self, room: usize) -> Ready {
        let mut state = self.lock();
        let deliveries = self.deliveries(&mut state, room);
        let ended = state.ended.len().min(MAX_BATCH);
        Ready { deliveries, caught_up: None, ended: state.ended.drain(..ended).collect() }
    }

    fn deliveries(&self, state: &mut State, room: usize) -> Vec<Delivery> {
        let mut deliveries = Vec::new();
        let mut taken = 0;
        while taken < room && deliveries.len() < MAX_BATCH {
            let Some((channel, stored)) = state.queue.pop_front() else { break };
            taken += stored.sealed.as_bytes().len();
            if let Some(subscribed) = state.channels.get_mut(&channel) {
                subscribed.queued -= 1;
            }
            deliveries.push(Delivery { channel, stored: Arc::unwrap_or_clone(stored) });
        }
        state.queued_bytes -= taken;
        self.queued_by_all.fetch_sub(taken, Ordering::Relaxed);
        deliveries
    }

    /// The next channel to be read from the store: one of which no page is under way, and no envelopes wait, since those come
    /// before.
    pub(super) fn ask(&self) -> Option<Asked> {
        let mut state = self.lock();
        let State { channels, behind, asked, .. } = &mut *state;
        let is_next = |channel: &&Channel| channels.get(channel).is_some_and(|it| it.queued == 0 && it.asked.is_none());
        let channel = *behind.iter().find(is_next)?;
        let subscribed = channels.get_mut(&channel)?;
        *asked += 1;
        subscribed.asked = Some(*asked);
        Some(Asked { channel, owner: subscribed.owner, after: subscribed.place.ask(), number: *asked })
    }

    /// Takes note that a page has come; whether its channel still waits for it.
    pub(super) fn came(&self, asked: &Asked) -> bool {
        let mut state = self.lock();
        let subscribed = state.channels.get_mut(&asked.channel);
        subscribed.is_some_and(|it| it.asked.take_if(|number| *number == asked.number).is_some())
    }

    /// Takes note of a page that its channel waited for. The channel may have gone meanwhile, and the page with it.
    pub(super) fn read(&self, channel: Channel, page: Page) -> Ready {
        let mut state = self.lock();
        let State { channels, behind, .. } = &mut *state;
        let Some(subscribed) = channels.get_mut(&channel).filter(|it| !it.place.is_anew()) else {
            return Ready::default();
        };
        let last = page.envelopes.last().map(|stored| stored.sequence);
        let caught_up = subscribed.place.read(last, page.more).then_some(channel);
        behind.retain(|other| *other != channel);
        if subscribed.place.is_behind() {
            behind.push_back(channel);
        }
        let deliveries = page.envelopes.into_iter().map(|stored| Delivery { channel, stored }).collect();
        Ready { deliveries, caught_up, ended: Vec::new() }
    }

    fn drop_queued(&self, state: &mut State, of: impl Fn(Channel) -> bool) {
        let State { channels, queue, .. } = state;
        let mut dropped = 0;
        queue.retain(|(channel, stored)| {
            let stays = !of(*channel);
            dropped += if stays { 0 } else { stored.sealed.as_bytes().len() };
            stays
        });
        channels.iter_mut().filter(|(channel, _)| of(**channel)).for_each(|(_, subscribed)| subscribed.queued = 0);
        state.queued_bytes -= dropped;
        self.queued_by_all.fetch_sub(dropped, Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
