//! HTTP on one connection, within its limits.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::response::Response;
use http::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulConnection;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
use tower::ServiceExt;

use super::blank::BlankingExecutor;
use super::connection::Connection;
use super::heard::Heard;
use super::shared::Shared;
use crate::config::bytes;

/// The most headers of one HTTP/1.1 request.
const HEADERS: usize = 32;
/// The most streams of one HTTP/2 connection that were reset and still cost something: more are a flood.
const RESETS: usize = 32;
/// What HTTP/1.1 reads at once, in bytes: the least that hyper allows. Its buffer then never grows, and once it is empty is
/// used again from its beginning, so that [`Heard`] has all of it to wipe.
const READ: usize = 8 * 1024;
/// HTTP/2's window for one stream and for one connection: what a peer may send ahead.
const STREAM_WINDOW: u32 = 128 * 1024;
const CONNECTION_WINDOW: u32 = 512 * 1024;
/// How long an HTTP/2 connection may rest on which a capability was told. Its buffer cannot be wiped while it lives.
const TOLD: Duration = Duration::from_secs(2);
/// HTTP/2: what may wait to be sent on one stream.
const SEND_BUFFER: usize = 64 * 1024;

/// What a connection speaks: ALPN says (RFC 7301); without TLS it is HTTP/1.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    Http1,
    Http2,
}

/// Serves requests until the peer leaves, is silent for too long, or the server stops.
pub(super) async fn serve<T>(
    stream: T,
    protocol: Protocol,
    connection: Arc<Connection>,
    router: Router,
    shared: &Shared,
) where
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let stream = TokioIo::new(Heard::new(stream, Arc::clone(&connection)));
    let service = {
        let connection = Arc::clone(&connection);
        service_fn(move |request| answer(router.clone(), Arc::clone(&connection), request))
    };
    let http = http(protocol, BlankingExecutor(Arc::clone(&connection)), shared);
    let serving = Box::pin(http.serve_connection_with_upgrades(stream, service));
    drive(serving, protocol, &connection, shared).await;
}

async fn answer(
    router: Router,
    connection: Arc<Connection>,
    mut request: Request<Incoming>,
) -> Result<Response, Infallible> {
    let _ongoing = connection.request();
    request.extensions_mut().insert(connection);
    router.oneshot(request).await
}

/// Lets the connection run; ends it politely when it is idle or the server stops.
async fn drive<C: GracefulConnection>(
    mut serving: Pin<Box<C>>,
    protocol: Protocol,
    connection: &Connection,
    shared: &Shared,
) {
    tokio::select! {
        _ended = serving.as_mut() => return,
        () = connection.idle(shared.limits.idle_timeout) => {}
        () = connection.rests_on_a_side(TOLD), if protocol == Protocol::Http2 => {}
        () = shared.stop.cancelled() => {}
    }
    serving.as_mut().graceful_shutdown();
    // What does not end now is ended by being dropped.
    let _ended = timeout(shared.limits.request_timeout, serving).await;
}

fn http(protocol: Protocol, executor: BlankingExecutor, shared: &Shared) -> Builder<BlankingExecutor> {
    let builder = Builder::new(executor);
    match protocol {
        Protocol::Http1 => http1(builder.http1_only(), shared),
        Protocol::Http2 => http2(builder.http2_only(), shared),
    }
}

fn http1(mut builder: Builder<BlankingExecutor>, shared: &Shared) -> Builder<BlankingExecutor> {
    builder
        .http1()
        .timer(TokioTimer::new())
        .auto_date_header(false)
        .header_read_timeout(shared.limits.idle_timeout)
        .max_headers(HEADERS)
        .max_buf_size(READ);
    builder
}

fn http2(mut builder: Builder<BlankingExecutor>, shared: &Shared) -> Builder<BlankingExecutor> {
    builder
        .http2()
        .timer(TokioTimer::new())
        .auto_date_header(false)
        .max_header_list_size(u32::try_from(head(shared)).unwrap_or(u32::MAX))
        .max_concurrent_streams(shared.limits.streams)
        .max_pending_accept_reset_streams(RESETS)
        .max_local_error_reset_streams(RESETS)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_send_buf_size(SEND_BUFFER)
        .keep_alive_interval(shared.limits.ping_interval)
        .keep_alive_timeout(shared.limits.ping_interval);
    builder
}

fn head(shared: &Shared) -> usize {
    bytes(shared.limits.head)
}
