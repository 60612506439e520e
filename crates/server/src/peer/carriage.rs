//! HTTP/2 on one connection, as h2 has it: hyper would begin two tasks for each request.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use h2::client::{Connection, ResponseFuture, SendRequest};
use h2::{Ping, PingPong, Reason, RecvStream};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::request::Builder;
use http::uri::{Authority, Scheme};
use http::{Method, Request, Response, StatusCode, Uri};
use sealpost_wire::{RelayHost, manifest};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{sleep, timeout};
use tokio_util::task::AbortOnDropHandle;

use super::PeerError;
use super::trunk::{Answer, Unanswered};

/// HTTP/2's window for one answer and for all on a connection: what the other server may send ahead.
const STREAM_WINDOW: u32 = 128 * 1024;
const CONNECTION_WINDOW: u32 = 1024 * 1024;
/// The longest head of an answer.
const LONGEST_HEAD: u32 = 16 * 1024;

/// A connection that carries many requests at once. Dropped, it is closed.
pub(super) struct Carriage {
    requests: SendRequest<Bytes>,
    authority: Authority,
    patience: Duration,
    /// How many requests are under way.
    load: Arc<AtomicUsize>,
    /// Whether it was found that it takes no more.
    has_ended: AtomicBool,
    driver: AbortOnDropHandle<()>,
}

/// One request more under way, until it is dropped.
struct UnderWay<'c>(&'c AtomicUsize);

impl Carriage {
    /// Speaks HTTP/2 on `stream`.
    pub(super) async fn start<S>(stream: S, host: &RelayHost, patience: Duration) -> Result<Self, PeerError>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let authority = host.as_str().parse().map_err(|_| PeerError::Unreachable)?;
        let (requests, connection) = builder().handshake(stream).await.map_err(|_| PeerError::Closed)?;
        let load = Arc::default();
        // How it ends is told by the requests that were under way.
        let driver = AbortOnDropHandle::new(tokio::spawn(drive(connection, Arc::clone(&load), patience)));
        Ok(Self { requests, authority, patience, load, has_ended: AtomicBool::new(false), driver })
    }

    /// Whether the connection has ended, or takes no more requests.
    pub(super) fn has_ended(&self) -> bool {
        self.has_ended.load(Ordering::Relaxed) || self.driver.is_finished()
    }

    /// The beginning of a request.
    pub(super) fn request(&self, method: Method, path: &'static str) -> Result<Builder, PeerError> {
        let uri = Uri::builder().scheme(Scheme::HTTPS).authority(self.authority.clone()).path_and_query(path);
        Ok(Request::builder().method(method).uri(uri.build().map_err(|_| PeerError::Protocol)?))
    }

    /// What the other server says of itself.
    pub(super) async fn manifest(&self) -> Result<Bytes, PeerError> {
        let request = self.request(Method::GET, manifest::PATH)?;
        match self.exchange(request, Bytes::new(), manifest::MAX_LENGTH).await {
            Ok(Answer { status: StatusCode::OK, body, .. }) => Ok(body),
            Ok(_) => Err(PeerError::Protocol),
            Err(Unanswered::Failed(error)) => Err(error),
            Err(Unanswered::Unsent) => Err(PeerError::Closed),
        }
    }

    /// Sends a request and its body, and reads an answer of at most `limit` bytes.
    pub(super) async fn exchange(&self, request: Builder, body: Bytes, limit: usize) -> Result<Answer, Unanswered> {
        let request = if body.is_empty() { request } else { request.header(CONTENT_LENGTH, body.len()) };
        let request = request.body(()).map_err(|_| PeerError::Protocol)?;
        let _under_way = UnderWay::new(&self.load);
        let answered = async {
            let response = self.send(request, body).await?.await.map_err(|error| unanswered(&error))?;
            Ok(read(response, limit).await?)
        };
        timeout(self.patience, answered).await.unwrap_or(Err(PeerError::TimedOut.into()))
    }

    /// Sends a request, body and all, as fast as the other server takes it.
    async fn send(&self, request: Request<()>, body: Bytes) -> Result<ResponseFuture, Unanswered> {
        let sent = async {
            let mut requests = self.requests.clone().ready().await?;
            let (response, mut rest) = requests.send_request(request, body.is_empty())?;
            if !body.is_empty() {
                rest.send_data(body, true)?;
            }
            Ok(response)
        };
        sent.await.map_err(|_: h2::Error| {
            self.has_ended.store(true, Ordering::Relaxed);
            Unanswered::Unsent
        })
    }
}

fn builder() -> h2::client::Builder {
    let mut builder = h2::client::Builder::new();
    builder
        .enable_push(false)
        .initial_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_header_list_size(LONGEST_HEAD);
    builder
}

/// Runs the connection until it ends, or the other server is found to be gone.
async fn drive<S>(mut connection: Connection<S, Bytes>, load: Arc<AtomicUsize>, patience: Duration)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let Some(pings) = connection.ping_pong() else { return };
    tokio::select! {
        _ended = connection => {}
        () = silence(pings, &load, patience) => {}
    }
}

/// Ready when no ping is answered while requests are under way.
async fn silence(mut pings: PingPong, load: &AtomicUsize, patience: Duration) {
    loop {
        sleep(patience).await;
        if load.load(Ordering::Relaxed) > 0 && !matches!(timeout(patience, pings.ping(Ping::opaque())).await, Ok(Ok(_)))
        {
            return;
        }
    }
}

async fn read(response: Response<RecvStream>, limit: usize) -> Result<Answer, PeerError> {
    let (head, mut stream) = response.into_parts();
    let content_type = head.headers.get(CONTENT_TYPE).cloned();
    let mut body = BytesMut::new();
    while let Some(part) = stream.data().await {
        let part = part.map_err(|_| PeerError::Closed)?;
        if body.len() + part.len() > limit {
            return Err(PeerError::Protocol);
        }
        // It fails when the stream has ended, and then nothing more comes.
        let _told = stream.flow_control().release_capacity(part.len());
        if body.is_empty() && stream.is_end_stream() {
            return Ok(Answer { status: head.status, content_type, body: part });
        }
        body.extend_from_slice(&part);
    }
    Ok(Answer { status: head.status, content_type, body: body.freeze() })
}

/// A server refuses a stream that it has done nothing about (RFC 9113, section 8.7).
fn unanswered(error: &h2::Error) -> Unanswered {
    match error.reason() {
        Some(Reason::REFUSED_STREAM) => Unanswered::Unsent,
        _ => PeerError::Closed.into(),
    }
}

impl<'c> UnderWay<'c> {
    fn new(load: &'c AtomicUsize) -> Self {
        load.fetch_add(1, Ordering::Relaxed);
        Self(load)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
