//! One server asks another many things at once.

use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use http::StatusCode;
use sealpost_server::peer::{Patience, PeerError, Trunk, Unanswered};
use sealpost_wire::manifest::ManifestError;
use sealpost_wire::operator::OperatorSecret;
use sealpost_wire::request::{CountItems, ItemCount, Request, Stock};
use sealpost_wire::{RelayRef, from_bytes, to_bytes};
use tokio::time::sleep;

use crate::client::Client;
use crate::program::{SLOW, of_owner, of_stock};
use crate::running::Running;

const CBOR: &str = "application/cbor";

async fn count(trunk: &Trunk) -> Result<u16, Unanswered> {
    let answer = trunk.post(CountItems::PATH, CBOR, to_bytes(&of_owner()).into(), 1_000).await?;
    assert_eq!((answer.status, answer.content_type.unwrap()), (StatusCode::OK, CBOR.parse().unwrap()));
    Ok(from_bytes::<ItemCount>(&answer.body).unwrap().items)
}

#[tokio::test]
async fn a_trunk_carries_many_requests_at_once_over_one_connection() {
    let server = Running::start().await;
    let trunk = Trunk::connect(&server.reference, Patience::default()).await.unwrap();
    assert_eq!(trunk.manifest().operator, server.reference.operator);
    let counts = join_all((0..100).map(|_| count(&trunk))).await;
    assert!(counts.iter().all(|count| *count == Ok(7)));
    let page = Client::connect(server.admin).await.get("/metrics").await.body;
    assert!(String::from_utf8_lossy(&page).contains("\nsealpost_connections 1\n"));
    server.stop().await;
}

#[tokio::test]
async fn what_a_server_says_of_itself_now_comes_over_the_trunk() {
    let server = Running::start().await;
    let trunk = Trunk::connect(&server.reference, Patience::default()).await.unwrap();
    server.manifest.change(|manifest| manifest.region = "elsewhere".into());
    assert_eq!(trunk.signed_manifest().await.unwrap(), server.manifest.bytes());
    server.stop().await;
}

#[tokio::test]
async fn who_is_not_the_one_that_was_named_gets_no_trunk() {
    let server = Running::start().await;
    let operator = OperatorSecret::random(&mut rand::rng()).public();
    let other = RelayRef { operator, ..server.reference.clone() };
    let refused = Trunk::connect(&other, Patience::default()).await.err();
    assert_eq!(refused, Some(PeerError::Manifest(ManifestError::Signature)));
    server.manifest.change(|manifest| manifest.tls.keys_sha256 = vec!["00".repeat(32)]);
    assert_eq!(Trunk::connect(&server.reference, Patience::default()).await.err(), Some(PeerError::Key));
    server.stop().await;
}

#[tokio::test]
async fn what_was_not_sent_is_told_apart_from_what_failed() {
    let server = Running::start().await;
    let trunk = Trunk::connect(&server.reference, Patience::default()).await.unwrap();
    let too_long = trunk.post(Stock::PATH, CBOR, to_bytes(&of_stock()).into(), 64 * 1024).await;
    assert_eq!(too_long, Err(Unanswered::Failed(PeerError::Protocol)));
    server.stop().await;
    while !trunk.is_closed() {
        sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(count(&trunk).await, Err(Unanswered::Unsent));
}

#[tokio::test]
async fn a_request_takes_no_longer_than_it_may() {
    let server = Running::start().await;
    let patience = Patience { request: Duration::from_millis(200), ..Patience::default() };
    let trunk = Trunk::connect(&server.reference, patience).await.unwrap();
    let slow = trunk.post(SLOW, CBOR, Bytes::new(), 1_000).await;
    assert_eq!(slow, Err(Unanswered::Failed(PeerError::TimedOut)));
    server.stop().await;
}
