//! Peers that take too much or give too little.

use std::time::Duration;

use bytesize::ByteSize;
use futures_util::{SinkExt, StreamExt};
use sealpost_wire::SizeClass;
use sealpost_wire::codec::{List, V1};
use sealpost_wire::frame::{COLLECT_SOCKET, DEPOSIT_SOCKET, DeliveryFrame, DepositFrame, OutcomeFrame, Tagged};
use sealpost_wire::request::{Outcome, Refusal};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use crate::objects::{Mailbox, envelope_id};
use crate::peer::{Http, Peer, Socket, Untaken, reset_again_and_again, tls, tls_config};
use crate::relay::{PATIENCE, TestRelay};
use crate::sockets::{collect, subscribe};

const SECOND: Duration = Duration::from_secs(1);

/// Reads to the end, whether it is a clean one or not.
async fn ended(stream: &mut (impl AsyncReadExt + Unpin)) {
    let mut sink = Vec::new();
    let _clean_or_not = timeout(PATIENCE, stream.read_to_end(&mut sink)).await.expect("the relay keeps the connection");
}

#[tokio::test]
async fn a_head_that_drips_in_is_not_waited_for() {
    let relay = TestRelay::start_with(|config| config.connections.idle_timeout = SECOND).await;
    let stream = tls(&relay, tls_config(b"http/1.1", Default::default())).await;
    let (mut reading, mut writing) = tokio::io::split(stream);
    let dripping = tokio::spawn(async move {
        for byte in b"GET /v1/relay HTTP/1.1\r\nhost: localhost\r\nx: ".iter().chain([b'x'; 10_000].iter()) {
            if writing.write_all(&[*byte]).await.is_err() {
                break;
            }
            sleep(SECOND / 10).await;
        }
    });
    ended(&mut reading).await;
    dripping.abort();
    relay.stop().await;
}

#[tokio::test]
async fn a_body_that_never_ends_is_not_waited_for() {
    let relay = TestRelay::start_with(|config| config.connections.request_timeout = SECOND).await;
    let mut stream = tls(&relay, tls_config(b"http/1.1", Default::default())).await;
    let head = b"POST /v1/deposit HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/cbor\r\ncontent-length: 100\r\n\r\n";
    stream.write_all(head).await.unwrap();
    let mut start = [0; 12];
    timeout(PATIENCE, stream.read_exact(&mut start)).await.expect("no answer").unwrap();
    assert_eq!(&start, b"HTTP/1.1 503");
    relay.stop().await;
}

#[tokio::test]
async fn a_connection_that_says_nothing_is_closed() {
    let relay = TestRelay::start_with(|config| {
        (config.connections.idle_timeout, config.connections.handshake_timeout) = (SECOND, SECOND);
    })
    .await;
    ended(&mut TcpStream::connect(relay.address).await.unwrap()).await;
    for protocol in [&b"http/1.1"[..], b"h2"] {
        ended(&mut tls(&relay, tls_config(protocol, Default::default())).await).await;
    }
    relay.stop().await;
}

/// What it told lies in a buffer that is not emptied while the connection lives.
#[tokio::test]
async fn by_http2_a_connection_that_was_told_a_key_is_ended_when_it_rests_and_another_is_not() {
    let relay = TestRelay::start().await;
    let mut other = Peer::connect(&relay, Http::Two).await;
    let mut told = Peer::connect(&relay, Http::Two).await;
    assert_eq!(other.get("/v1/relay").await.status, 200);
    told.call(&Mailbox::random().open()).await;
    told.ended().await;
    assert_eq!(other.get("/v1/relay").await.status, 200);
    relay.stop().await;
}

#[tokio::test]
async fn a_head_over_the_limit_is_refused() {
    let relay = TestRelay::start_with(|config| config.connections.head = ByteSize::kib(8)).await;
    let mut stream = tls(&relay, tls_config(b"http/1.1", Default::default())).await;
    let long = format!("GET /v1/relay HTTP/1.1\r\nhost: localhost\r\nx: {}\r\n\r\n", "x".repeat(9 * 1024));
    stream.write_all(long.as_bytes()).await.unwrap();
    let mut start = [0; 12];
    timeout(PATIENCE, stream.read_exact(&mut start)).await.expect("no answer").unwrap();
    assert_eq!(&start, b"HTTP/1.1 431");
    relay.stop().await;
}

#[tokio::test]
async fn connections_over_the_limit_are_closed_and_a_freed_place_is_given_again() {
    let relay = TestRelay::start_with(|config| config.connections.max = 2).await;
    let first = Peer::connect(&relay, Http::Two).await;
    let _socket = Socket::open(&relay, COLLECT_SOCKET).await;
    ended(&mut TcpStream::connect(relay.address).await.unwrap()).await;
    drop(first);
    let freed = async {
        while Peer::try_connect(&relay).await.is_err() {
            sleep(SECOND / 20).await;
        }
    };
    timeout(PATIENCE, freed).await.expect("no place was freed");
    relay.stop().await;
}

#[tokio::test]
async fn a_subscription_over_the_limit_ends_with_that_reason() {
    let relay = TestRelay::start_with(|config| config.limits.subscriptions = 3).await;
    let mut owner = Peer::connect(&relay, Http::Two).await;
    let mut collector = Socket::open(&relay, COLLECT_SOCKET).await;
    for channel in 0..4 {
        let mailbox = Mailbox::random();
        owner.call(&mailbox.open()).await;
        collector.say(&subscribe(channel, &mailbox)).await;
    }
    let mut caught_up = Vec::new();
    let mut ended = Vec::new();
    while caught_up.len() + ended.len() < 4 {
        let frame: DeliveryFrame = collector.hear().await;
        caught_up.extend(frame.caught_up.into_vec());
        ended.extend(frame.ended.into_vec());
    }
    assert_eq!(ended.iter().map(|ended| (ended.channel, ended.reason)).collect::<Vec<_>>(), [(3, Refusal::Limit)]);
    relay.stop().await;
}

#[tokio::test]
async fn a_peer_that_does_not_answer_pings_is_cut_off() {
    let relay = TestRelay::start_with(|config| config.connections.ping_interval = SECOND).await;
    let collector = Socket::open(&relay, COLLECT_SOCKET).await;
    // Read below the WebSocket, pings arrive and are not answered.
    ended(&mut collector.0.into_inner()).await;
    relay.stop().await;
}

#[tokio::test]
async fn a_peer_that_answers_pings_stays_for_longer_than_they_are_waited_for() {
    let relay = TestRelay::start_with(|config| config.connections.ping_interval = SECOND).await;
    let mut owner = Peer::connect(&relay, Http::Two).await;
    let mut collector = Socket::open(&relay, COLLECT_SOCKET).await;
    // Polling answers the pings; nothing else comes.
    assert!(
        timeout(5 * SECOND, async { while collector.0.next().await.unwrap().unwrap().is_ping() {} }).await.is_err()
    );
    let mailbox = Mailbox::random();
    owner.call(&mailbox.open()).await;
    collector.say(&subscribe(0, &mailbox)).await;
    assert_eq!(*collector.hear::<DeliveryFrame>().await.caught_up, [0]);
    relay.stop().await;
}

/// Part of a message: how many bytes, and whether they are its first and its last.
fn part(bytes: usize, is_first: bool, is_last: bool) -> Message {
    let data = if is_first { Data::Binary } else { Data::Continue };
    Message::Frame(Frame::message(vec![0; bytes], OpCode::Data(data), is_last))
}

#[tokio::test]
async fn a_message_that_is_never_finished_is_not_kept_for_a_peer_that_answers_pings() {
    let relay = TestRelay::start_with(|config| config.connections.ping_interval = SECOND).await;
    let mut depositor = Socket::open(&relay, DEPOSIT_SOCKET).await;
    depositor.0.send(part(200_000, true, false)).await.unwrap();
    let answered_until_cut_off = async { while let Some(Ok(_)) = depositor.0.next().await {} };
    timeout(PATIENCE, answered_until_cut_off).await.expect("the relay keeps the message");
    relay.stop().await;
}

#[tokio::test]
async fn a_message_that_comes_slowly_is_waited_for() {
    let relay = TestRelay::start_with(|config| config.connections.ping_interval = SECOND).await;
    let mut depositor = Socket::open(&relay, DEPOSIT_SOCKET).await;
    for number in 0..30 {
        depositor.0.send(part(16 * 1024, number == 0, false)).await.unwrap();
        sleep(SECOND / 5).await;
    }
    depositor.0.send(part(1, false, true)).await.unwrap();
    // It was heard to its end: what it says is that it is no frame.
    assert_eq!(depositor.goodbye().await, Some(1002));
    relay.stop().await;
}

#[tokio::test]
async fn a_collector_that_reads_late_loses_nothing() {
    const COUNT: usize = 1_920;
    let relay = TestRelay::start_with(|config| config.store.undelivered = ByteSize::mib(2)).await;
    let mailbox = Mailbox::random();
    Peer::connect(&relay, Http::Two).await.call(&mailbox.open()).await;
    let mut collector = Socket::open(&relay, COLLECT_SOCKET).await;
    collector.say(&subscribe(0, &mailbox)).await;
    let mut sender = Socket::open(&relay, DEPOSIT_SOCKET).await;
    let mut sent = Vec::new();
    while sent.len() < COUNT {
        let ids: Vec<_> = (0..64).map(|_| envelope_id()).collect();
        let tagged = |id| Tagged { tag: 0, deposit: mailbox.deposit(id) };
        let deposits = List::new(ids.iter().copied().map(tagged).collect()).unwrap();
        sender.say(&DepositFrame { version: V1, deposits }).await;
        let told: OutcomeFrame = sender.hear().await;
        assert!(told.outcomes.iter().all(|told| told.outcome == Outcome::Accepted));
        sent.extend(ids);
    }
    assert_eq!(collect(&mut collector, COUNT).await, sent);
    relay.stop().await;
}

#[tokio::test]
async fn replies_that_nobody_takes_are_given_up_and_make_room() {
    let relay = TestRelay::start_with(|config| {
        (config.connections.replies, config.connections.request_timeout) = (ByteSize::mib(2), 2 * SECOND);
    })
    .await;
    let mailbox = Mailbox::random();
    let mut owner = Peer::connect(&relay, Http::Two).await;
    owner.call(&mailbox.open()).await;
    let mut sender = Peer::connect(&relay, Http::Two).await;
    for _ in 0..15 {
        sender.call(&mailbox.deposit_of(envelope_id(), SizeClass::Large)).await;
    }
    let untaken = [Untaken::begin(&relay, &mailbox.collect()).await, Untaken::begin(&relay, &mailbox.collect()).await];
    assert_eq!(owner.ask(&mailbox.collect()).await.refused(), (503, Refusal::TryLater));
    let answered = async {
        while owner.ask(&mailbox.collect()).await.status != http::StatusCode::OK {
            sleep(SECOND / 10).await;
        }
    };
    timeout(PATIENCE, answered).await.expect("replies are never given up");
    drop(untaken);
    relay.stop().await;
}

#[tokio::test]
async fn a_reader_that_stops_reading_is_cut_off() {
    let relay = TestRelay::start_with(|config| {
        (config.connections.write_timeout, config.connections.ping_interval) = (SECOND, 600 * SECOND);
    })
    .await;
    let mailbox = Mailbox::random();
    Peer::connect(&relay, Http::Two).await.call(&mailbox.open()).await;
    let mut sender = Socket::open(&relay, DEPOSIT_SOCKET).await;
    for _ in 0..30 {
        let tagged = |_| Tagged { tag: 0, deposit: mailbox.deposit(envelope_id()) };
        let deposits = List::new((0..64).map(tagged).collect()).unwrap();
        sender.say(&DepositFrame { version: V1, deposits }).await;
        sender.hear::<OutcomeFrame>().await;
    }
    let mut collector = Socket::open(&relay, COLLECT_SOCKET).await;
    // Many channels of one mailbox: far more than the system buffers for one connection.
    for channel in 0..16 {
        collector.say(&subscribe(channel, &mailbox)).await;
    }
    let gone = async {
        while collector.0.send(Message::Ping(Vec::new().into())).await.is_ok() {
            sleep(SECOND / 10).await;
        }
    };
    timeout(PATIENCE, gone).await.expect("the relay keeps a peer that takes nothing");
    relay.stop().await;
}

/// A stream that is reset frees its place for the next at once, while the store still has what came on it.
#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_resets_keeps_nobody_else_out_and_leaves_no_room_taken() {
    let relay = TestRelay::start_with(|config| config.store.in_flight = ByteSize::mib(2)).await;
    let (flooded, other) = (Mailbox::random(), Mailbox::random());
    let mut owner = Peer::connect(&relay, Http::Two).await;
    owner.call(&flooded.open()).await;
    owner.call(&other.open()).await;
    let large = || flooded.deposit_of(envelope_id(), SizeClass::Large);
    let served = async {
        for _ in 0..20 {
            // Anew each time: a connection that rests while others are slow is ended.
            let mut sender = Peer::connect(&relay, Http::Two).await;
            assert_eq!(sender.call(&other.deposit(envelope_id())).await.outcome, Outcome::Accepted);
            let mut owner = Peer::connect(&relay, Http::Two).await;
            assert_eq!(owner.ask(&other.collect()).await.status, http::StatusCode::OK);
        }
    };
    tokio::join!(
        reset_again_and_again(&relay, large, 1_000),
        reset_again_and_again(&relay, || other.collect(), 1_000),
        served
    );
    let mut sender = Peer::connect(&relay, Http::Two).await;
    // All of the room: it is free again once the store has answered whatever was reset.
    for _ in 0..40 {
        let outcome = sender.call(&other.deposit_of(envelope_id(), SizeClass::Large)).await.outcome;
        assert_eq!(outcome, Outcome::Accepted);
    }
    relay.stop().await;
}
