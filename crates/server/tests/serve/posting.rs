//! One server posts something of any form to another.

use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use sealpost_server::peer::{Patience, Peer, PeerError, Unanswered};
use sealpost_wire::manifest::ManifestError;
use sealpost_wire::operator::OperatorSecret;
use sealpost_wire::request::{CountItems, ItemCount, Request, Stock};
use sealpost_wire::{RelayRef, from_bytes, to_bytes};
use tokio::time::sleep;

use crate::client::Client;
use crate::program::{SLOW, of_owner, of_stock};
use crate::running::Running;

const CBOR: &str = "application/cbor";

async fn count(peer: &mut Peer) -> Result<u16, Unanswered> {
    let answer = peer.post(CountItems::PATH, CBOR, to_bytes(&of_owner()).into(), 1_000).await?;
    assert_eq!((answer.status, answer.content_type.unwrap()), (StatusCode::OK, CBOR.parse().unwrap()));
    Ok(from_bytes::<ItemCount>(&answer.body).unwrap().items)
}

#[tokio::test]
async fn many_posts_go_over_one_connection_one_after_the_other() {
    let server = Running::start().await;
    let mut peer = Peer::connect(&server.reference, Patience::default()).await.unwrap();
    assert_eq!(peer.manifest().operator, server.reference.operator);
    for _ in 0..20 {
        assert_eq!(count(&mut peer).await, Ok(7));
    }
    let page = Client::connect(server.admin).await.get("/metrics").await.body;
    assert!(String::from_utf8_lossy(&page).contains("\nsealpost_connections 1\n"));
    server.stop().await;
}

#[tokio::test]
async fn what_a_server_says_of_itself_now_comes_over_the_same_connection() {
    let server = Running::start().await;
    let mut peer = Peer::connect(&server.reference, Patience::default()).await.unwrap();
    server.manifest.change(|manifest| manifest.region = "elsewhere".into());
    assert_eq!(peer.signed_manifest().await.unwrap(), server.manifest.bytes());
    server.stop().await;
}

#[tokio::test]
async fn who_is_not_the_one_that_was_named_gets_no_post() {
    let server = Running::start().await;
    let operator = OperatorSecret::random(&mut rand::rng()).public();
    let other = RelayRef { operator, ..server.reference.clone() };
    let refused = Peer::connect(&other, Patience::default()).await.err();
    assert_eq!(refused, Some(PeerError::Manifest(ManifestError::Signature)));
    server.manifest.change(|manifest| manifest.tls.keys_sha256 = vec!["00".repeat(32)]);
    assert_eq!(Peer::connect(&server.reference, Patience::default()).await.err(), Some(PeerError::Key));
    server.stop().await;
}

#[tokio::test]
async fn what_was_not_sent_is_told_apart_from_what_failed() {
    let server = Running::start().await;
    let mut peer = Peer::connect(&server.reference, Patience::default()).await.unwrap();
    let too_long = peer.post(Stock::PATH, CBOR, to_bytes(&of_stock()).into(), 64 * 1024).await;
    assert_eq!(too_long, Err(Unanswered::Failed(PeerError::Protocol)));
    assert_eq!(count(&mut peer).await, Err(Unanswered::Unsent), "the answer before was not read to its end");
    let mut peer = Peer::connect(&server.reference, Patience::default()).await.unwrap();
    server.stop().await;
    while peer.is_usable() {
        sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(count(&mut peer).await, Err(Unanswered::Unsent));
}

#[tokio::test]
async fn a_request_takes_no_longer_than_it_may() {
    let server = Running::start().await;
    let patience = Patience { request: Duration::from_millis(200), ..Patience::default() };
    let mut peer = Peer::connect(&server.reference, patience).await.unwrap();
    let slow = peer.post(SLOW, CBOR, Bytes::new(), 1_000).await;
    assert_eq!(slow, Err(Unanswered::Failed(PeerError::TimedOut)));
    server.stop().await;
}
