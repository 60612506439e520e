//! One server asks another, if it is the one.

use std::time::Duration;

use sealpost_server::peer::{Patience, Peer, PeerError};
use sealpost_wire::RelayRef;
use sealpost_wire::manifest::{ManifestError, Role};
use sealpost_wire::operator::OperatorSecret;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

use crate::program::{of_owner, of_stock};
use crate::running::Running;

const SHORT: Patience = Patience { connect: Duration::from_millis(200), request: Duration::from_millis(200) };

async fn refused(reference: &RelayRef) -> PeerError {
    Peer::connect(reference, Patience::default()).await.expect_err("it was believed")
}

/// A reference to somebody who listens here, and is not one of ours.
async fn stranger() -> (TcpListener, RelayRef) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = format!("127.0.0.1:{}", listener.local_addr().unwrap().port()).parse().unwrap();
    (listener, RelayRef { host, operator: OperatorSecret::random(&mut rand::rng()).public() })
}

#[tokio::test]
async fn a_server_is_believed_by_its_operators_key_and_then_asked() {
    let server = Running::start().await;
    let mut peer = Peer::connect(&server.reference, Patience::default()).await.unwrap();
    assert_eq!(peer.manifest().manifest.role, Role::KeyService);
    assert_eq!(peer.manifest().operator, server.reference.operator);
    assert_eq!(peer.call(&of_owner()).await.unwrap().items, 7);
    server.stop().await;
}

#[tokio::test]
async fn what_the_manifest_says_now_is_what_the_next_connection_reads() {
    let server = Running::start().await;
    server.manifest.change(|manifest| manifest.region = "elsewhere".into());
    let peer = Peer::connect(&server.reference, Patience::default()).await.unwrap();
    assert_eq!(peer.manifest().manifest.region, "elsewhere");
    server.stop().await;
}

#[tokio::test]
async fn a_server_of_another_operator_is_not_asked() {
    let server = Running::start().await;
    let operator = OperatorSecret::random(&mut rand::rng()).public();
    let other = RelayRef { operator, ..server.reference.clone() };
    assert_eq!(refused(&other).await, PeerError::Manifest(ManifestError::Signature));
    server.stop().await;
}

#[tokio::test]
async fn a_server_of_another_name_is_not_asked() {
    let server = Running::start().await;
    server.manifest.change(|manifest| manifest.host = "elsewhere.example:443".into());
    assert_eq!(refused(&server.reference).await, PeerError::Manifest(ManifestError::Host));
    server.stop().await;
}

/// Somebody in between has a certificate of their own, and passes on the manifest of the one who was meant.
#[tokio::test]
async fn a_certificate_that_the_manifest_does_not_name_is_not_asked() {
    let server = Running::start().await;
    server.manifest.change(|manifest| manifest.tls.keys_sha256 = vec!["00".repeat(32)]);
    assert_eq!(refused(&server.reference).await, PeerError::Key);
    server.stop().await;
}

#[tokio::test]
async fn an_answer_that_is_longer_than_any_is_not_read() {
    let server = Running::start().await;
    let mut peer = Peer::connect(&server.reference, Patience::default()).await.unwrap();
    assert_eq!(peer.call(&of_stock()).await.map(drop), Err(PeerError::Protocol));
    server.stop().await;
}

#[tokio::test]
async fn a_server_that_stops_is_a_connection_that_ended() {
    let server = Running::start().await;
    let mut peer = Peer::connect(&server.reference, Patience::default()).await.unwrap();
    let reference = server.reference.clone();
    server.stop().await;
    assert_eq!(peer.call(&of_owner()).await.map(drop), Err(PeerError::Closed));
    assert_eq!(refused(&reference).await, PeerError::Unreachable);
}

#[tokio::test]
async fn somebody_who_says_nothing_is_given_up() {
    let (_listener, reference) = stranger().await;
    assert_eq!(Peer::connect(&reference, SHORT).await.err(), Some(PeerError::TimedOut));
}

#[tokio::test]
async fn somebody_who_does_not_speak_tls_is_told_nothing() {
    let (listener, reference) = stranger().await;
    let answer = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        stream
    };
    let (refused, _stream) = tokio::join!(refused(&reference), answer);
    assert_eq!(refused, PeerError::Tls);
}

#[test]
fn no_error_names_the_server() {
    for error in [PeerError::Unreachable, PeerError::Key, PeerError::Manifest(ManifestError::Host)] {
        assert!(!format!("{error} {error:?}").contains("localhost"));
    }
}
