//! A collector: one socket that has some mailboxes delivered, checks what comes and acknowledges it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use sealpost_wire::EnvelopeId;
use sealpost_wire::envelope::AT_REST_OVERHEAD;
use sealpost_wire::frame::{Channel, Subscribe};
use sealpost_wire::request::MAX_BATCH;
use tokio::time::{Interval, interval};

use super::client::Socket;
use super::frames::{self, Delivered};
use super::latency::Latency;
use super::mailboxes::Mailbox;
use super::mark::Mark;
use super::verify::{Received, Wrong};
use super::window::Window;
use crate::failure::Failure;
use crate::scenario::phase::Phase;
use crate::seal::Opening;

/// Of so many envelopes of a mailbox, one is opened and compared with what was sent.
const OPENED: u32 = 128;
/// Once so many wait to be acknowledged, no further frame is read before.
const ACKNOWLEDGED: usize = 256;
/// So many ids go into one list, and lists into one frame: the longest is as long as a relay takes.
const IDS: usize = 56;

/// A mailbox in the hands of its collector.
pub struct Owned {
    /// Its number in the run, which is the channel's too.
    pub mailbox: u32,
    /// Its keys and its envelope.
    pub of: Arc<Mailbox>,
    /// Told when its envelopes come.
    pub window: Arc<Window>,
    /// What came of it: nothing yet.
    pub received: Received,
}

/// The mailboxes of one connection, what came of each, and what is still to be acknowledged.
pub(super) struct Channels {
    by_channel: BTreeMap<Channel, (Owned, Vec<EnvelopeId>)>,
    /// Channels that have not caught up.
    behind: BTreeSet<Channel>,
    /// Channels that were left: what was on its way then may still come.
    left: BTreeSet<Channel>,
    /// Channels with something to be acknowledged, and how much of all.
    owing: Vec<Channel>,
    waiting: usize,
    latency: Latency,
    opening: Opening,
}

/// One collector.
pub struct Collector {
    socket: Socket,
    channels: Channels,
    phase: Arc<Phase>,
    late: Option<Duration>,
}

/// What a collector got.
pub struct Collected {
    /// By mailbox.
    pub received: Vec<(u32, Received)>,
    /// From when a deposit was due to its delivery.
    pub latency: Latency,
}

impl Collector {
    /// Subscribes, and waits until the relay has told what lay there: all of it when `caught_up` is waited for.
    ///
    /// # Errors
    /// [`Failure`], of the connection.
    pub async fn subscribe(
        mut socket: Socket,
        mailboxes: Vec<Owned>,
        phase: Arc<Phase>,
        opening: Opening,
    ) -> Result<Self, Failure> {
        let mut channels = Channels::new(opening);
        mailboxes.into_iter().for_each(|owned| channels.take_in(owned));
        for some in channels.subscriptions().chunks(MAX_BATCH) {
            socket.say([frames::subscription(some.to_vec())]).await?;
        }
        Ok(Self { socket, channels, phase, late: None })
    }

    /// The same; with a time, it acknowledges what has come since only so often, instead of at once.
    #[must_use]
    pub const fn late(mut self, every: Option<Duration>) -> Self {
        self.late = every;
        self
    }

    /// Waits until all channels have caught up.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn catch_up(&mut self) -> Result<(), Failure> {
        while self.channels.are_behind() {
            let frame = self.socket.hear().await?;
            self.channels.read(&frame, &self.phase)?;
            self.acknowledge().await?;
        }
        Ok(())
    }

    /// Collects until the phase is closed.
    ///
    /// # Errors
    /// [`Failure`], also when something comes that should not.
    pub async fn run(mut self) -> Result<Collected, Failure> {
        let mut rounds = self.late.map(interval);
        loop {
            tokio::select! {
                frame = self.socket.hear() => self.take(&frame?).await?,
                () = round(&mut rounds) => self.acknowledge().await?,
                () = self.phase.closed() => break,
            }
        }
        Ok(self.channels.collected())
    }

    async fn take(&mut self, frame: &[u8]) -> Result<(), Failure> {
        match self.late {
            Some(_) => self.channels.read(frame, &self.phase),
            None => self.channels.read_all(frame, &mut self.socket, &self.phase).await,
        }
    }

    async fn acknowledge(&mut self) -> Result<(), Failure> {
        self.channels.acknowledge(&mut self.socket).await
    }
}

/// The next time to acknowledge; never, where that is done at once.
async fn round(rounds: &mut Option<Interval>) {
    match rounds {
        Some(rounds) => drop(rounds.tick().await),
        None => std::future::pending().await,
    }
}

impl Channels {
    /// None yet.
    pub(super) fn new(opening: Opening) -> Self {
        let (behind, left) = (BTreeSet::new(), BTreeSet::new());
        Self {
            by_channel: BTreeMap::new(),
            behind,
            left,
            owing: Vec::new(),
            waiting: 0,
            latency: Latency::default(),
            opening,
        }
    }

    /// One more mailbox.
    pub(super) fn take_in(&mut self, owned: Owned) {
        self.behind.insert(owned.mailbox);
        self.by_channel.insert(owned.mailbox, (owned, Vec::new()));
    }

    /// What has come of one so far.
    pub(super) fn received(&self, channel: Channel) -> Option<&Received> {
        self.by_channel.get(&channel).map(|(owned, _)| &owned.received)
    }

    /// One less; what came of it.
    pub(super) fn leave(&mut self, channel: Channel) -> Option<Received> {
        self.behind.remove(&channel);
        self.left.insert(channel);
        self.by_channel.remove(&channel).map(|(owned, _)| owned.received)
    }

    /// How the relay is asked for all of them, which are behind from then on.
    pub(super) fn subscriptions(&mut self) -> Vec<Subscribe> {
        self.behind = self.by_channel.keys().copied().collect();
        self.by_channel.values().map(|(owned, _)| owned.of.subscribe(owned.mailbox)).collect()
    }

    /// Whether some of them have not caught up.
    pub(super) fn are_behind(&self) -> bool {
        !self.behind.is_empty()
    }

    /// What came of all.
    pub(super) fn collected(self) -> Collected {
        let received = self.by_channel.into_iter().map(|(mailbox, (owned, _))| (mailbox, owned.received));
        Collected { received: received.collect(), latency: self.latency }
    }

    /// Takes note of a frame and of those behind it that are there, and acknowledges what was in them.
    pub(super) async fn read_all(&mut self, frame: &[u8], socket: &mut Socket, phase: &Phase) -> Result<(), Failure> {
        self.read(frame, phase)?;
        while self.waiting < ACKNOWLEDGED {
            let Some(frame) = socket.hear().now_or_never() else { break };
            self.read(&frame?, phase)?;
        }
        self.acknowledge(socket).await
    }

    async fn acknowledge(&mut self, socket: &mut Socket) -> Result<(), Failure> {
        if self.waiting == 0 {
            return Ok(());
        }
        self.waiting = 0;
        let mut ids: Vec<(Channel, Vec<EnvelopeId>)> = Vec::new();
        for channel in self.owing.drain(..) {
            let Some((_, got)) = self.by_channel.get_mut(&channel) else { continue };
            ids.extend(got.chunks(IDS).map(|ids| (channel, ids.to_vec())));
            got.clear();
        }
        socket.say(frames::acknowledgements(&ids)).await
    }

    /// Takes note of a frame.
    fn read(&mut self, frame: &[u8], phase: &Phase) -> Result<(), Failure> {
        let now = phase.now();
        let mut first = 0;
        let mut of: Option<Arc<Window>> = None;
        let told = frames::deliveries(frame, |delivered| {
            if self.left.contains(&delivered.channel) {
                return Ok(());
            }
            let (window, is_first) = self.take(delivered, now, phase)?;
            let same = of.as_ref().is_some_and(|of| Arc::ptr_eq(of, &window));
            if !same && let Some(of) = of.replace(window) {
                of.deliver(std::mem::take(&mut first));
            }
            first += u64::from(is_first);
            Ok(())
        })?;
        if let Some(of) = of {
            of.deliver(first);
        }
        for channel in &told.caught_up {
            self.behind.remove(channel);
        }
        // A mailbox that was left may have been closed before the relay had heard of it.
        if told.ended.iter().all(|channel| self.left.contains(channel)) { Ok(()) } else { Err(Failure::NoFrame) }
    }

    fn take(&mut self, delivered: Delivered<'_>, now: u64, phase: &Phase) -> Result<(Arc<Window>, bool), Failure> {
        let mark = Mark::of(&delivered.id);
        let (owned, ids) = self.by_channel.get_mut(&delivered.channel).ok_or(Wrong::Foreign)?;
        if mark.mailbox != owned.mailbox {
            return Err(Wrong::Foreign.into());
        }
        let is_whole = delivered.sealed.len() == owned.of.envelope(mark.number).len() + AT_REST_OVERHEAD;
        let is_opened = mark.number.is_multiple_of(OPENED) || owned.of.is_read(mark.number);
        if !is_whole || is_opened && !self.opening.is_of(&owned.of, &delivered) {
            return Err(Wrong::Altered.into());
        }
        if ids.is_empty() {
            self.owing.push(delivered.channel);
        }
        ids.push(delivered.id);
        self.waiting += 1;
        let first = owned.received.take(mark)?;
        if first && phase.is_measured(mark.due) {
            self.latency.record(now.saturating_sub(mark.due));
        }
        Ok((Arc::clone(&owned.window), first))
    }
}
