//! One server asks another, if it is the one.

use std::time::Duration;

use sealpost_server::peer::{Patience, Peer, PeerError, Trunk};
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
async fn a_server_that_has_moved_is_asked_where_it_is_now() {
    let first = Running::start().await;
    let (second, third) = (first.start_beside().await, first.start_beside().await);
    first.move_to(&second);
    second.move_to(&third);
    third.manifest.change(|manifest| manifest.region = "elsewhere".into());
    let mut peer = Peer::connect(&first.reference, Patience::default()).await.unwrap();
    assert_eq!(peer.manifest().manifest.region, "elsewhere");
    assert_eq!(peer.call(&of_owner()).await.unwrap().items, 7);
    for server in [first, second, third] {
        server.stop().await;
    }
}

#[tokio::test]
async fn what_is_said_at_a_place_is_read_there_though_it_is_that_the_server_has_moved() {
    let first = Running::start().await;
    let second = first.start_beside().await;
    first.move_to(&second);
    let peer = Peer::connect_at(&first.reference, Patience::default()).await.unwrap();
    assert_eq!(peer.manifest().next(), Some(second.reference.clone()));
    first.stop().await;
    second.stop().await;
}

#[tokio::test]
async fn a_server_is_not_followed_to_where_another_operators_key_signs() {
    let (first, foreign) = (Running::start().await, Running::start().await);
    first.move_to(&foreign);
    assert_eq!(refused(&first.reference).await, PeerError::Manifest(ManifestError::Signature));
    first.stop().await;
    foreign.stop().await;
}

/// Four moves are, and no more.
#[tokio::test]
async fn servers_that_send_to_each_other_are_given_up() {
    let first = Running::start().await;
    let mut servers = vec![first];
    for _ in 0..4 {
        servers.push(servers[0].start_beside().await);
    }
    servers.windows(2).for_each(|pair| pair[0].move_to(&pair[1]));
    assert!(Peer::connect(&servers[0].reference, Patience::default()).await.is_ok());
    assert!(Trunk::connect(&servers[0].reference, Patience::default()).await.is_ok());
    servers[4].move_to(&servers[3]);
    assert_eq!(refused(&servers[0].reference).await, PeerError::Unreachable);
    assert_eq!(Trunk::connect(&servers[0].reference, Patience::default()).await.err(), Some(PeerError::Unreachable));
    for server in servers {
        server.stop().await;
    }
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
