//! People who write to each other, a little unevenly, so that there is something to see.

use std::time::Duration;

use rand::Rng;
use sealpost_wire::codec::{List, V1};
use sealpost_wire::frame::{
    COLLECT_SOCKET, DEPOSIT_SOCKET, DeliveryFrame, DepositFrame, OutcomeFrame, OwnerFrame, Received, Tagged,
};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::sleep;

use crate::objects::{Mailbox, Shelf, envelope_id, item};
use crate::peer::{Http, Peer, Socket};
use crate::relay::TestRelay;
use crate::sockets::subscribe;

/// Who collects together, and how many of them there are.
const MAILBOXES: usize = 8;
const COLLECTORS: usize = 5;
const BEAT: Duration = Duration::from_millis(100);

/// Starts them; they go on until they are aborted.
pub(crate) async fn bustle(relay: &TestRelay) -> AbortHandle {
    let address = relay.address;
    let mut all = JoinSet::new();
    for number in 0..COLLECTORS {
        let mailboxes: Vec<_> = (0..MAILBOXES).map(|_| Mailbox::random()).collect();
        let mut owner = Peer::connect(&address, Http::Two).await;
        for mailbox in &mailboxes {
            owner.call(&mailbox.open()).await;
        }
        let mut collector = Socket::open(&address, COLLECT_SOCKET).await;
        for (mailbox, channel) in mailboxes.iter().zip(0..) {
            collector.say(&subscribe(channel, mailbox)).await;
        }
        all.spawn(collect(collector));
        all.spawn(send(Socket::open(&address, DEPOSIT_SOCKET).await, mailboxes, number as f64));
    }
    all.spawn(stock(address));
    tokio::spawn(async move { while all.join_next().await.is_some() {} }).abort_handle()
}

async fn collect(mut socket: Socket) {
    loop {
        for delivery in socket.hear::<DeliveryFrame>().await.deliveries.into_vec() {
            let received = Received { channel: delivery.channel, ids: List::new(vec![delivery.stored.id]).unwrap() };
            let acknowledge = List::new(vec![received]).unwrap();
            socket.say(&OwnerFrame { acknowledge, ..OwnerFrame::default() }).await;
        }
    }
}

/// More now and less then.
async fn send(mut socket: Socket, mailboxes: Vec<Mailbox>, phase: f64) {
    let mut beats = phase * 50.0;
    loop {
        beats += 1.0;
        let (long, short) = ((beats / 130.0 + phase).sin(), (beats / 37.0).sin());
        let count = (4.0 + 2.4 * long + 1.2 * short + rand::rng().random_range(-0.8..0.8)).max(1.0) as usize;
        let tagged = |tag: u32| Tagged { tag, deposit: mailboxes[tag as usize % MAILBOXES].deposit(envelope_id()) };
        let deposits = List::new((0..count as u32).map(tagged).collect()).unwrap();
        socket.say(&DepositFrame { version: V1, deposits }).await;
        let mut answered = 0;
        while answered < count {
            answered += socket.hear::<OutcomeFrame>().await.outcomes.len();
        }
        sleep(BEAT).await;
    }
}

/// Somebody stocks shelves, and somebody takes from them.
async fn stock(address: std::net::SocketAddr) {
    loop {
        let (shelf, mut owner) = (Shelf::random(), Peer::connect(&address, Http::Two).await);
        owner.call(&shelf.open()).await;
        owner.call(&shelf.stock((0..8).map(item).collect(), None)).await;
        owner.call(&shelf.count()).await;
        let mut stranger = Peer::connect(&address, Http::Two).await;
        let count = rand::rng().random_range(1..6);
        for _ in 0..count {
            stranger.call(&shelf.take()).await;
            sleep(BEAT * 2).await;
        }
        Peer::connect(&address, Http::Two).await.call(&shelf.close()).await;
    }
}
