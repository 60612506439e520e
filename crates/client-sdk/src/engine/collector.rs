//! Collects the mailboxes of one group over one connection: opens, commits, then acknowledges.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::time::Duration;

use sealpost_wire::codec::{List, V1};
use sealpost_wire::frame::{Channel, Delivery, DeliveryFrame, Ended, OwnerFrame, Received, Subscribe};
use sealpost_wire::request::Refusal;
use sealpost_wire::time::Day;

use super::context::{Context, Shared};
use super::health::{Part, Standing};
use super::opening::{Arrival, Opener};
use crate::clock;
use crate::net::{Backoff, CollectSocket, NetError};
use crate::store::mailboxes::Group;
use crate::store::{StoreError, mailboxes, relays};

/// How long a connection that is closed on purpose may take to say what it has to say.
const PARTING: Duration = Duration::from_secs(2);
const FIRST_WAIT: Duration = Duration::from_millis(200);
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Why collecting ended.
enum End {
    /// The engine stops.
    Stopped,
    /// The group has no mailbox any more.
    Empty,
    /// The connection ended, or could not be made.
    Network(NetError),
    /// What was delivered could not be stored, and is still on the relay.
    Store(StoreError),
    /// The relay does not know one of the mailboxes, or does not deliver it for now.
    Ended,
}

impl From<NetError> for End {
    fn from(error: NetError) -> Self {
        Self::Network(error)
    }
}

impl From<StoreError> for End {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Collects until the engine stops or the group is empty; connects again for ever.
pub(super) async fn run(context: Context, group: Group) -> Group {
    let health = &context.shared.health;
    let mut backoff = Backoff::new(FIRST_WAIT, LONGEST_WAIT);
    loop {
        health.set(Part::Collector(group), Standing::Offline);
        match collect(&context, group, &mut backoff).await {
            End::Stopped | End::Empty => break,
            End::Network(error) => context.note(&error),
            End::Store(error) => context.note_store(&error),
            End::Ended => {}
        }
        health.set(Part::Collector(group), Standing::Offline);
        let pause = backoff.after_failure(None, &mut rand::rng());
        if context.stop.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
            break;
        }
    }
    health.remove(Part::Collector(group));
    group
}

async fn collect(context: &Context, group: Group, backoff: &mut Backoff) -> End {
    let relay = match context.blocking(move |shared| shared.store.read(|tx| relays::reference(tx, group.relay()))).await
    {
        Ok(relay) => relay,
        Err(error) => return End::Store(error),
    };
    let connect = context.shared.network.collect_socket(&relay);
    let socket = match context.stop.run_until_cancelled(connect).await {
        None => return End::Stopped,
        Some(Err(error)) => return End::Network(error),
        Some(Ok(socket)) => socket,
    };
    let mut collection = Collection::new(context.clone(), group, socket);
    let end = collection.run(backoff).await;
    if matches!(end, End::Stopped | End::Empty) {
        collection.socket.close(PARTING).await;
    }
    end
}

/// One connection and what is subscribed on it.
struct Collection {
    context: Context,
    group: Group,
    socket: CollectSocket,
    /// The mailboxes' rows, by channel.
    channels: BTreeMap<Channel, i64>,
    next_channel: Channel,
    /// Channels of which what lay there is still arriving.
    behind: HashSet<Channel>,
    /// The day on which each channel was noted to hold nothing more.
    drained: HashMap<Channel, Day>,
}

impl Collection {
    fn new(context: Context, group: Group, socket: CollectSocket) -> Self {
        Self {
            context,
            group,
            socket,
            channels: BTreeMap::new(),
            next_channel: 0,
            behind: HashSet::new(),
            drained: HashMap::new(),
        }
    }

    async fn run(&mut self, backoff: &mut Backoff) -> End {
        let stop = self.context.stop.clone();
        loop {
            self.context.beats.mark_unchanged();
            match self.synchronize().await {
                Ok(()) if self.channels.is_empty() => return End::Empty,
                Ok(()) => {}
                Err(end) => return end,
            }
            loop {
                let handled = tokio::select! {
                    biased;
                    () = stop.cancelled() => return End::Stopped,
                    frame = self.socket.next() => match frame {
                        Ok(frame) => self.handle(frame).await,
                        Err(error) => return End::Network(error),
                    },
                    _ = self.context.beats.changed() => break,
                };
                match handled {
                    Ok(()) => backoff.succeeded(),
                    Err(end) => return end,
                }
            }
        }
    }

    /// Subscribes what has come to the group, and ends what has left it.
    async fn synchronize(&mut self) -> Result<(), End> {
        let group = self.group;
        let wanted = self.context.blocking(move |shared| shared.store.read(mailboxes::collected)).await?;
        let wanted: BTreeSet<i64> = wanted.into_iter().filter(|row| row.group() == group).map(|row| row.row).collect();
        let known: BTreeSet<i64> = self.channels.values().copied().collect();
        if wanted != known {
            self.unsubscribe(&wanted).await?;
            self.subscribe(wanted.difference(&known).copied().collect()).await?;
        }
        self.note_drained().await?;
        self.report();
        Ok(())
    }

    /// Remembers, once a day, which mailboxes hold nothing that has not been collected.
    async fn note_drained(&mut self) -> Result<(), StoreError> {
        let today = clock::today();
        let is_news = |channel: &Channel| !self.behind.contains(channel) && self.drained.get(channel) != Some(&today);
        let news: Vec<_> =
            self.channels.iter().filter(|(channel, _)| is_news(channel)).map(|(c, row)| (*c, *row)).collect();
        if news.is_empty() {
            return Ok(());
        }
        self.drained.extend(news.iter().map(|(channel, _)| (*channel, today)));
        let note = move |tx: &rusqlite::Transaction<'_>| {
            news.iter().try_for_each(|(_, row)| mailboxes::set_drained(tx, *row, today))
        };
        self.context.blocking(move |shared| shared.store.write(note)).await
    }

    async fn subscribe(&mut self, rows: Vec<i64>) -> Result<(), End> {
        let load = move |tx: &rusqlite::Transaction<'_>| {
            rows.into_iter().filter_map(|row| mailboxes::by_row(tx, row).transpose()).collect::<Result<Vec<_>, _>>()
        };
        let mailboxes = self.context.blocking(move |shared| shared.store.read(load)).await?;
        let mut subscribe = Vec::with_capacity(mailboxes.len());
        for mailbox in mailboxes {
            let channel = self.next_channel;
            self.next_channel = channel.wrapping_add(1);
            self.channels.insert(channel, mailbox.row);
            self.behind.insert(channel);
            subscribe.push(Subscribe { channel, mailbox: mailbox.id(), collect: mailbox.collect });
        }
        if subscribe.is_empty() {
            return Ok(());
        }
        let subscribe = List::new(subscribe).unwrap_or_default();
        Ok(self.socket.send(&OwnerFrame { version: V1, subscribe, ..OwnerFrame::default() }).await?)
    }

    async fn unsubscribe(&mut self, wanted: &BTreeSet<i64>) -> Result<(), End> {
        let left: Vec<_> =
            self.channels.iter().filter(|(_, row)| !wanted.contains(row)).map(|(channel, _)| *channel).collect();
        for channel in &left {
            self.channels.remove(channel);
            self.behind.remove(channel);
            self.drained.remove(channel);
        }
        if left.is_empty() {
            return Ok(());
        }
        let unsubscribe = List::new(left).unwrap_or_default();
        Ok(self.socket.send(&OwnerFrame { version: V1, unsubscribe, ..OwnerFrame::default() }).await?)
    }

    async fn handle(&mut self, frame: DeliveryFrame) -> Result<(), End> {
        self.receive(frame.deliveries.into_vec()).await?;
        for channel in frame.caught_up.into_vec() {
            self.behind.remove(&channel);
            self.drained.remove(&channel);
        }
        self.note_drained().await?;
        self.report();
        self.end(frame.ended.into_vec()).await
    }

    /// Opens and commits, then acknowledges.
    async fn receive(&self, deliveries: Vec<Delivery>) -> Result<(), End> {
        let mut acknowledge: HashMap<Channel, Vec<_>> = HashMap::new();
        let mut arrivals = Vec::with_capacity(deliveries.len());
        for Delivery { channel, stored } in deliveries {
            // What still comes for a subscription that was ended stays on the relay.
            let Some(mailbox) = self.channels.get(&channel) else { continue };
            acknowledge.entry(channel).or_default().push(stored.id);
            arrivals.push(Arrival { mailbox: *mailbox, stored });
        }
        if arrivals.is_empty() {
            return Ok(());
        }
        self.context.open(arrivals).await?;
        let received = |(channel, ids)| Received { channel, ids: List::new(ids).unwrap_or_default() };
        let acknowledge = List::new(acknowledge.into_iter().map(received).collect()).unwrap_or_default();
        Ok(self.socket.send(&OwnerFrame { version: V1, acknowledge, ..OwnerFrame::default() }).await?)
    }

    /// A mailbox that the relay does not know has lapsed: upkeep opens it again.
    async fn end(&mut self, ended: Vec<Ended>) -> Result<(), End> {
        if ended.is_empty() {
            return Ok(());
        }
        let unknown = |ended: &Ended| matches!(ended.reason, Refusal::Denied | Refusal::Gone);
        let lapsed: Vec<i64> = ended
            .iter()
            .filter(|ended| unknown(ended))
            .filter_map(|ended| self.channels.get(&ended.channel).copied())
            .collect();
        tracing::debug!("the relay ended a subscription");
        self.context.set_lapsed(lapsed).await?;
        Err(End::Ended)
    }

    fn report(&self) {
        let standing = if self.behind.is_empty() { Standing::CaughtUp } else { Standing::Online };
        self.context.shared.health.set(Part::Collector(self.group), standing);
    }
}

impl Context {
    /// Opens and commits what was delivered. Only then may it be acknowledged.
    pub(super) async fn open(&self, arrivals: Vec<Arrival>) -> Result<(), StoreError> {
        let open = move |shared: &Shared| {
            let opener = Opener::new(&shared.local, clock::now(), shared.inner.options.receipt_within);
            shared.store.write(|tx| opener.open_all(tx, &arrivals))
        };
        self.blocking(open).await?.into_iter().for_each(|event| self.tell(event));
        self.changed();
        Ok(())
    }

    /// The relay does not know these mailboxes: upkeep opens them again.
    pub(super) async fn set_lapsed(&self, rows: Vec<i64>) -> Result<(), StoreError> {
        let lapse = move |shared: &Shared| {
            shared.store.write(|tx| rows.iter().try_for_each(|row| mailboxes::set_lapsed(tx, *row)))
        };
        self.blocking(lapse).await?;
        self.changed();
        Ok(())
    }
}
