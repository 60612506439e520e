//! A connection for HTTP/2, over which many requests go at once.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Method, Request};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};

use super::client::Target;
use crate::failure::Failure;

/// What may be on its way to us on one connection, in bytes: a bucket for each of 32 requests.
const WINDOW: u32 = 2 * 1024 * 1024;

/// A connection for HTTP/2. Clones are the same one.
#[derive(Clone)]
pub struct Http2 {
    sender: SendRequest<Full<Bytes>>,
    origin: String,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its body.
    pub body: Bytes,
}

impl Http2 {
    /// Opens one.
    ///
    /// # Errors
    /// [`Failure`], of the connection.
    pub async fn connect(target: &Target) -> Result<Self, Failure> {
        let mut builder = http2::Builder::new(TokioExecutor::new());
        builder.initial_stream_window_size(WINDOW).initial_connection_window_size(WINDOW);
        let (sender, connection) = builder.handshake(TokioIo::new(target.connect_http2().await?)).await?;
        tokio::spawn(connection);
        let scheme = if target.is_tls() { "https" } else { "http" };
        Ok(Self { sender, origin: format!("{scheme}://{}", target.host()) })
    }

    /// Posts, and waits for the answer.
    ///
    /// # Errors
    /// [`Failure::Http`].
    pub async fn post(&self, path: &str, media_type: &str, body: Bytes) -> Result<Answer, Failure> {
        let request = Request::post(format!("{}{path}", self.origin)).header(CONTENT_TYPE, media_type);
        self.send(request.body(body.into()).map_err(|_| Failure::NoFrame)?).await
    }

    /// Gets what is there.
    ///
    /// # Errors
    /// [`Failure::Http`], [`Failure::Refused`].
    pub async fn get(&self, path: &str) -> Result<Bytes, Failure> {
        let request = Request::builder().method(Method::GET).uri(format!("{}{path}", self.origin));
        let answer = self.send(request.body(Full::default()).map_err(|_| Failure::NoFrame)?).await?;
        if answer.status == 200 { Ok(answer.body) } else { Err(Failure::Refused("what is read", answer.status)) }
    }

    async fn send(&self, request: Request<Full<Bytes>>) -> Result<Answer, Failure> {
        let mut sender = self.sender.clone();
        sender.ready().await?;
        let response = sender.send_request(request).await?;
        let status = response.status().as_u16();
        Ok(Answer { status, body: response.into_body().collect().await?.to_bytes() })
    }
}
