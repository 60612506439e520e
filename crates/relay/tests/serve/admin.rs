//! The operator's listener, and stopping.

use futures_util::future::join_all;
use futures_util::{SinkExt, StreamExt};
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use sealpost_wire::codec::{List, V1};
use sealpost_wire::frame::{COLLECT_SOCKET, DEPOSIT_SOCKET, DeliveryFrame, DepositFrame, OutcomeFrame, Tagged};
use sealpost_wire::request::Outcome;
use sealpost_wire::{EnvelopeId, from_bytes, to_bytes};
use tokio::net::TcpStream;
use tokio::time::{Duration, sleep, timeout};
use tokio_tungstenite::tungstenite::Message;

use crate::objects::{Mailbox, envelope_id};
use crate::peer::{Http, Peer, Socket};
use crate::relay::{PATIENCE, TestRelay};
use crate::sockets::{collect, subscribe};

const AWAY: Option<u16> = Some(1001);

pub(crate) async fn admin(relay: &TestRelay, method: Method, path: &str, origin: Option<&str>) -> (StatusCode, String) {
    ask(relay, method, path, "localhost", origin).await
}

async fn ask(relay: &TestRelay, method: Method, path: &str, host: &str, origin: Option<&str>) -> (StatusCode, String) {
    let stream = TcpStream::connect(relay.admin).await.unwrap();
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let mut request = Request::builder().method(method).uri(path).header("host", host);
    if let Some(origin) = origin {
        request = request.header("origin", origin);
    }
    let response = sender.send_request(request.body(Full::<bytes::Bytes>::default()).unwrap()).await.unwrap();
    let status = response.status();
    (status, String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap())
}

#[tokio::test]
async fn a_running_relay_is_healthy_and_ready() {
    let relay = TestRelay::start().await;
    assert_eq!(admin(&relay, Method::GET, "/health", None).await.0, StatusCode::OK);
    assert_eq!(admin(&relay, Method::GET, "/ready", None).await.0, StatusCode::OK);
    relay.stop().await;
}

#[tokio::test]
async fn a_stopping_relay_is_healthy_but_not_ready() {
    let mut relay = TestRelay::start().await;
    // A raw connection within its handshake does not hear of the stop, and so holds it up.
    let _held = TcpStream::connect(relay.address).await.unwrap();
    sleep(Duration::from_millis(100)).await;
    relay.ask_to_stop();
    let unready = async {
        while admin(&relay, Method::GET, "/ready", None).await.0 == StatusCode::OK {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, unready).await.expect("still ready");
    assert_eq!(admin(&relay, Method::GET, "/health", None).await.0, StatusCode::OK);
    drop(_held);
    relay.stop().await;
}

#[tokio::test]
async fn metrics_count_the_whole_relay_and_name_no_object() {
    let relay = TestRelay::start().await;
    let mailbox = Mailbox::random();
    let mut owner = Peer::connect(&relay, Http::Two).await;
    owner.call(&mailbox.open()).await;
    Peer::connect(&relay, Http::Two).await.call(&mailbox.deposit(envelope_id())).await;
    let (status, text) = admin(&relay, Method::GET, "/metrics", None).await;
    assert_eq!(status, StatusCode::OK);
    for line in [
        "sealpost_deposits_accepted_total 1",
        "sealpost_mailboxes_opened_total 1",
        "sealpost_requests_total{kind=\"open_mailbox\",answer=\"done\"} 1",
        "sealpost_requests_total{kind=\"deposit\",answer=\"done\"} 1",
        "sealpost_request_seconds_count 2",
    ] {
        assert!(text.lines().any(|found| found == line), "no {line} in\n{text}");
    }
    let size = text.lines().find_map(|line| line.strip_prefix("sealpost_store_bytes ")).expect("no size of the store");
    assert!(size.parse::<f64>().unwrap() > 4_080.0, "{size}");
    let labels = ["{kind=", "{socket=", "{le=", "{version="];
    for line in text.lines().filter(|line| line.contains('{')) {
        assert!(labels.iter().any(|label| line.contains(label)), "{line}");
    }
    relay.stop().await;
}

#[tokio::test]
async fn purging_keeps_what_is_live() {
    let relay = TestRelay::start().await;
    let (mailbox, id) = (Mailbox::random(), envelope_id());
    let mut owner = Peer::connect(&relay, Http::Two).await;
    owner.call(&mailbox.open()).await;
    Peer::connect(&relay, Http::Two).await.call(&mailbox.deposit(id)).await;
    assert_eq!(admin(&relay, Method::POST, "/purge", None).await.0, StatusCode::OK);
    assert_eq!(owner.call(&mailbox.collect()).await.envelopes[0].id, id);
    relay.stop().await;
}

#[tokio::test]
async fn a_page_in_a_browser_can_ask_for_nothing() {
    let relay = TestRelay::start().await;
    for (method, path) in [(Method::POST, "/purge"), (Method::GET, "/metrics")] {
        assert_eq!(admin(&relay, method, path, Some("https://example.org")).await.0, StatusCode::FORBIDDEN);
    }
    relay.stop().await;
}

#[tokio::test]
async fn a_page_whose_name_was_made_to_lead_here_learns_nothing() {
    let relay = TestRelay::start().await;
    for (method, path) in [(Method::POST, "/purge"), (Method::GET, "/metrics")] {
        let there = ask(&relay, method.clone(), path, "example.org:8444", None).await;
        assert_eq!(there.0, StatusCode::FORBIDDEN);
        assert_eq!(ask(&relay, method, path, &relay.admin.to_string(), None).await.0, StatusCode::OK);
    }
    relay.stop().await;
}

#[tokio::test]
async fn stopping_says_goodbye_to_every_socket_and_connection() {
    let mut relay = TestRelay::start().await;
    let mailbox = Mailbox::random();
    let mut owner = Peer::connect(&relay, Http::Two).await;
    owner.call(&mailbox.open()).await;
    let mut collector = Socket::open(&relay, COLLECT_SOCKET).await;
    collector.say(&subscribe(0, &mailbox)).await;
    assert_eq!(*collector.hear::<DeliveryFrame>().await.caught_up, [0]);
    let mut sender = Socket::open(&relay, DEPOSIT_SOCKET).await;
    relay.ask_to_stop();
    assert_eq!((collector.goodbye().await, sender.goodbye().await), (AWAY, AWAY));
    let address = relay.address;
    relay.stop().await;
    assert!(TcpStream::connect(address).await.is_err());
}

/// Deposits frame after frame until the relay says goodbye; gives the ids that it accepted.
async fn deposit_until_goodbye(mut sender: Socket, mailbox: &Mailbox) -> Vec<EnvelopeId> {
    let mut accepted = Vec::new();
    loop {
        let ids: Vec<_> = (0..8).map(|_| envelope_id()).collect();
        let tagged = |(id, tag): (&EnvelopeId, u32)| Tagged { tag, deposit: mailbox.deposit(*id) };
        let deposits = List::new(ids.iter().zip(0..).map(tagged).collect()).unwrap();
        let frame = Message::Binary(to_bytes(&DepositFrame { version: V1, deposits }).into());
        if sender.0.send(frame).await.is_err() {
            return accepted;
        }
        let Some(Ok(Message::Binary(told))) = sender.0.next().await else { return accepted };
        let told: OutcomeFrame = from_bytes(&told).unwrap();
        accepted.extend(
            told.outcomes.iter().filter(|told| told.outcome == Outcome::Accepted).map(|told| ids[told.tag as usize]),
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_accepted_while_the_relay_was_stopping_is_there_when_it_runs_again() {
    let mut relay = TestRelay::start().await;
    let mailboxes = [Mailbox::random(), Mailbox::random(), Mailbox::random(), Mailbox::random()];
    let mut owner = Peer::connect(&relay, Http::Two).await;
    let mut senders = Vec::new();
    for mailbox in &mailboxes {
        owner.call(&mailbox.open()).await;
        senders.push(deposit_until_goodbye(Socket::open(&relay, DEPOSIT_SOCKET).await, mailbox));
    }
    let stopping = async {
        sleep(Duration::from_millis(300)).await;
        relay.ask_to_stop();
    };
    let (accepted, ()) = timeout(PATIENCE, async { tokio::join!(join_all(senders), stopping) }).await.unwrap();
    let relay = relay.stop().await.start().await;
    for (mailbox, accepted) in mailboxes.iter().zip(accepted) {
        assert!(!accepted.is_empty());
        let mut collector = Socket::open(&relay, COLLECT_SOCKET).await;
        collector.say(&subscribe(0, mailbox)).await;
        assert_eq!(collect(&mut collector, accepted.len()).await[..accepted.len()], accepted);
    }
    relay.stop().await;
}
