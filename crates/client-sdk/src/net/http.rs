//! One HTTP/1.1 connection: one request at a time, nothing in it but what the protocol needs.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST};
use http::{HeaderValue, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper_util::rt::TokioIo;
use sealpost_wire::RelayHost;
use tokio_util::task::AbortOnDropHandle;

use super::dial::within;
use super::guard::{Guarded, Verdict};
use super::{NetError, ProtocolError, Stage, Timeouts};

/// The longest head of an answer, and the size of each buffer.
const LONGEST_HEAD: usize = 16 * 1024;
/// The most header fields in an answer.
const MOST_FIELDS: usize = 32;

/// The media type of the bodies of the protocol.
const CBOR: &str = "application/cbor";

/// An answer of any status.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    /// The type of the body, as it was told.
    pub(super) media_type: Option<HeaderValue>,
    pub(super) body: Bytes,
}

/// A connection that carries requests one after the other. Dropped, it is closed.
pub(super) struct HttpConnection {
    requests: SendRequest<Full<Bytes>>,
    host: HeaderValue,
    verdict: Verdict,
    timeouts: Timeouts,
    _driver: AbortOnDropHandle<()>,
}

impl HttpConnection {
    /// Speaks HTTP on `stream`. Sends nothing yet.
    ///
    /// # Errors
    /// [`NetError::Closed`].
    pub(super) async fn start<S>(stream: Guarded<S>, host: &RelayHost, timeouts: Timeouts) -> Result<Self, NetError>
    where
        S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
    {
        let verdict = stream.verdict();
        let host = HeaderValue::from_str(host.as_str()).map_err(|_| NetError::Unreachable)?;
        let mut builder = Builder::new();
        builder.max_buf_size(LONGEST_HEAD).max_headers(MOST_FIELDS);
        let (requests, connection) = builder.handshake(TokioIo::new(stream)).await.map_err(|_| NetError::Closed)?;
        // How it ends is told by the request that was in flight.
        let driver = tokio::spawn(async move { drop(connection.await) });
        let driver = AbortOnDropHandle::new(driver);
        Ok(Self { requests, host, verdict, timeouts, _driver: driver })
    }

    /// Asks for `path`.
    ///
    /// # Errors
    /// Those of the exchange; a status of any kind is none.
    pub(super) async fn get(&mut self, path: &str, limit: usize) -> Result<(StatusCode, Bytes), NetError> {
        let answer = self.ask(path, limit).await?;
        Ok((answer.status, answer.body))
    }

    /// Posts a CBOR body to `path` and reads an answer of at most `limit` bytes.
    ///
    /// # Errors
    /// Those of the exchange; a status of any kind is none.
    pub(super) async fn post(
        &mut self,
        path: &str,
        body: Vec<u8>,
        limit: usize,
    ) -> Result<(StatusCode, Bytes), NetError> {
        let answer = self.post_as(CBOR, path, body, limit).await?;
        Ok((answer.status, answer.body))
    }

    /// As [`Self::get`], with the type of what was answered.
    pub(super) async fn ask(&mut self, path: &str, limit: usize) -> Result<Answer, NetError> {
        let request = Request::builder().method(Method::GET).uri(path);
        self.exchange(request, Bytes::new(), limit).await
    }

    /// As [`Self::post`], with a body of another type, and the type of what was answered.
    pub(super) async fn post_as(
        &mut self,
        media_type: &'static str,
        path: &str,
        body: Vec<u8>,
        limit: usize,
    ) -> Result<Answer, NetError> {
        let request = Request::builder().method(Method::POST).uri(path).header(CONTENT_TYPE, media_type);
        self.exchange(request, body.into(), limit).await
    }

    /// Whether the other end has closed it, as far as is known.
    pub(super) fn is_closed(&self) -> bool {
        self.requests.is_closed()
    }

    async fn exchange(
        &mut self,
        request: http::request::Builder,
        body: Bytes,
        limit: usize,
    ) -> Result<Answer, NetError> {
        let request = request.header(HOST, self.host.clone()).body(Full::new(body));
        let request = request.map_err(|_| NetError::Protocol(ProtocolError::Framing))?;
        let outcome = within(self.timeouts.request, Stage::Request, answer(&mut self.requests, request, limit)).await;
        outcome.and_then(|answered| answered).map_err(|error| self.verdict.or(error))
    }
}

async fn answer(
    requests: &mut SendRequest<Full<Bytes>>,
    request: Request<Full<Bytes>>,
    limit: usize,
) -> Result<Answer, NetError> {
    requests.ready().await.map_err(|_| NetError::Closed)?;
    let response = requests.send_request(request).await.map_err(|error| classify(&error))?;
    let (status, media_type) = (response.status(), response.headers().get(CONTENT_TYPE).cloned());
    Ok(Answer { status, media_type, body: read(response.into_body(), limit).await? })
}

async fn read(body: hyper::body::Incoming, limit: usize) -> Result<Bytes, NetError> {
    let too_long = NetError::Protocol(ProtocolError::TooLong);
    if hyper::body::Body::size_hint(&body).lower() > limit as u64 {
        return Err(too_long);
    }
    match Limited::new(body, limit).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(too_long),
        Err(error) => Err(error.downcast_ref().map_or(NetError::Closed, classify)),
    }
}

/// Tells an answer that is no HTTP from a connection that broke.
fn classify(error: &hyper::Error) -> NetError {
    if error.is_parse() { NetError::Protocol(ProtocolError::Framing) } else { NetError::Closed }
}

#[cfg(test)]
mod tests;
