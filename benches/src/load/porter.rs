//! A collector that goes on: its connection may break, by its own will or another's, and its mailboxes change.

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use rand::Rng;
use sealpost_wire::frame::COLLECT_SOCKET;
use sealpost_wire::request::MAX_BATCH;
use tokio::sync::{mpsc, oneshot};
use tokio::time::sleep;

use super::client::{Socket, Target};
use super::collector::{Channels, Collected, Owned};
use super::frames;
use super::latency::Latency;
use super::verify::Received;
use crate::failure::Failure;
use crate::scenario::phase::Phase;
use crate::seal::Opening;

/// What a client reads at once.
const BUFFER: usize = 64 * 1024;
/// How long a relay is left alone that does not take a connection.
const PAUSE: Duration = Duration::from_millis(100);

/// What a porter is told.
pub enum Order {
    /// One mailbox more.
    Take(Owned),
    /// What has come of one so far is told.
    Show(u32, oneshot::Sender<Received>),
    /// One less; what came of it is told.
    Leave(u32, oneshot::Sender<Received>),
}

/// When it is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Habit {
    /// For how long a connection is kept, in ms, and on until it has caught up.
    pub there: RangeInclusive<u64>,
    /// How long none is, in ms.
    pub away: RangeInclusive<u64>,
}

/// A collector that goes on.
pub struct Porter {
    target: Target,
    phase: Arc<Phase>,
    channels: Channels,
    orders: mpsc::UnboundedReceiver<Order>,
    habit: Habit,
    connections: u64,
}

/// What a porter did.
#[derive(Debug, Clone, Default)]
pub struct Carried {
    /// By mailbox, of those that it has still.
    pub received: Vec<(u32, Received)>,
    /// From when a deposit was due to its delivery.
    pub latency: Latency,
    /// Connections that it has had.
    pub connections: u64,
}

impl Porter {
    /// One with those mailboxes, who is told of others.
    #[must_use]
    pub fn new(
        target: Target,
        phase: Arc<Phase>,
        (mailboxes, opening): (Vec<Owned>, Opening),
        orders: mpsc::UnboundedReceiver<Order>,
        habit: Habit,
    ) -> Self {
        let mut channels = Channels::new(opening);
        mailboxes.into_iter().for_each(|owned| channels.take_in(owned));
        Self { target, phase, channels, orders, habit, connections: 0 }
    }

    /// Collects until the phase is closed, on as many connections as it takes. Once senders are through it stays.
    ///
    /// # Errors
    /// [`Failure`], but not that of a connection.
    pub async fn run(mut self) -> Result<Carried, Failure> {
        while !self.phase.is_closed() {
            match self.connection().await {
                Ok(()) => self.stay_away().await,
                Err(failure) if failure.is_of_the_connection() => sleep(PAUSE).await,
                Err(failure) => return Err(failure),
            }
        }
        let Collected { received, latency } = self.channels.collected();
        Ok(Carried { received, latency, connections: self.connections })
    }

    /// One connection, from its beginning to the end of its time.
    async fn connection(&mut self) -> Result<(), Failure> {
        let mut socket = self.target.socket(COLLECT_SOCKET, BUFFER).await?;
        self.connections += 1;
        for some in self.channels.subscriptions().chunks(MAX_BATCH) {
            socket.say([frames::subscription(some.to_vec())]).await?;
        }
        let end = sleep(Duration::from_millis(rand::rng().random_range(self.habit.there.clone())));
        tokio::pin!(end);
        let mut ended = false;
        while !ended || self.channels.are_behind() || self.phase.is_over() {
            tokio::select! {
                frame = socket.hear() => self.channels.read_all(&frame?, &mut socket, &self.phase).await?,
                Some(order) = self.orders.recv() => self.obey(order, &mut socket).await?,
                () = &mut end, if !ended => ended = true,
                () = self.phase.closed() => break,
            }
        }
        Ok(())
    }

    async fn obey(&mut self, order: Order, socket: &mut Socket) -> Result<(), Failure> {
        match order {
            Order::Take(owned) => {
                let subscription = frames::subscription(vec![owned.of.subscribe(owned.mailbox)]);
                self.channels.take_in(owned);
                socket.say([subscription]).await
            }
            Order::Show(channel, done) => {
                if let Some(received) = self.channels.received(channel) {
                    // Whoever wanted to know may have ended with the run.
                    let _told = done.send(received.clone());
                }
                Ok(())
            }
            Order::Leave(channel, done) => {
                if let Some(received) = self.channels.leave(channel) {
                    // Whoever wanted to know may have ended with the run.
                    let _told = done.send(received);
                }
                socket.say([frames::unsubscription(channel)]).await
            }
        }
    }

    async fn stay_away(&self) {
        let away = Duration::from_millis(rand::rng().random_range(self.habit.away.clone()));
        tokio::select! {
            () = sleep(away) => {}
            () = self.phase.over() => {}
        }
    }
}
