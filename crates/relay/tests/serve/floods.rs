//! Peers that send much of little: what they send is refused, or dropped, and costs neither memory nor others their turn.

use bytes::Bytes;
use data_encoding::HEXLOWER;
use futures_util::{SinkExt, StreamExt};
use http::Request;
use http_body_util::Full;
use rustix::process::Signal;
use sealpost_wire::frame::{COLLECT_SOCKET, DEPOSIT_SOCKET};
use sealpost_wire::request::{OpenMailbox, Refusal, Request as _};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

use crate::objects::Mailbox;
use crate::peer::{Http, Peer, Socket, tls, tls_config};
use crate::program::{Running, initialized, kib};
use crate::relay::{PATIENCE, TestRelay};

/// What a flood may leave behind in the process.
const MOST_KIB: u64 = 16 * 1024;

/// 64 KiB of zeros (RFC 1952).
const BOMB: &str = concat!(
    "1f8b0800000000000203edc101010000008090feafee080a000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000006aeb8e97d700000100"
);

#[tokio::test]
async fn what_is_compressed_is_never_unpacked() {
    let relay = TestRelay::start().await;
    for http in [Http::One, Http::Two] {
        let mut peer = Peer::connect(&relay, http).await;
        for encoding in ["gzip", "deflate", "br", "zstd"] {
            let request = Request::post(OpenMailbox::PATH).header("content-type", "application/cbor");
            let request = request.header("content-encoding", encoding);
            let body = Full::from(Bytes::from(HEXLOWER.decode(BOMB.as_bytes()).unwrap()));
            assert_eq!(peer.send(request.body(body).unwrap()).await.refused(), (400, Refusal::Malformed), "{encoding}");
        }
    }
    relay.stop().await;
}

#[tokio::test]
async fn nothing_is_compressed_that_is_sent_not_even_for_those_who_ask() {
    let relay = TestRelay::start().await;
    let mut peer = Peer::connect(&relay, Http::One).await;
    let request = Request::get("/v1/relay").header("accept-encoding", "gzip, deflate, br, zstd");
    let answer = peer.send(request.body(Full::default()).unwrap()).await;
    assert!(answer.status.is_success() && !answer.headers.contains_key("content-encoding"));
    relay.stop().await;
}

/// RFC 7692 would let a small message unpack into a large one.
#[tokio::test]
async fn a_socket_takes_no_compression() {
    let relay = TestRelay::start().await;
    let mut stream = tls(&relay, tls_config(b"http/1.1", Default::default())).await;
    let ask = format!(
        "GET {DEPOSIT_SOCKET} HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\
         sec-websocket-extensions: permessage-deflate\r\n\r\n"
    );
    stream.write_all(ask.as_bytes()).await.unwrap();
    let mut head = vec![0; 1024];
    let length = timeout(PATIENCE, stream.read(&mut head)).await.expect("no answer").unwrap();
    let head = String::from_utf8_lossy(&head[..length]).to_ascii_lowercase();
    assert!(head.starts_with("http/1.1 101") && !head.contains("extensions"), "{head}");
    // A text that says it is compressed (RSV1): 0xc1, masked, of no bytes.
    stream.write_all(&[0xc1, 0x80, 0, 0, 0, 0]).await.unwrap();
    let mut rest = Vec::new();
    let _clean_or_not = timeout(PATIENCE, stream.read_to_end(&mut rest)).await.expect("the socket stays open");
    relay.stop().await;
}

#[tokio::test]
async fn a_head_of_many_headers_is_refused() {
    let relay = TestRelay::start().await;
    let mut stream = tls(&relay, tls_config(b"http/1.1", Default::default())).await;
    let many: String = (0..100).map(|number| format!("x{number}: y\r\n")).collect();
    stream.write_all(format!("GET /v1/relay HTTP/1.1\r\nhost: localhost\r\n{many}\r\n").as_bytes()).await.unwrap();
    let mut start = [0; 12];
    timeout(PATIENCE, stream.read_exact(&mut start)).await.expect("no answer").unwrap();
    assert_eq!(&start, b"HTTP/1.1 431");
    relay.stop().await;
}

/// The peer reads nothing: answers to its pings must not pile up.
#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_pings_and_empty_messages_costs_no_memory_and_keeps_nobody_out() {
    const FLOOD: usize = 40_000;
    let running = Running::start(initialized());
    let address = running.config().listen;
    Peer::connect(&address, Http::Two).await.call(&Mailbox::random().open()).await;
    let before = kib(running.pid(), "VmRSS:");
    for path in [COLLECT_SOCKET, DEPOSIT_SOCKET] {
        let (mut writing, reading) = Socket::open(&address, path).await.0.split();
        let flood = async {
            for number in 0..FLOOD {
                let message =
                    if number % 8 == 7 { Message::Pong(Bytes::new()) } else { Message::Ping(vec![7; 125].into()) };
                // It may be cut off for it.
                if writing.feed(message).await.is_err() {
                    break;
                }
            }
            let _sent_or_not = writing.flush().await;
        };
        let _sent_or_stuck = timeout(PATIENCE / 6, flood).await;
        Peer::connect(&address, Http::Two).await.call(&Mailbox::random().open()).await;
        drop(reading);
    }
    let more = kib(running.pid(), "VmRSS:").saturating_sub(before);
    assert!(more < MOST_KIB, "{more} KiB more");
    running.end(Signal::TERM);
}
