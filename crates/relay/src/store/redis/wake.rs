//! Relays that share a store wake each other up, over sharded channels.
//!
//! A message says that something happened, so that nobody has to ask all the time; it carries nothing that it happened to,
//! and may get lost. So whoever waits reads the mailbox itself, and besides: when a subscription ends or a connection
//! breaks, and every 30 seconds, all that is waited for is read.
//!
//! ```text
//! message = relay[8] ‖ kind[1] ‖ mailbox[32] …         relay: random, of this process; kind: 0 stirred, 1 closed
//! ```

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use redis::{PushInfo, PushKind, Value, cmd};
use sealpost_wire::MailboxId;
use sealpost_wire::request::Stored;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::time::{Instant, sleep_until};

use super::answer::{Fault, bytes};
use super::keys::{CHANNELS, Keys, beginning};
use super::link::Link;
use super::replication::Replication;
use crate::store::Arrivals;

/// How often everything is read that is waited for.
pub(super) const DRAIN_EVERY: Duration = Duration::from_secs(30);
/// How soon a subscription that failed is tried again.
const TRY_AGAIN: Duration = Duration::from_secs(1);
/// News that are told at once.
const TOLD_AT_ONCE: usize = 512;
const RELAY: usize = 8;
const ID: usize = 32;

/// What happened to a mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum News {
    /// Something may have arrived.
    Stirred(MailboxId),
    /// It is no more.
    Closed(MailboxId),
}

/// Tells the relay's own waiting at once, and other relays soon.
pub(super) struct Wake {
    pub(super) arrivals: Arc<dyn Arrivals>,
    others: UnboundedSender<News>,
}

impl Wake {
    pub(super) const fn new(arrivals: Arc<dyn Arrivals>, others: UnboundedSender<News>) -> Self {
        Self { arrivals, others }
    }

    /// Tells of an envelope that this relay has kept.
    pub(super) fn tell_of(&self, mailbox: &MailboxId, stored: &Arc<Stored>) {
        self.arrivals.arrived_next(mailbox, stored);
        // Without the teller, the store is being closed.
        let _told = self.others.send(News::Stirred(*mailbox));
    }

    pub(super) fn tell(&self, news: News) {
        self.hear(news);
        // Without the teller, the store is being closed.
        let _told = self.others.send(news);
    }

    fn hear(&self, news: News) {
        match news {
            News::Stirred(mailbox) => self.arrivals.stirred(&mailbox),
            News::Closed(mailbox) => self.arrivals.closed(&mailbox),
        }
    }
}

/// The channels, as this process uses them.
pub(super) struct Channels {
    /// By which others are told.
    pub(super) link: Link,
    /// By which they are heard.
    pub(super) ears: Link,
    pub(super) keys: Keys,
    /// Tells this process's own messages from those of others.
    pub(super) relay: [u8; RELAY],
    /// How often everything is read.
    pub(super) drain_every: Duration,
}

impl Channels {
    /// Tells other relays, until the store is closed; what comes while one message is under way goes together.
    pub(super) async fn tell(&self, mut news: UnboundedReceiver<News>) {
        let mut together = Vec::new();
        while news.recv_many(&mut together, TOLD_AT_ONCE).await > 0 {
            let messages = self.messages(&together).into_iter().map(|(channel, message)| async move {
                let channel = self.keys.channel(channel);
                // Whoever misses it reads all the same, within half a minute.
                let _told = self.link.ask(&channel, cmd("SPUBLISH").arg(channel.as_bytes()).arg(message)).await;
            });
            join_all(messages).await;
            together.clear();
        }
    }

    fn messages(&self, news: &[News]) -> Vec<(u8, Vec<u8>)> {
        let mut messages: Vec<(u8, u8, Vec<u8>)> = Vec::new();
        for news in news {
            let (kind, mailbox) = match news {
                News::Stirred(mailbox) => (0, mailbox),
                News::Closed(mailbox) => (1, mailbox),
            };
            let channel = beginning(mailbox.as_bytes()).last().map_or(0, |last| last % CHANNELS);
            match messages.iter_mut().find(|(other, of, _)| (*other, *of) == (channel, kind)) {
                Some((_, _, message)) => message.extend_from_slice(mailbox.as_bytes()),
                None => messages.push((channel, kind, [&self.relay, [kind].as_slice(), mailbox.as_bytes()].concat())),
            }
        }
        messages.into_iter().map(|(channel, _, message)| (channel, message)).collect()
    }

    /// Listens to other relays, for ever. Where what was read may have been lost again, it is anew that all is read after a break,
    /// and when a server begins another history: one that was only paused breaks nothing when another takes its place.
    pub(super) async fn listen(
        &self,
        wake: &Wake,
        mut pushes: UnboundedReceiver<PushInfo>,
        losing: Option<&Replication>,
    ) {
        let (mut is_broken, mut due) = (false, Instant::now());
        loop {
            tokio::select! {
                push = pushes.recv() => match push.map(|push| self.heard(wake, push)) {
                    Some(true) => {}
                    Some(false) => (is_broken, due) = (true, due.min(Instant::now() + TRY_AGAIN / 10)),
                    None => return,
                },
                () = begun_anew(losing) => wake.arrivals.stirred_all(true),
                () = sleep_until(due) => {
                    let is_subscribed = self.subscribe().await.is_ok();
                    wake.arrivals.stirred_all(losing.is_some() && is_broken);
                    if let Some(replication) = losing {
                        // Where that fails, it is tried again as late.
                        let _learnt = replication.learn(&self.link).await;
                    }
                    is_broken &= !is_subscribed;
                    due = Instant::now() + if is_subscribed { self.drain_every } else { TRY_AGAIN };
                }
            }
        }
    }

    async fn subscribe(&self) -> Result<(), Fault> {
        for channel in (0..CHANNELS).map(|number| self.keys.channel(number)) {
            self.ears.ask(&channel, cmd("SSUBSCRIBE").arg(channel.as_bytes())).await?;
        }
        Ok(())
    }

    /// Passes a message on; tells whether there may be more of them.
    fn heard(&self, wake: &Wake, push: PushInfo) -> bool {
        match push.kind {
            PushKind::SMessage => self.read(push.data).into_iter().for_each(|news| wake.hear(news)),
            PushKind::SUnsubscribe | PushKind::Disconnection => return false,
            _ => {}
        }
        true
    }

    /// What a message says, unless this process sent it itself.
    fn read(&self, data: Vec<Value>) -> Vec<News> {
        let message = data.into_iter().nth(1).and_then(|message| bytes(message).ok()).unwrap_or_default();
        let Some((relay, rest)) = message.split_first_chunk::<RELAY>() else { return Vec::new() };
        let Some((kind, mailboxes)) = rest.split_first() else { return Vec::new() };
        if relay == &self.relay {
            return Vec::new();
        }
        let news = if *kind == 0 { News::Stirred } else { News::Closed };
        mailboxes.as_chunks::<ID>().0.iter().map(|mailbox| news(MailboxId::from_bytes(*mailbox))).collect()
    }
}

async fn begun_anew(losing: Option<&Replication>) {
    match losing {
        Some(replication) => replication.began_anew().await,
        None => pending().await,
    }
}
