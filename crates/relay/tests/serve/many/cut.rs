//! A relay whose way to Redis carries nothing any more.

use std::time::Duration;

use http::{Method, StatusCode};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch::{Receiver, Sender, channel};
use tokio::time::{sleep, timeout};

use super::*;
use crate::admin::admin;
use crate::relay::PATIENCE;

/// A line to a server that can be cut: what is cut carries nothing, and closes nothing.
struct Line {
    address: SocketAddr,
    is_cut: Sender<bool>,
}

impl Line {
    async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (line, is_cut) = (listener.local_addr().unwrap(), channel(false));
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                tokio::spawn(carry(near, server, is_cut.1.clone()));
            }
        });
        Self { address: line, is_cut: is_cut.0 }
    }
}

/// Until the line is cut; then it ends once it is whole again.
async fn carry(mut near: TcpStream, server: SocketAddr, mut is_cut: Receiver<bool>) -> Option<()> {
    is_cut.wait_for(|is_cut| !is_cut).await.ok()?;
    let mut far = TcpStream::connect(server).await.ok()?;
    tokio::select! {
        ended = copy_bidirectional(&mut near, &mut far) => return ended.ok().map(drop),
        cut = is_cut.wait_for(|is_cut| *is_cut) => drop(cut.ok()?),
    }
    is_cut.wait_for(|is_cut| !is_cut).await.ok().map(drop)
}

async fn readiness(relay: &TestRelay) -> StatusCode {
    admin(relay, Method::GET, "/ready", None).await.0
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_is_cut_from_redis_says_try_later_and_is_not_ready_and_loses_nothing() {
    let server = Server::start(SYNCED).unwrap();
    let line = Line::to(server.address()).await;
    let operator = OperatorSecret::random(&mut rand::rng());
    let cut = TestRelay::start_by(&operator, on(vec![line.address])).await;
    let other = TestRelay::start_by(&operator, on(vec![server.address()])).await;
    let mailbox = Mailbox::random();
    Peer::connect(&cut, Http::Two).await.call(&mailbox.open()).await;
    let before = deposit(&cut, &mailbox).await;
    line.is_cut.send(true).unwrap();
    let deposited = Peer::connect(&cut, Http::Two).await.call(&mailbox.deposit(envelope_id())).await;
    assert_eq!(deposited.outcome, Outcome::TryLater);
    let refused = Peer::connect(&cut, Http::Two).await.ask(&mailbox.collect()).await;
    assert_eq!(refused.refused(), (503, Refusal::TryLater), "never that there is no such mailbox");
    assert_eq!((readiness(&cut).await, readiness(&other).await), (StatusCode::SERVICE_UNAVAILABLE, StatusCode::OK));
    let meanwhile = deposit(&other, &mailbox).await;
    line.is_cut.send(false).unwrap();
    let back = async {
        while readiness(&cut).await != StatusCode::OK {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(2 * PATIENCE, back).await.expect("it does not come back");
    let collected = Peer::connect(&cut, Http::Two).await.call(&mailbox.collect()).await;
    assert_eq!(collected.envelopes.iter().map(|stored| stored.id).collect::<Vec<_>>(), [before, meanwhile]);
    cut.stop().await;
    other.stop().await;
}
