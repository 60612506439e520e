//! HTTP/1.1 on one connection: one request at a time.

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST};
use http::request::Builder;
use http::{HeaderValue, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use sealpost_wire::RelayHost;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::task::AbortOnDropHandle;

use super::{PeerError, classify, within};
use crate::http::CBOR;

/// The longest head of an answer, and the size of each buffer.
const LONGEST_HEAD: usize = 16 * 1024;
/// The most header fields in an answer.
const MOST_FIELDS: usize = 32;

/// A connection that carries requests one after the other. Dropped, it is closed.
pub(super) struct Exchange {
    requests: SendRequest<Full<Bytes>>,
    host: HeaderValue,
    patience: Duration,
    _driver: AbortOnDropHandle<()>,
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
        Ok(Self { requests, host, patience, _driver: driver })
    }

    /// Asks for `path`; a status of any kind is no error.
    pub(super) async fn get(&mut self, path: &str, limit: usize) -> Result<(StatusCode, Bytes), PeerError> {
        self.exchange(Request::builder().method(Method::GET).uri(path), Bytes::new(), limit).await
    }

    /// Posts a CBOR body to `path` and reads an answer of at most `limit` bytes; a status of any kind is no error.
    pub(super) async fn post(
        &mut self,
        path: &str,
        body: Vec<u8>,
        limit: usize,
    ) -> Result<(StatusCode, Bytes), PeerError> {
        let request = Request::builder().method(Method::POST).uri(path).header(CONTENT_TYPE, CBOR);
        self.exchange(request, body.into(), limit).await
    }

    async fn exchange(
        &mut self,
        request: Builder,
        body: Bytes,
        limit: usize,
    ) -> Result<(StatusCode, Bytes), PeerError> {
        let request = request.header(HOST, self.host.clone()).body(Full::new(body)).map_err(|_| PeerError::Protocol)?;
        within(self.patience, answer(&mut self.requests, request, limit)).await
    }
}

async fn answer(
    requests: &mut SendRequest<Full<Bytes>>,
    request: Request<Full<Bytes>>,
    limit: usize,
) -> Result<(StatusCode, Bytes), PeerError> {
    requests.ready().await.map_err(|_| PeerError::Closed)?;
    let response = requests.send_request(request).await.map_err(|error| classify(&error))?;
    let status = response.status();
    match Limited::new(response.into_body(), limit).collect().await {
        Ok(collected) => Ok((status, collected.to_bytes())),
        Err(error) => Err(error.downcast_ref().map_or(PeerError::Protocol, classify)),
    }
}
