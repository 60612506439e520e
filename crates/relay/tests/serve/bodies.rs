//! Bodies that are none.

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use sealpost_wire::request::{Deposit, OpenMailbox, Refusal, Request as _};
use sealpost_wire::{EnvelopeId, to_bytes};

use crate::objects::Mailbox;
use crate::peer::{BOTH, Http, Peer};
use crate::relay::TestRelay;

const MALFORMED: (u16, Refusal) = (400, Refusal::Malformed);

/// A valid body and where its parts lie: map, key 0, version, key 1, mailbox id.
fn body() -> Vec<u8> {
    to_bytes(&Mailbox::random().open())
}

async fn refused(peer: &mut Peer, body: Vec<u8>) -> (u16, Refusal) {
    peer.post(OpenMailbox::PATH, body).await.refused()
}

#[tokio::test]
async fn bodies_cut_short_or_gone_on_are_malformed() {
    let relay = TestRelay::start().await;
    for http in BOTH {
        let mut peer = Peer::connect(&relay, http).await;
        let whole = body();
        for length in 0..whole.len() {
            assert_eq!(refused(&mut peer, whole[..length].to_vec()).await, MALFORMED, "cut at {length}");
        }
        assert_eq!(refused(&mut peer, [whole, vec![0]].concat()).await, MALFORMED);
    }
    relay.stop().await;
}

#[tokio::test]
async fn fields_of_another_length_and_unknown_keys_are_malformed() {
    let relay = TestRelay::start().await;
    let mut peer = Peer::connect(&relay, Http::Two).await;
    let mut shorter = body();
    // The id's head says 32 bytes (0x58 0x20); 31 of them and one byte less.
    assert_eq!(shorter[4..6], [0x58, 0x20]);
    shorter[5] = 31;
    shorter.remove(6);
    assert_eq!(refused(&mut peer, shorter).await, MALFORMED);
    let mut unknown = body();
    // One more pair in the map: key 23, value 0.
    unknown[0] += 1;
    unknown.extend([23, 0]);
    assert_eq!(refused(&mut peer, unknown).await, MALFORMED);
    relay.stop().await;
}

#[tokio::test]
async fn an_envelope_of_no_class_is_malformed() {
    let relay = TestRelay::start().await;
    let mut peer = Peer::connect(&relay, Http::Two).await;
    let mut body = to_bytes(&Mailbox::random().deposit(EnvelopeId::from_bytes([0; 16])));
    body.pop();
    let head = body.iter().position(|byte| *byte == 0x59).expect("a byte string with a length of two bytes");
    body[head + 2] -= 1;
    assert_eq!(peer.post(Deposit::PATH, body).await.refused(), MALFORMED);
    relay.stop().await;
}

#[tokio::test]
async fn another_version_is_named_as_the_reason() {
    let relay = TestRelay::start().await;
    let mut peer = Peer::connect(&relay, Http::Two).await;
    let mut body = body();
    body[2] = 2;
    assert_eq!(refused(&mut peer, body).await, (400, Refusal::Version));
    relay.stop().await;
}

#[tokio::test]
async fn bodies_over_the_limit_are_too_large_told_or_not() {
    let relay = TestRelay::start().await;
    let too_long = relay.config.manifest_limits().body_bytes + 1;
    for http in BOTH {
        let mut peer = Peer::connect(&relay, http).await;
        assert_eq!(refused(&mut peer, vec![0; too_long]).await, (413, Refusal::TooLarge));
    }
    relay.stop().await;
}

#[tokio::test]
async fn bodies_of_another_type_are_malformed() {
    let relay = TestRelay::start().await;
    let mut peer = Peer::connect(&relay, Http::One).await;
    for content_type in ["text/plain", "application/json"] {
        let request = Request::post(OpenMailbox::PATH).header("content-type", content_type);
        let answer = peer.send(request.body(Full::from(Bytes::from(body()))).unwrap()).await;
        assert_eq!(answer.refused(), MALFORMED, "{content_type}");
    }
    relay.stop().await;
}

#[tokio::test]
async fn other_paths_and_methods_are_no_requests() {
    let relay = TestRelay::start().await;
    for http in BOTH {
        let mut peer = Peer::connect(&relay, http).await;
        for path in ["/", "/v1", "/v2/deposit", "/v1/deposit/", "/v1/collect", OpenMailbox::PATH] {
            assert_eq!(peer.get(path).await.refused(), (404, Refusal::NoSuchRequest), "{path}");
        }
        assert_eq!(peer.post("/v1/relay", body()).await.refused(), (404, Refusal::NoSuchRequest));
    }
    relay.stop().await;
}

#[tokio::test]
async fn a_relay_serves_on_after_bad_bodies() {
    let relay = TestRelay::start().await;
    let mut peer = Peer::connect(&relay, Http::Two).await;
    refused(&mut peer, vec![0xff; 1000]).await;
    peer.call(&Mailbox::random().open()).await;
    relay.stop().await;
}
