//! A webhook against servers on this machine, good and bad.

use std::net::SocketAddr;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use sealpost_server::clock::ManualClock;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use super::*;

const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef\n";
const BODY: &str = r#"{"to":"+4915123456789","text":"000042 is your code"}"#;
/// Computed with another implementation.
const SIGNED: &str = "441f3e18f5a17b6523b68d3a3760d90b40b16909e79a262452b29ba567676798";

/// Serves one connection: reads a whole request, gives `answer`, and then leaves the connection open.
async fn serve<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, answer: Vec<u8>) -> (String, S) {
    let mut request = Vec::new();
    while !request.ends_with(b"}") {
        assert_ne!(stream.read_buf(&mut request).await.unwrap(), 0, "cut off");
    }
    stream.write_all(&answer).await.unwrap();
    (String::from_utf8(request).unwrap(), stream)
}

struct Gateway {
    address: SocketAddr,
    /// What was asked on the first connection, which stays open, and whether there was a second one.
    served: JoinHandle<(String, bool, TcpStream)>,
}

impl Gateway {
    async fn answering(answer: impl Into<Vec<u8>>) -> Self {
        let (listener, answer) = (TcpListener::bind("127.0.0.1:0").await.unwrap(), answer.into());
        let address = listener.local_addr().unwrap();
        let served = tokio::spawn(async move {
            let (request, open) = serve(listener.accept().await.unwrap().0, answer).await;
            let again = timeout_at(Instant::now() + Duration::from_millis(200), listener.accept()).await.is_ok();
            (request, again, open)
        });
        Self { address, served }
    }

    async fn send(&self) -> Result<(), GatewayError> {
        send(&webhook(&format!("http://{}/send?from=us", self.address))).await
    }
}

fn webhook(url: &str) -> Webhook {
    trusting(RootCertStore::empty(), url)
}

fn trusting(roots: RootCertStore, url: &str) -> Webhook {
    let clock = Arc::new(ManualClock::new(UNIX_EPOCH + Duration::from_millis(1_700_000_000_999)));
    let secret = Secret::of_line(SECRET).unwrap();
    Webhook::trusting(roots, url.parse().unwrap(), secret, Duration::from_millis(500), clock).unwrap()
}

async fn send(webhook: &Webhook) -> Result<(), GatewayError> {
    let number = PhoneNumber::parse("+49 1512 3456789", None).unwrap();
    webhook.send(&number, "000042 is your code").await
}

#[tokio::test]
async fn a_message_is_posted_as_json_and_signed_with_its_time() {
    let gateway = Gateway::answering("HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n").await;
    gateway.send().await.unwrap();
    let (address, (request, again, _)) = (gateway.address, gateway.served.await.unwrap());
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    let mut lines: Vec<_> = head.split("\r\n").collect();
    assert_eq!(lines.remove(0), "POST /send?from=us HTTP/1.1");
    lines.sort_unstable();
    let expected = [
        format!("content-length: {}", BODY.len()),
        "content-type: application/json".to_owned(),
        format!("host: {address}"),
        format!("sealpost-signature: {SIGNED}"),
        "sealpost-timestamp: 1700000000".to_owned(),
    ];
    assert_eq!(lines, expected);
    assert_eq!((body, again), (BODY, false));
}

#[tokio::test]
async fn what_is_not_2xx_is_a_refusal_and_tried_once() {
    for status in [300, 404, 500, 503] {
        let gateway = Gateway::answering(format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\n\r\n")).await;
        let error = gateway.send().await.unwrap_err();
        assert!(matches!(error, GatewayError::Refused(told) if told == status) && error.is_unsent(), "{error}");
        assert!(!gateway.served.await.unwrap().1, "tried again");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Gateway::answering("").await;
    let moved = format!("HTTP/1.1 307 X\r\nlocation: http://{}/\r\ncontent-length: 0\r\n\r\n", elsewhere.address);
    let gateway = Gateway::answering(moved).await;
    assert!(matches!(gateway.send().await, Err(GatewayError::Refused(307))));
    assert!(!gateway.served.await.unwrap().1);
    assert!(!elsewhere.served.is_finished(), "the number went elsewhere");
    elsewhere.served.abort();
}

#[tokio::test]
async fn a_gateway_that_hangs_is_given_up_and_may_have_sent() {
    for answer in ["", "HTTP/1.1 200 OK\r\ncontent-le"] {
        let gateway = Gateway::answering(answer).await;
        let error = gateway.send().await.unwrap_err();
        assert!(matches!(error, GatewayError::Silent) && !error.is_unsent(), "{error}");
    }
}

#[tokio::test]
async fn an_answers_head_is_bounded_and_its_body_is_not_read() {
    let endless = format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "y".repeat(LONGEST_HEAD));
    assert!(matches!(Gateway::answering(endless).await.send().await, Err(GatewayError::Broken)));
    Gateway::answering("HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\nx").await.send().await.unwrap();
}

#[tokio::test]
async fn what_does_not_speak_http_may_have_sent() {
    let error = Gateway::answering("220 smtp.example.org ESMTP\r\n").await.send().await.unwrap_err();
    assert!(matches!(error, GatewayError::Broken) && !error.is_unsent());
}

#[tokio::test]
async fn where_nobody_listens_nothing_is_sent() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let error = send(&webhook(&format!("http://{closed}/"))).await.unwrap_err();
    assert!(matches!(error, GatewayError::Unreachable) && error.is_unsent());
}

/// A gateway with a certificate of its own making, for `localhost`.
async fn with_tls() -> (u16, CertificateDer<'static>, JoinHandle<Option<String>>) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let certificate = made.cert.der().clone();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let served = tokio::spawn(async move {
        let (tcp, _) = listener.accept().await.unwrap();
        let stream = TlsAcceptor::from(Arc::new(config)).accept(tcp).await.ok()?;
        let (request, _open) = serve(stream, b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".to_vec()).await;
        Some(request)
    });
    (port, certificate, served)
}

#[tokio::test]
async fn under_tls_a_message_goes_to_whom_the_roots_vouch_for() {
    let (port, certificate, served) = with_tls().await;
    let mut roots = RootCertStore::empty();
    roots.add(certificate).unwrap();
    send(&trusting(roots, &format!("https://localhost:{port}/"))).await.unwrap();
    assert!(served.await.unwrap().unwrap().ends_with(BODY));
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_gets_no_number() {
    let (port, _, served) = with_tls().await;
    let clock = Arc::new(ManualClock::new(UNIX_EPOCH));
    let (url, secret) = (format!("https://localhost:{port}/").parse().unwrap(), Secret::of_line(SECRET).unwrap());
    let webhook = Webhook::new(url, secret, Duration::from_secs(30), clock).unwrap();
    let error = send(&webhook).await.unwrap_err();
    assert!(matches!(error, GatewayError::Unreachable) && error.is_unsent());
    assert_eq!(served.await.unwrap(), None);
}

#[test]
fn a_secret_is_a_line_of_32_bytes_or_more() {
    assert!(Secret::of_line(&[b'x'; 31]).is_err() && Secret::of_line(b"").is_err());
    let signed = |line: &[u8]| Secret::of_line(line).unwrap().sign("1", b"body");
    let line = b"0123456789abcdef0123456789abcdef";
    assert_eq!(signed(line), signed(&[line, &b"\r\n"[..]].concat()));
    assert_ne!(signed(line), signed(&[line, &b" "[..]].concat()));
}

#[test]
fn nothing_of_it_prints_its_secret() {
    assert_eq!(format!("{:?}", webhook("https://sms.example.org/token")), "Webhook(..)");
    assert_eq!(format!("{:?}", Secret::of_line(SECRET).unwrap()), "Secret(..)");
}
