//! The operator's listener, and stopping.

use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use sealpost_wire::frame::{COLLECT_SOCKET, DEPOSIT_SOCKET, DeliveryFrame};
use tokio::net::TcpStream;
use tokio::time::{Duration, sleep, timeout};

use crate::objects::{Mailbox, envelope_id};
use crate::peer::{Http, Peer, Socket};
use crate::relay::{PATIENCE, TestRelay};
use crate::sockets::subscribe;

const AWAY: Option<u16> = Some(1001);

async fn admin(relay: &TestRelay, method: Method, path: &str, origin: Option<&str>) -> (StatusCode, String) {
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
    let labels = ["{kind=", "{socket=", "{le="];
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
