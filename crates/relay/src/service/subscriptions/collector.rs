//! One connection that collects.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use sealpost_wire::EnvelopeId;
use sealpost_wire::codec::{List, V1};
use sealpost_wire::frame::{Channel, DeliveryFrame, Received, Subscribe};
use sealpost_wire::request::{MAX_BATCH, Refusal};

use super::inbox::{Asked, Inbox, Ready};
use crate::service::mailboxes::owner;
use crate::service::{Inner, Relay};
use crate::store::{Denied, MailboxOwner, Page, Range, Reply, Unavailable};

/// How long a store that is out is left alone before it is asked again.
const PAUSE: Duration = Duration::from_secs(1);
/// Acknowledgements of one connection that may be unanswered before the next one waits.
const MAX_UNANSWERED: usize = 8;
/// Pages of one connection that are read at once: one after the other, each waits for the store's turn, and a connection with many
/// mailboxes that has fallen behind while the store is busy would never catch up.
const READINGS: usize = 4;

/// One connection's subscriptions. Dropping it ends them.
///
/// Each channel gets, strictly in order and without gaps or doubles, what lies in its mailbox, then *caught up*, then
/// what comes. Several subscriptions of one mailbox, here or elsewhere, each get everything; an acknowledgement erases
/// for all of them, so that what one has acknowledged before another read it is not given to the other.
///
/// An envelope may be given out before it is durable; should the relay then crash, its sender deposits it again, and it
/// comes again under the same id. Where several relays share a store and its server is lost, each channel begins anew, and
/// what was not acknowledged comes again.
pub struct Collector {
    relay: Relay,
    inbox: Arc<Inbox>,
    unanswered: VecDeque<Reply<Vec<Result<(), Denied>>>>,
    readings: FuturesUnordered<Reading>,
}

/// A page that the store was asked for. There are a few at a time, whatever the peer does meanwhile: what was asked is
/// carried out, so one that is forgotten and asked for again would be work that a peer can pile up.
type Reading = BoxFuture<'static, (Asked, Result<Page, Denied>)>;

impl Relay {
    /// A connection that collects, with no subscription yet.
    #[must_use]
    pub fn collector(&self) -> Collector {
        Collector {
            relay: self.clone(),
            inbox: self.0.hub.inbox(),
            unanswered: VecDeque::new(),
            readings: FuturesUnordered::new(),
        }
    }
}

impl Collector {
    /// Begins to deliver a mailbox. A wrong key or too many subscriptions come back as an ended channel; a channel that
    /// is in use is begun anew.
    pub fn subscribe(&mut self, request: &Subscribe) {
        self.unsubscribe(request.channel);
        if self.inbox.channels() >= self.inner().settings.limits.subscriptions as usize {
            return self.inbox.end(request.channel, Refusal::Limit);
        }
        self.inner().hub.add(&self.inbox, request.channel, owner(request.mailbox, &request.collect));
    }

    /// Ends a subscription, at once and in silence.
    pub fn unsubscribe(&mut self, channel: Channel) {
        if let Some(mailbox) = self.inbox.remove(channel) {
            self.inner().hub.remove(&self.inbox, channel, &mailbox);
        }
    }

    /// Erases what has been received. Channels that are not open are passed over, since there is nothing to be told.
    ///
    /// Waits for earlier acknowledgements when too many are under way, not for this one.
    pub async fn acknowledge(&mut self, received: impl IntoIterator<Item = Received>) {
        let received = self.by_mailbox(received.into_iter().collect());
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
    /// mebibyte and a few pages wait for it in memory.
    pub async fn next(&mut self, room: usize) -> DeliveryFrame {
        loop {
            while self.readings.len() < READINGS
                && let Some(asked) = self.inbox.ask()
            {
                self.readings.push(self.reading_of(asked, room));
            }
            let ready = tokio::select! {
                // Arrivals on other channels need not pause, and whoever is behind would wait for that.
                biased;
                Some((asked, page)) = self.readings.next() => self.came(&asked, page),
                ready = self.inbox.ready_or_stirred(room.max(1)) => ready,
            };
            if !ready.is_empty() {
                return self.frame(ready);
            }
        }
    }

    /// Whether more channels have ended than one frame tells of: until it is called for, no more should be begun.
    #[must_use]
    pub fn is_owing(&self) -> bool {
        self.inbox.ended() >= MAX_BATCH
    }

    fn reading_of(&self, asked: Asked, room: usize) -> Reading {
        let range = Range { after: asked.after, envelopes: MAX_BATCH, bytes: room };
        let page = page(self.relay.clone(), asked.owner, range);
        Box::pin(async move { (asked, page.await) })
    }

    /// What was received, together for each mailbox, so that each is gone through once.
    fn by_mailbox(&self, mut received: Vec<Received>) -> Vec<(MailboxOwner, Vec<EnvelopeId>)> {
        received.sort_by_key(|received| received.channel);
        let owned = |together: &[Received]| {
            let owner = self.inbox.owner(together.first()?.channel)?;
            Some((owner, together.iter().flat_map(|received| received.ids.iter().copied()).collect()))
        };
        received.chunk_by(|one, next| one.channel == next.channel).filter_map(owned).collect()
    }

    /// What is to be sent of a page that was asked for.
    fn came(&mut self, asked: &Asked, page: Result<Page, Denied>) -> Ready {
        if !self.inbox.came(asked) {
            return Ready::default();
        }
        let channel = asked.channel;
        match page {
            Ok(page) => self.inbox.read(channel, page),
            Err(Denied) => {
                // A mailbox that was closed meanwhile has told so itself.
                if self.inbox.owner(channel).is_some() {
                    self.unsubscribe(channel);
                    self.inbox.end(channel, Refusal::Denied);
                }
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

/// Asks until the store answers.
async fn page(relay: Relay, owner: MailboxOwner, range: Range) -> Result<Page, Denied> {
    loop {
        match relay.0.store.page(owner, range, relay.0.moment()).await {
            Ok(answer) => return answer,
            Err(Unavailable) => tokio::time::sleep(PAUSE).await,
        }
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        for (channel, mailbox) in self.inbox.remove_all() {
            self.inner().hub.remove(&self.inbox, channel, &mailbox);
        }
    }
}
