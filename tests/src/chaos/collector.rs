//! A collector: some mailboxes, delivered by whichever relay is there.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use sealpost_wire::codec::{List, V1};
use sealpost_wire::frame::{COLLECT_SOCKET, DeliveryFrame, OwnerFrame, Received, Subscribe};
use tokio::time::sleep;

use super::client::Socket;
use super::ledger::Ledger;
use super::letter::Mailbox;
use super::load::{RELAYS, Signal};
use crate::Result;

/// When a relay is tried again that was not reached.
const AGAIN: Duration = Duration::from_millis(100);

/// One collector.
pub(super) struct Collector {
    pub(super) relays: [SocketAddr; RELAYS],
    pub(super) mailboxes: Vec<Arc<Mailbox>>,
    pub(super) ledger: Arc<Ledger>,
    pub(super) signal: Arc<Signal>,
}

impl Collector {
    /// Collects until all has come, at the second relay first.
    ///
    /// # Errors
    /// None of a relay or a connection: those are what is tried.
    pub(super) async fn run(self) -> Result<()> {
        for relay in (0..RELAYS).rev().cycle() {
            let Some(address) = self.relays.get(relay) else { break };
            tokio::select! {
                () = self.signal.all_came() => break,
                // What failed is tried at the other relay.
                _failed = self.collect(*address) => sleep(AGAIN).await,
            }
        }
        Ok(())
    }

    async fn collect(&self, relay: SocketAddr) -> Result<()> {
        let mut socket = self.subscribe(relay).await?;
        loop {
            let frame = socket.hear().await?;
            self.take(&mut socket, frame).await?;
        }
    }

    /// Collects once what lies there; tells how much it was.
    ///
    /// # Errors
    /// The relay is not reached, or ends a subscription.
    pub(super) async fn sweep(&self, relay: SocketAddr) -> Result<usize> {
        let mut socket = self.subscribe(relay).await?;
        let (mut caught_up, mut lay_there) = (0, 0);
        while caught_up < self.mailboxes.len() {
            let frame: DeliveryFrame = socket.hear().await?;
            caught_up += frame.caught_up.len();
            lay_there += frame.deliveries.len();
            self.take(&mut socket, frame).await?;
        }
        Ok(lay_there)
    }

    async fn subscribe(&self, relay: SocketAddr) -> Result<Socket> {
        let mut socket = Socket::open(relay, COLLECT_SOCKET).await?;
        let subscribe = |(channel, mailbox): (u32, &Arc<Mailbox>)| Subscribe {
            channel,
            mailbox: mailbox.id(),
            collect: mailbox.collect_key().clone(),
        };
        let subscribe = List::new((0..).zip(&self.mailboxes).map(subscribe).collect());
        let subscribe = subscribe.map_err(|_| "more mailboxes than a frame takes")?;
        socket.say(&OwnerFrame { subscribe, ..OwnerFrame::default() }).await?;
        Ok(socket)
    }

    /// Takes note of what came, and has it erased.
    async fn take(&self, socket: &mut Socket, frame: DeliveryFrame) -> Result<()> {
        if !frame.ended.is_empty() {
            self.ledger.counts.denied.fetch_add(1, Ordering::Relaxed);
            return Err("a mailbox that is there is not delivered".into());
        }
        let mut received = Vec::new();
        for delivery in frame.deliveries.into_vec() {
            let mailbox = self.mailboxes.get(delivery.channel as usize).ok_or("a channel that nobody asked for")?;
            match mailbox.opened(&delivery.stored) {
                Some(letter) => self.ledger.deliver(mailbox.number, letter),
                None => drop(self.ledger.counts.altered.fetch_add(1, Ordering::Relaxed)),
            }
            let ids = List::new(vec![delivery.stored.id]).unwrap_or_default();
            received.push(Received { channel: delivery.channel, ids });
        }
        if received.is_empty() {
            return Ok(());
        }
        let acknowledge = List::new(received).unwrap_or_default();
        socket.say(&OwnerFrame { version: V1, acknowledge, ..OwnerFrame::default() }).await
    }
}
