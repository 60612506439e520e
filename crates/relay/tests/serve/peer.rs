//! What connects to a relay: TLS that trusts what it is shown and remembers it, HTTP and WebSockets on top.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls13_signature};
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use sealpost_wire::request::{Refusal, Refused, Request as WireRequest};
use sealpost_wire::{from_bytes, to_bytes};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::Message;
use tokio_tungstenite::tungstenite::{self, client::IntoClientRequest};

use crate::relay::{PATIENCE, TestRelay};

/// Something to connect to.
pub(crate) trait Listening {
    fn address(&self) -> SocketAddr;
}

impl Listening for TestRelay {
    fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Listening for SocketAddr {
    fn address(&self) -> SocketAddr {
        *self
    }
}

/// Trusts any certificate and remembers it.
#[derive(Default)]
pub(crate) struct Trusting(Mutex<Option<CertificateDer<'static>>>);

impl fmt::Debug for Trusting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Trusting")
    }
}

impl Trusting {
    pub(crate) fn certificate(&self) -> CertificateDer<'static> {
        self.0.lock().unwrap().clone().expect("no certificate was shown")
    }
}

impl ServerCertVerifier for Trusting {
    fn verify_server_cert(
        &self,
        shown: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        *self.0.lock().unwrap() = Some(shown.clone().into_owned());
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Err(rustls::Error::General("TLS 1.2".into()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &provider().signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        provider().signature_verification_algorithms.supported_schemes()
    }
}

fn provider() -> CryptoProvider {
    aws_lc_rs::default_provider()
}

/// TLS as a client of ours speaks it, with one protocol to choose.
pub(crate) fn tls_config(protocol: &[u8], verifier: Arc<Trusting>) -> ClientConfig {
    let mut config = ClientConfig::builder_with_provider(Arc::new(provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    config.alpn_protocols = vec![protocol.to_vec()];
    config
}

pub(crate) async fn tls(relay: &impl Listening, config: ClientConfig) -> TlsStream<TcpStream> {
    let stream = TcpStream::connect(relay.address()).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap()
}

async fn connect(relay: &impl Listening, protocol: &[u8]) -> TlsStream<TcpStream> {
    tls(relay, tls_config(protocol, Arc::default())).await
}

/// The two ways to ask.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Http {
    One,
    Two,
}

pub(crate) const BOTH: [Http; 2] = [Http::One, Http::Two];

/// One HTTP connection.
pub(crate) enum Peer {
    One(http1::SendRequest<Full<Bytes>>),
    Two(http2::SendRequest<Full<Bytes>>),
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    /// The refusal, and its status with it.
    pub(crate) fn refused(&self) -> (u16, Refusal) {
        (self.status.as_u16(), from_bytes::<Refused>(&self.body).expect("not a refusal").reason)
    }
}

impl Peer {
    pub(crate) async fn connect(relay: &impl Listening, http: Http) -> Self {
        match http {
            Http::One => {
                let io = TokioIo::new(connect(relay, b"http/1.1").await);
                let (sender, connection) = http1::handshake(io).await.unwrap();
                tokio::spawn(connection);
                Self::One(sender)
            }
            Http::Two => {
                let io = TokioIo::new(connect(relay, b"h2").await);
                let (sender, connection) = http2::handshake(TokioExecutor::new(), io).await.unwrap();
                tokio::spawn(connection);
                Self::Two(sender)
            }
        }
    }

    /// Tries to get as far as TLS.
    pub(crate) async fn try_connect(relay: &TestRelay) -> io::Result<()> {
        let stream = TcpStream::connect(relay.address).await?;
        let config = Arc::new(tls_config(b"h2", Arc::default()));
        let name = ServerName::try_from("localhost").unwrap();
        TlsConnector::from(config).connect(name, stream).await.map(drop)
    }

    /// Waits until the relay has ended the connection.
    pub(crate) async fn ended(&self) {
        let is_closed = || match self {
            Self::One(sender) => sender.is_closed(),
            Self::Two(sender) => sender.is_closed(),
        };
        let ended = async {
            while !is_closed() {
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(PATIENCE, ended).await.expect("the relay keeps the connection");
    }

    /// Asks, and expects a reply.
    pub(crate) async fn call<R: WireRequest>(&mut self, request: &R) -> R::Reply {
        let answer = self.ask(request).await;
        assert_eq!(answer.status, StatusCode::OK, "{} was refused", R::PATH);
        from_bytes(&answer.body).expect("not a reply")
    }

    /// Asks, whatever the answer is.
    pub(crate) async fn ask<R: WireRequest>(&mut self, request: &R) -> Answer {
        self.post(R::PATH, to_bytes(request)).await
    }

    pub(crate) async fn post(&mut self, path: &str, body: Vec<u8>) -> Answer {
        let request = Request::post(path).header("content-type", "application/cbor");
        self.send(request.body(Full::from(body)).unwrap()).await
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.send(Request::builder().method(Method::GET).uri(path).body(Full::default()).unwrap()).await
    }

    pub(crate) async fn send(&mut self, request: Request<Full<Bytes>>) -> Answer {
        self.try_send(request).await.expect("no answer")
    }

    pub(crate) async fn try_send(&mut self, mut request: Request<Full<Bytes>>) -> hyper::Result<Answer> {
        let answering = async {
            let response = match self {
                Self::One(sender) => {
                    sender.ready().await?;
                    request.headers_mut().insert("host", "localhost".parse().unwrap());
                    sender.send_request(request).await?
                }
                Self::Two(sender) => {
                    sender.ready().await?;
                    let path = request.uri().to_string();
                    *request.uri_mut() = format!("https://localhost{path}").parse().unwrap();
                    sender.send_request(request).await?
                }
            };
            let (parts, body) = response.into_parts();
            let body = body.collect().await?.to_bytes();
            Ok(Answer { status: parts.status, headers: parts.headers, body })
        };
        timeout(PATIENCE, answering).await.expect("the relay does not answer")
    }
}

/// Sends requests over one connection and resets each at once, until it has sent `count` or is cut off.
pub(crate) async fn reset_again_and_again<R: WireRequest>(relay: &TestRelay, request: impl Fn() -> R, count: usize) {
    let io = TokioIo::new(connect(relay, b"h2").await);
    let (mut sender, connection) = http2::handshake(TokioExecutor::new(), io).await.unwrap();
    tokio::spawn(connection);
    for _ in 0..count {
        if sender.ready().await.is_err() {
            return;
        }
        let request = Request::post(format!("https://localhost{}", R::PATH))
            .header("content-type", "application/cbor")
            .body(Full::<Bytes>::from(to_bytes(&request())));
        // Dropping what waits for the answer resets the stream (RFC 9113, section 8.7).
        let _answered_or_reset = timeout(Duration::from_micros(300), sender.send_request(request.unwrap())).await;
    }
}

/// A reply whose head was read and whose body is not.
pub(crate) struct Untaken {
    _response: http::Response<hyper::body::Incoming>,
    _sender: http2::SendRequest<Full<Bytes>>,
}

impl Untaken {
    /// Asks over a connection whose window holds only the beginning of a long reply.
    pub(crate) async fn begin<R: WireRequest>(relay: &TestRelay, request: &R) -> Self {
        let io = TokioIo::new(connect(relay, b"h2").await);
        let mut builder = http2::Builder::new(TokioExecutor::new());
        builder.initial_stream_window_size(65_535).initial_connection_window_size(65_535);
        let (mut sender, connection) = builder.handshake(io).await.unwrap();
        tokio::spawn(connection);
        let request = Request::post(format!("https://localhost{}", R::PATH))
            .header("content-type", "application/cbor")
            .body(Full::from(to_bytes(request)));
        let response = sender.send_request(request.unwrap()).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        Self { _response: response, _sender: sender }
    }
}

/// A WebSocket.
pub(crate) struct Socket(pub(crate) WebSocketStream<TlsStream<TcpStream>>);

impl Socket {
    pub(crate) async fn open(relay: &impl Listening, path: &str) -> Self {
        Self::upgrade(connect(relay, b"http/1.1").await, path).await.expect("no upgrade")
    }

    pub(crate) async fn upgrade(stream: TlsStream<TcpStream>, path: &str) -> tungstenite::Result<Self> {
        let request = format!("wss://localhost{path}").into_client_request().unwrap();
        let (socket, _) = tokio_tungstenite::client_async(request, stream).await?;
        Ok(Self(socket))
    }

    pub(crate) async fn say(&mut self, frame: &impl minicbor::Encode<()>) {
        self.say_bytes(to_bytes(frame)).await;
    }

    pub(crate) async fn say_bytes(&mut self, bytes: Vec<u8>) {
        self.0.send(Message::Binary(bytes.into())).await.unwrap();
    }

    /// The next frame.
    pub(crate) async fn hear<T>(&mut self) -> T
    where
        T: for<'b> minicbor::Decode<'b, ()> + minicbor::Encode<()>,
    {
        loop {
            match self.next().await {
                Some(Ok(Message::Binary(bytes))) => return from_bytes(&bytes).expect("not a frame"),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("{other:?} instead of a frame"),
            }
        }
    }

    /// The code of the goodbye; `None` when the connection just ends.
    pub(crate) async fn goodbye(&mut self) -> Option<u16> {
        loop {
            match self.next().await {
                Some(Ok(Message::Close(frame))) => return frame.map(|frame| frame.code.into()),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return None,
            }
        }
    }

    async fn next(&mut self) -> Option<tungstenite::Result<Message>> {
        timeout(PATIENCE, self.0.next()).await.expect("the relay says nothing")
    }
}
