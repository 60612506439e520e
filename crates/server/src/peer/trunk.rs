//! HTTP/2 on one connection: many requests at once.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::request::Builder;
use http::uri::{Authority, Scheme};
use http::{HeaderValue, Method, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use sealpost_wire::manifest::{self, VerifiedManifest};
use sealpost_wire::{RelayHost, RelayRef};
use tokio::time::timeout;
use tokio_util::task::AbortOnDropHandle;

use super::{Patience, PeerError, believed, classify, dial, within};

/// HTTP/2's window for one answer and for all on a connection: what the other server may send ahead.
const STREAM_WINDOW: u32 = 128 * 1024;
const CONNECTION_WINDOW: u32 = 1024 * 1024;
/// The longest head of an answer.
const LONGEST_HEAD: u32 = 16 * 1024;

/// A connection to another of our servers, which has proved to be the one that was named, for many requests at once, of
/// any form. Dropped, it is closed.
pub struct Trunk {
    requests: SendRequest<Full<Bytes>>,
    authority: Authority,
    manifest: VerifiedManifest,
    patience: Duration,
    _driver: AbortOnDropHandle<()>,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Its status, of any kind.
    pub status: StatusCode,
    /// The type of its body, if it has one.
    pub content_type: Option<HeaderValue>,
    /// Its body.
    pub body: Bytes,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unanswered {
    /// The connection had ended before the request was sent, so that it may be sent on another one.
    Unsent,
    /// It was sent, and has failed.
    Failed(PeerError),
}

impl Trunk {
    /// Connects to the server that `reference` names, and asks what it says of itself.
    ///
    /// # Errors
    /// [`PeerError`], but for [`PeerError::Refused`].
    pub async fn connect(reference: &RelayRef, patience: Patience) -> Result<Self, PeerError> {
        let (stream, shown) = within(patience.connect, dial(&reference.host, b"h2")).await?;
        let authority = authority(&reference.host)?;
        let (requests, connection) =
            builder(patience.request).handshake(TokioIo::new(stream)).await.map_err(|_| PeerError::Closed)?;
        // How it ends is told by the requests that were under way.
        let driver = AbortOnDropHandle::new(tokio::spawn(async move { drop(connection.await) }));
        let signed = ask_manifest(&requests, &authority, patience.request).await?;
        let manifest = believed(&signed, reference, &shown)?;
        Ok(Self { requests, authority, manifest, patience: patience.request, _driver: driver })
    }

    /// What the server said of itself when it was connected to.
    #[must_use]
    pub const fn manifest(&self) -> &VerifiedManifest {
        &self.manifest
    }

    /// Whether the connection has ended.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.requests.is_closed()
    }

    /// What the server says of itself now: the signed manifest as it stands, unchecked, for whoever checks it.
    ///
    /// # Errors
    /// [`PeerError`], but for [`PeerError::Refused`].
    pub async fn signed_manifest(&self) -> Result<Bytes, PeerError> {
        ask_manifest(&self.requests, &self.authority, self.patience).await
    }

    /// Posts a body to `path`, with its type and nothing else, and reads an answer of at most `limit` bytes.
    ///
    /// # Errors
    /// [`Unanswered`]
    pub async fn post(
        &self,
        path: &'static str,
        content_type: &'static str,
        body: Bytes,
        limit: usize,
    ) -> Result<Answer, Unanswered> {
        let request = request(Method::POST, &self.authority, path)?.header(CONTENT_TYPE, content_type);
        exchange(&self.requests, request, body, limit, self.patience).await
    }
}

fn builder(patience: Duration) -> http2::Builder<TokioExecutor> {
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_header_list_size(LONGEST_HEAD)
        .keep_alive_interval(patience)
        .keep_alive_timeout(patience);
    builder
}

fn authority(host: &RelayHost) -> Result<Authority, PeerError> {
    host.as_str().parse().map_err(|_| PeerError::Unreachable)
}

fn request(method: Method, authority: &Authority, path: &'static str) -> Result<Builder, PeerError> {
    let uri = Uri::builder().scheme(Scheme::HTTPS).authority(authority.clone()).path_and_query(path);
    Ok(Request::builder().method(method).uri(uri.build().map_err(|_| PeerError::Protocol)?))
}

async fn ask_manifest(
    requests: &SendRequest<Full<Bytes>>,
    authority: &Authority,
    patience: Duration,
) -> Result<Bytes, PeerError> {
    let request = request(Method::GET, authority, manifest::PATH)?;
    match exchange(requests, request, Bytes::new(), manifest::MAX_LENGTH, patience).await {
        Ok(Answer { status: StatusCode::OK, body, .. }) => Ok(body),
        Ok(_) => Err(PeerError::Protocol),
        Err(Unanswered::Failed(error)) => Err(error),
        Err(Unanswered::Unsent) => Err(PeerError::Closed),
    }
}

async fn exchange(
    requests: &SendRequest<Full<Bytes>>,
    request: Builder,
    body: Bytes,
    limit: usize,
    patience: Duration,
) -> Result<Answer, Unanswered> {
    let request = request.body(Full::new(body)).map_err(|_| PeerError::Protocol)?;
    let mut requests = requests.clone();
    let sent = async move {
        requests.ready().await.map_err(|_| Unanswered::Unsent)?;
        match requests.try_send_request(request).await {
            Ok(response) => Ok(read(response, limit).await?),
            Err(error) if error.message().is_some() => Err(Unanswered::Unsent),
            Err(error) => Err(classify(error.error()).into()),
        }
    };
    timeout(patience, sent).await.unwrap_or(Err(PeerError::TimedOut.into()))
}

async fn read(response: Response<Incoming>, limit: usize) -> Result<Answer, PeerError> {
    let (head, body) = response.into_parts();
    let content_type = head.headers.get(CONTENT_TYPE).cloned();
    match Limited::new(body, limit).collect().await {
        Ok(body) => Ok(Answer { status: head.status, content_type, body: body.to_bytes() }),
        Err(error) => Err(error.downcast_ref().map_or(PeerError::Protocol, classify)),
    }
}

impl From<PeerError> for Unanswered {
    fn from(error: PeerError) -> Self {
        Self::Failed(error)
    }
}

impl fmt::Debug for Trunk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Trunk(..)")
    }
}
