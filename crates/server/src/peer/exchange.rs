//! HTTP/1.1 on one connection: one request at a time.

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST};
use http::request::Builder;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use sealpost_wire::RelayHost;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
use tokio_util::task::AbortOnDropHandle;

use super::{PeerError, classify};

/// The longest head of an answer, and the size of each buffer.
const LONGEST_HEAD: usize = 16 * 1024;
/// The most header fields in an answer.
const MOST_FIELDS: usize = 32;

/// A connection that carries requests one after the other. Dropped, it is closed.
pub(super) struct Exchange {
    requests: SendRequest<Full<Bytes>>,
    host: HeaderValue,
    patience: Duration,
    /// Whether a request was begun whose answer has not been read to its end: nothing can come behind it.
    is_broken_off: bool,
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

impl Exchange {
    /// Speaks HTTP on `stream`. Sends nothing yet.
    pub(super) async fn start<S>(stream: S, host: &RelayHost, patience: Duration) -> Result<Self, PeerError>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let host = HeaderValue::from_str(host.as_str()).map_err(|_| PeerError::Unreachable)?;
        let mut builder = http1::Builder::new();
        builder.max_buf_size(LONGEST_HEAD).max_headers(MOST_FIELDS);
        let (requests, connection) = builder.handshake(TokioIo::new(stream)).await.map_err(|_| PeerError::Closed)?;
        // How it ends is told by the request that was under way.
        let driver = AbortOnDropHandle::new(tokio::spawn(async move { drop(connection.await) }));
        Ok(Self { requests, host, patience, is_broken_off: false, _driver: driver })
    }

    /// Whether another request can be sent, as far as is known.
    pub(super) fn is_usable(&self) -> bool {
        !self.is_broken_off && !self.requests.is_closed()
    }

    /// Asks for `path`; a status of any kind is no error.
    pub(super) async fn get(&mut self, path: &'static str, limit: usize) -> Result<Answer, Unanswered> {
        self.exchange(Request::builder().method(Method::GET).uri(path), Bytes::new(), limit).await
    }

    /// Posts a body to `path` and reads an answer of at most `limit` bytes; a status of any kind is no error.
    pub(super) async fn post(
        &mut self,
        path: &'static str,
        content_type: &'static str,
        body: Bytes,
        limit: usize,
    ) -> Result<Answer, Unanswered> {
        let content_type = HeaderValue::from_static(content_type);
        let request = Request::builder().method(Method::POST).uri(path).header(CONTENT_TYPE, content_type);
        self.exchange(request, body, limit).await
    }

    async fn exchange(&mut self, request: Builder, body: Bytes, limit: usize) -> Result<Answer, Unanswered> {
        if !self.is_usable() {
            return Err(Unanswered::Unsent);
        }
        let request = request.header(HOST, self.host.clone()).body(Full::new(body)).map_err(|_| PeerError::Protocol)?;
        self.is_broken_off = true;
        let answer = timeout(self.patience, answer(&mut self.requests, request, limit)).await;
        self.is_broken_off = !matches!(answer, Ok(Ok(_)));
        answer.unwrap_or(Err(PeerError::TimedOut.into()))
    }
}

async fn answer(
    requests: &mut SendRequest<Full<Bytes>>,
    request: Request<Full<Bytes>>,
    limit: usize,
) -> Result<Answer, Unanswered> {
    requests.ready().await.map_err(|_| Unanswered::Unsent)?;
    match requests.try_send_request(request).await {
        Ok(response) => Ok(read(response, limit).await?),
        Err(error) if error.message().is_some() => Err(Unanswered::Unsent),
        Err(error) => Err(classify(error.error()).into()),
    }
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

impl From<Unanswered> for PeerError {
    fn from(unanswered: Unanswered) -> Self {
        match unanswered {
            Unanswered::Unsent => Self::Closed,
            Unanswered::Failed(error) => error,
        }
    }
}
