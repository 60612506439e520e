//! Connections to what is measured.

use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use http::Request;
use http_body_util::Full;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ClientConfig, Resumption};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls13_signature};
use rustls::{DigitallySignedStruct, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use sealpost_wire::request::Request as WireRequest;
use sealpost_wire::to_bytes;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::failure::Failure;

/// What is measured, and how it is spoken to.
#[derive(Clone)]
pub struct Target {
    addresses: Vec<SocketAddr>,
    host: String,
    tls: Option<Arc<ClientConfig>>,
    tls_http2: Option<Arc<ClientConfig>>,
}

/// A connection, with TLS or without.
pub trait Duplex: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Duplex for T {}

impl Target {
    /// Something at that address.
    ///
    /// # Errors
    /// [`Failure::Tls`].
    pub fn new(address: SocketAddr, host: &str, tls: bool) -> Result<Self, Failure> {
        Self::at(vec![address], host, tls)
    }

    /// Something of that name.
    ///
    /// # Errors
    /// [`Failure::Argument`], where it has no address; [`Failure::Tls`].
    pub fn named(host: &str, port: u16, tls: bool) -> Result<Self, Failure> {
        let addresses: Vec<_> = (host, port).to_socket_addrs().into_iter().flatten().collect();
        if addresses.is_empty() {
            return Err(Failure::Argument("the URL's host is not known".into()));
        }
        Self::at(addresses, host, tls)
    }

    fn at(addresses: Vec<SocketAddr>, host: &str, tls: bool) -> Result<Self, Failure> {
        let config = |protocol| if tls { tls_config(protocol).map(Arc::new).map(Some) } else { Ok(None) };
        Ok(Self { addresses, host: host.to_owned(), tls: config(b"http/1.1")?, tls_http2: config(b"h2")? })
    }

    /// Whether it is spoken to by TLS.
    #[must_use]
    pub const fn is_tls(&self) -> bool {
        self.tls.is_some()
    }

    /// What requests name it as.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    async fn connect(&self) -> Result<Box<dyn Duplex>, Failure> {
        self.connect_by(self.tls.as_ref()).await
    }

    /// Opens a connection that speaks HTTP/2.
    pub(super) async fn connect_http2(&self) -> Result<Box<dyn Duplex>, Failure> {
        self.connect_by(self.tls_http2.as_ref()).await
    }

    async fn connect_by(&self, tls: Option<&Arc<ClientConfig>>) -> Result<Box<dyn Duplex>, Failure> {
        let stream = TcpStream::connect(&*self.addresses).await?;
        stream.set_nodelay(true)?;
        let Some(tls) = tls else { return Ok(Box::new(stream)) };
        let name = ServerName::try_from(self.host.clone())?;
        Ok(Box::new(TlsConnector::from(Arc::clone(tls)).connect(name, stream).await?))
    }

    /// Opens a WebSocket that reads up to `buffer` bytes at once.
    ///
    /// # Errors
    /// [`Failure`], of the connection.
    pub async fn socket(&self, path: &str, buffer: usize) -> Result<Socket, Failure> {
        let stream = self.connect().await?;
        let request = format!("ws://{}{path}", self.host).into_client_request()?;
        let config = WebSocketConfig::default().read_buffer_size(buffer);
        let (socket, _) = tokio_tungstenite::client_async_with_config(request, stream, Some(config)).await?;
        Ok(Socket(socket))
    }

    /// Opens a connection for HTTP/1.1.
    ///
    /// # Errors
    /// [`Failure`], of the connection.
    pub async fn http(&self) -> Result<Http, Failure> {
        let (sender, connection) = http1::handshake(TokioIo::new(self.connect().await?)).await?;
        tokio::spawn(connection);
        Ok(Http { sender, host: self.host.clone() })
    }
}

/// A connection for HTTP/1.1.
pub struct Http {
    sender: SendRequest<Full<Bytes>>,
    host: String,
}

impl Http {
    /// Asks, and passes over what is in the reply.
    ///
    /// # Errors
    /// [`Failure::Refused`], [`Failure::Http`].
    pub async fn ask<R: WireRequest>(&mut self, request: &R) -> Result<(), Failure> {
        self.sender.ready().await?;
        let request = Request::post(R::PATH)
            .header("host", &self.host)
            .header("content-type", "application/cbor")
            .body(Full::from(to_bytes(request)));
        let response = self.sender.send_request(request.map_err(|_| Failure::NoFrame)?).await?;
        let status = response.status();
        http_body_util::BodyExt::collect(response.into_body()).await?;
        if status.is_success() { Ok(()) } else { Err(Failure::Refused(R::PATH, status.as_u16())) }
    }
}

/// A WebSocket.
pub struct Socket(WebSocketStream<Box<dyn Duplex>>);

impl Socket {
    /// Sends frames in one write.
    ///
    /// # Errors
    /// [`Failure::Socket`].
    pub async fn say(&mut self, frames: impl IntoIterator<Item = Vec<u8>>) -> Result<(), Failure> {
        for frame in frames {
            self.0.feed(Message::Binary(frame.into())).await?;
        }
        Ok(self.0.flush().await?)
    }

    /// The next frame.
    ///
    /// # Errors
    /// [`Failure::Ended`], [`Failure::Socket`].
    pub async fn hear(&mut self) -> Result<Bytes, Failure> {
        loop {
            match self.0.next().await {
                Some(Ok(Message::Binary(bytes))) => return Ok(bytes),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Err(error)) if !matches!(error, Error::ConnectionClosed) => return Err(error.into()),
                Some(_) | None => return Err(Failure::Ended),
            }
        }
    }
}

/// TLS 1.3 with whatever certificate is shown: a relay's own is told by its manifest, which is not what is measured.
fn tls_config(protocol: &[u8]) -> Result<ClientConfig, Failure> {
    let mut config = ClientConfig::builder_with_provider(Arc::new(provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Trusting))
        .with_no_client_auth();
    config.alpn_protocols = vec![protocol.to_vec()];
    config.resumption = Resumption::disabled();
    Ok(config)
}

/// The provider of TLS, on all sides.
#[must_use]
pub fn provider() -> CryptoProvider {
    aws_lc_rs::default_provider()
}

#[derive(Debug)]
struct Trusting;

impl ServerCertVerifier for Trusting {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
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
