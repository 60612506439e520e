//! The TLS that the relay speaks, and does not.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use data_encoding::HEXLOWER;
use rustls::client::{ClientSessionStore, Resumption, Tls12ClientSessionValue, Tls13ClientSessionValue};
use rustls::{HandshakeKind, NamedGroup};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use sealpost_relay::config::{Config, TlsMode};
use sealpost_relay::keys;
use sealpost_relay::server::{Server, StartError};
use sealpost_relay::tls::Certificate;
use sealpost_wire::manifest::SignedManifest;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::peer::{Http, Peer, Trusting, tls, tls_config};
use crate::relay::{PATIENCE, TestRelay};

const REQUEST: &[u8] = b"GET /v1/relay HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";

/// Counts the tickets that it is given and keeps none.
#[derive(Default)]
struct Tickets(AtomicUsize);

impl fmt::Debug for Tickets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tickets")
    }
}

impl ClientSessionStore for Tickets {
    fn set_kx_hint(&self, _: ServerName<'static>, _: NamedGroup) {}
    fn kx_hint(&self, _: &ServerName<'_>) -> Option<NamedGroup> {
        None
    }
    fn set_tls12_session(&self, _: ServerName<'static>, _: Tls12ClientSessionValue) {}
    fn tls12_session(&self, _: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        None
    }
    fn remove_tls12_session(&self, _: &ServerName<'static>) {}
    fn insert_tls13_ticket(&self, _: ServerName<'static>, _: Tls13ClientSessionValue) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
    fn take_tls13_ticket(&self, _: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        None
    }
}

#[tokio::test]
async fn no_session_ticket_is_issued() {
    let relay = TestRelay::start().await;
    let tickets = Arc::new(Tickets::default());
    let mut config = tls_config(b"http/1.1", Arc::default());
    config.resumption = Resumption::store(Arc::clone(&tickets) as _);
    let mut stream = tls(&relay, config).await;
    stream.write_all(REQUEST).await.unwrap();
    let mut answer = Vec::new();
    timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("no answer").unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 200"));
    assert_eq!(tickets.0.load(Ordering::Relaxed), 0);
    relay.stop().await;
}

#[tokio::test]
async fn the_key_exchange_is_the_post_quantum_hybrid() {
    let relay = TestRelay::start().await;
    let stream = tls(&relay, tls_config(b"h2", Arc::default())).await;
    let (_, session) = stream.get_ref();
    assert_eq!(session.negotiated_key_exchange_group().map(|group| group.name()), Some(NamedGroup::X25519MLKEM768));
    assert_eq!(session.handshake_kind(), Some(HandshakeKind::Full));
    relay.stop().await;
}

/// A ClientHello (RFC 5246, section 7.4.1.2) that does not offer TLS 1.3.
const TLS12_HELLO: &str = concat!(
    "1603010045",                                                       // a handshake record
    "01000041",                                                         // ClientHello
    "0303",                                                             // TLS 1.2
    "0000000000000000000000000000000000000000000000000000000000000000", // random
    "00",                                                               // no session
    "0002c02f",                                                         // ECDHE_RSA_WITH_AES_128_GCM_SHA256
    "0100",                                                             // no compression
    "0016",                                                             // extensions:
    "000a000400020017",                                                 // groups: secp256r1
    "000b00020100",                                                     // point formats: uncompressed
    "000d000400020403"                                                  // signatures: ecdsa_secp256r1_sha256
);

#[tokio::test]
async fn tls_1_2_is_refused() {
    let relay = TestRelay::start().await;
    let mut stream = TcpStream::connect(relay.address).await.unwrap();
    let hello = HEXLOWER.decode(TLS12_HELLO.as_bytes()).unwrap();
    assert_eq!(usize::from(hello[4]), hello.len() - 5, "the record's length");
    stream.write_all(&hello).await.unwrap();
    let mut answer = Vec::new();
    let _clean_or_not = timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("no answer");
    // An alert (21), fatal (2), protocol_version (70): RFC 8446, section 6.
    assert_eq!((answer.first(), answer.get(5..7)), (Some(&21), Some(&[2, 70][..])));
    relay.stop().await;
}

#[tokio::test]
async fn the_manifest_names_the_key_of_the_certificate_that_was_shown() {
    let relay = TestRelay::start().await;
    let verifier = Arc::new(Trusting::default());
    drop(tls(&relay, tls_config(b"h2", Arc::clone(&verifier))).await);
    let shown = verifier.certificate();
    let (_, certificate) = X509Certificate::from_der(&shown).unwrap();
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, certificate.public_key().raw);
    let answer = Peer::connect(&relay, Http::Two).await.get("/v1/relay").await;
    let manifest = SignedManifest::from_json(&answer.body).unwrap();
    let verified = manifest.verify(&relay.config.relay.host, &relay.operator).unwrap();
    assert_eq!(verified.manifest.tls.keys_sha256, [HEXLOWER.encode(hash.as_ref())]);
    relay.stop().await;
}

#[tokio::test]
async fn the_certificate_is_kept_over_a_restart() {
    let relay = TestRelay::start().await;
    let shown = async |relay: &TestRelay| {
        let verifier = Arc::new(Trusting::default());
        drop(tls(relay, tls_config(b"h2", Arc::clone(&verifier))).await);
        verifier.certificate()
    };
    let before = shown(&relay).await;
    let relay = relay.stop().await.start().await;
    assert_eq!(shown(&relay).await, before);
    relay.stop().await;
}

#[tokio::test]
async fn the_operators_own_files_are_what_is_shown_and_what_the_manifest_names() {
    let files = tempfile::tempdir().unwrap();
    let (chain, key) = (files.path().join("chain.pem"), files.path().join("key.pem"));
    let own = Certificate::create(&chain, &key, &"relay.example.org:443".parse().unwrap()).unwrap();
    let relay = TestRelay::start_with(|config| {
        (config.tls.mode, config.tls.web_pki) = (TlsMode::Files, true);
        (config.tls.certificate, config.tls.key) = (chain.clone(), key);
    })
    .await;
    let verifier = Arc::new(Trusting::default());
    drop(tls(&relay, tls_config(b"http/1.1", Arc::clone(&verifier))).await);
    assert_eq!(verifier.certificate(), CertificateDer::from_pem_file(chain).unwrap());
    let answer = Peer::connect(&relay, Http::Two).await.get("/v1/relay").await;
    let manifest = SignedManifest::from_json(&answer.body).unwrap();
    let verified = manifest.verify(&relay.config.relay.host, &relay.operator).unwrap();
    assert_eq!(verified.manifest.tls.keys_sha256, [own.key_sha256()]);
    assert!(verified.manifest.tls.web_pki);
    relay.stop().await;
}

#[tokio::test]
async fn the_operators_own_files_are_never_made() {
    let directory = tempfile::tempdir().unwrap();
    let mut config = Config::default().rooted_at(directory.path());
    config.tls.mode = TlsMode::Files;
    keys::create_operator(&config.operator_key, &mut rand::rng()).unwrap();
    assert!(matches!(
        Server::bind(&config).await,
        Err(StartError::Server(sealpost_server::StartError::Certificate(_)))
    ));
    assert!(!config.tls.key.exists() && !config.tls.certificate.exists() && !config.data.exists());
}

#[tokio::test]
async fn without_tls_it_speaks_plain_http_on_loopback_and_names_no_certificate() {
    let relay = TestRelay::start_with(|config| config.tls.mode = TlsMode::Off).await;
    let mut stream = TcpStream::connect(relay.address).await.unwrap();
    stream.write_all(REQUEST).await.unwrap();
    let mut answer = Vec::new();
    timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("no answer").unwrap();
    let body = answer.windows(4).position(|window| window == b"\r\n\r\n").expect("no head") + 4;
    let manifest = SignedManifest::from_json(&answer[body..]).unwrap();
    let verified = manifest.verify(&relay.config.relay.host, &relay.operator).unwrap();
    assert!(verified.manifest.tls.keys_sha256.is_empty());
    relay.stop().await;
}
