//! One connection that collects.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use sealpost_wire::EnvelopeId;
use sealpost_wire::codec::{List, V1};
use sealpost_wire::frame::{Channel, DeliveryFrame, Received, Subscribe};
use sealpost_wire::request::{MAX_BATCH, Refusal};

use super::inbox::{Inbox, Ready};
use crate::service::mailboxes::owner;
use crate::service::{Inner, Relay};
use crate::store::{Denied, MailboxOwner, Page, Range, Reply, Unavailable};

/// How long a store that is out is left alone before it is asked again.
const PAUSE: Duration = Duration::from_secs(1);
/// Acknowledgements of one connection that may be unanswered before the next one waits.
const MAX_UNANSWERED: usize = 8;

/// One connection's subscriptions. Dropping it ends them.
///
/// Each channel gets, strictly in order and without gaps or doubles, what lies in its mailbox, then *caught up*, then
/// what comes. Several subscriptions of one mailbox, here or elsewhere, each get everything; an acknowledgement erases
/// for all of them, so that what one has acknowledged before another read it is not given to the other.
///
/// An envelope may be given out before it is durable; should the relay then crash, its sender deposits it again, and it
/// comes again under the same id.
pub struct Collector {
    relay: Relay,
    inbox: Arc<Inbox>,
    unanswered: VecDeque<Reply<Vec<Result<(), Denied>>>>,
}

impl Relay {
    /// A connection that collects, with no subscription yet.
    #[must_use]
    pub fn collector(&self) -> Collector {
        Collector { relay: self.clone(), inbox: self.0.hub.inbox(), unanswered: VecDeque::new() }
    }
}

impl Collector {
    /// Begins to deliver a mailbox. A wrong key or too many subscriptions come back as an ended channel; a channel that
    /// is in use is begun anew.
    pub fn subscribe(&self, request: &Subscribe) {
        self.unsubscribe(request.channel);
        if self.inbox.channels() >= self.inner().settings.limits.subscriptions as usize {
            return self.inbox.end(request.channel, Refusal::Limit);
        }
        self.inner().hub.add(&self.inbox, request.channel, owner(request.mailbox, &request.collect));
    }

    /// Ends a subscription, at once and in silence.
    pub fn unsubscribe(&self, channel: Channel) {
        if let Some(mailbox) = self.inbox.remove(channel) {
            self.inner().hub.remove(&self.inbox, channel, &mailbox);
        }
    }

    /// Erases what has been received. Channels that are not open are passed over, since there is nothing to be told.
    ///
    /// Waits for earlier acknowledgements when too many are under way, not for this one.
    pub async fn acknowledge(&mut self, received: impl IntoIterator<Item = Received>) {
        let owned = |received: Received| Some((self.inbox.owner(received.channel)?, received.ids.into_vec()));
        let received: Vec<(MailboxOwner, Vec<EnvelopeId>)> = received.into_iter().filter_map(owned).collect();
        self.inner().counts.acknowledged.add(received.iter().map(|(_, ids)| ids.len()).sum());
        self.unanswered.push_back(self.inner().store.acknowledge(received, self.inner().hour()));
        while self.unanswered.len() > MAX_UNANSWERED {
            if let Some(oldest) = self.unanswered.front_mut() {
                // What was not erased for an outage is delivered again later.
                let _erased_or_not = oldest.await;
                self.unanswered.pop_front();
            }
        }
    }

    /// Waits until there is something to send and gives one frame of it, with about `room` bytes of envelopes at most,
    /// but always one.
    ///
    /// Can be cancelled at any time without losing anything. Not calling it is how a slow connection is slow: at most a
    /// mebibyte waits for it in memory.
    pub async fn next(&mut self, room: usize) -> DeliveryFrame {
        loop {
            let ready = self.inbox.ready(room.max(1));
            if !ready.is_empty() {
                return self.frame(ready);
            }
            match self.inbox.ask() {
                None => self.inbox.stirred().await,
                Some((channel, owner, after)) => {
                    let page = self.page(owner, after, room).await;
                    let ready = self.read(channel, page);
                    if !ready.is_empty() {
                        return self.frame(ready);
                    }
                }
            }
        }
    }

    /// Asks until the store answers.
    async fn page(&mut self, owner: MailboxOwner, after: u64, room: usize) -> Result<Page, Denied> {
        let range = Range { after, envelopes: MAX_BATCH, bytes: room };
        loop {
            match self.inner().store.page(owner, range, self.inner().moment()).await {
                Ok(answer) => return answer,
                Err(Unavailable) => tokio::time::sleep(PAUSE).await,
            }
        }
    }

    fn read(&self, channel: Channel, page: Result<Page, Denied>) -> Ready {
        match page {
            Ok(page) => self.inbox.read(channel, page),
            Err(Denied) => {
                self.unsubscribe(channel);
                self.inbox.end(channel, Refusal::Denied);
                Ready::default()
            }
        }
    }

    fn frame(&self, ready: Ready) -> DeliveryFrame {
        self.inner().counts.delivered.add(ready.deliveries.len());
        // Each list is bounded by the batch where it is filled.
        DeliveryFrame {
            version: V1,
            deliveries: List::new(ready.deliveries).unwrap_or_default(),
            caught_up: List::new(ready.caught_up.into_iter().collect()).unwrap_or_default(),
            ended: List::new(ready.ended).unwrap_or_default(),
        }
    }

    fn inner(&self) -> &Inner {
        &self.relay.0
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        for (channel, mailbox) in self.inbox.remove_all() {
            self.inner().hub.remove(&self.inbox, channel, &mailbox);
        }
    }
}
