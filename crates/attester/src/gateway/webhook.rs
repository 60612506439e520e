//! Messages posted to an adapter of one's provider.
//!
//! ```text
//! POST path
//! content-type: application/json                             {"to":"+…","text":"…"}
//! sealpost-timestamp: t                                      seconds since 1970-01-01, decimal
//! sealpost-signature: HMAC-SHA256(secret, t ‖ "." ‖ body)    RFC 2104; 64 hexadecimal digits
//! ```
//!
//! Whoever is posted to answers 2xx if the message was sent, and anything else if it was not; no other part of the answer
//! is read. It should refuse timestamps that are minutes old, so that no message is sent twice.

mod connect;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use aws_lc_rs::hmac;
use bytes::Bytes;
use data_encoding::HEXLOWER;
use futures_util::future::BoxFuture;
use http::header::{CONTENT_TYPE, HOST};
use http::{HeaderName, Method, Request, StatusCode};
use http_body_util::Full;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::RootCertStore;
use sealpost_identity::PhoneNumber;
use sealpost_server::clock::Clock;
use thiserror::Error;
use tokio::time::{Instant, timeout_at};
use tokio_util::task::AbortOnDropHandle;
use zeroize::Zeroizing;

use self::connect::{Connector, Stream};
use super::message;
use super::{GatewayError, SmsGateway, WebhookUrl};
use crate::redacted::redacted;

/// The field that says when a message was signed.
pub const TIMESTAMP: HeaderName = HeaderName::from_static("sealpost-timestamp");
/// The field that shows who signed.
pub const SIGNATURE: HeaderName = HeaderName::from_static("sealpost-signature");

/// An answer has no longer head.
const LONGEST_HEAD: usize = 16 * 1024;

/// A URL that is posted to.
pub struct Webhook {
    url: WebhookUrl,
    secret: Secret,
    connector: Connector,
    timeout: Duration,
    clock: Arc<dyn Clock>,
}

/// What the adapter knows the attester by.
pub struct Secret(hmac::Key);

/// A secret has at least 32 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the secret has fewer than {} bytes", Secret::SHORTEST)]
pub struct SecretTooShort;

redacted!(Webhook, Secret);

impl Secret {
    const SHORTEST: usize = 32;

    /// Takes a line of text as the secret, its bytes as they are, without the line's end.
    ///
    /// # Errors
    /// [`SecretTooShort`].
    pub fn of_line(line: &[u8]) -> Result<Self, SecretTooShort> {
        let secret = line.strip_suffix(b"\n").unwrap_or(line);
        let secret = secret.strip_suffix(b"\r").unwrap_or(secret);
        if secret.len() < Self::SHORTEST {
            return Err(SecretTooShort);
        }
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, secret)))
    }

    fn sign(&self, timestamp: &str, body: &[u8]) -> String {
        let mut context = hmac::Context::with_key(&self.0);
        [timestamp.as_bytes(), b".", body].into_iter().for_each(|part| context.update(part));
        HEXLOWER.encode(context.sign().as_ref())
    }
}

impl Webhook {
    /// Posts to `url`, which is believed if the web's public key infrastructure vouches for it, and gives up after `timeout`.
    ///
    /// # Errors
    /// When the TLS that is built in cannot be set up.
    pub fn new(
        url: WebhookUrl,
        secret: Secret,
        timeout: Duration,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, rustls::Error> {
        let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        Self::trusting(roots, url, secret, timeout, clock)
    }

    /// The same, trusting `roots` alone.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn trusting(
        roots: RootCertStore,
        url: WebhookUrl,
        secret: Secret,
        timeout: Duration,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, rustls::Error> {
        Ok(Self { url, secret, connector: Connector::new(roots)?, timeout, clock })
    }

    async fn post(&self, body: Zeroizing<Vec<u8>>) -> Result<(), GatewayError> {
        let deadline = Instant::now() + self.timeout;
        let connecting = timeout_at(deadline, self.connector.connect(&self.url));
        let stream = connecting.await.ok().and_then(Result::ok).ok_or(GatewayError::Unreachable)?;
        let request = self.request(body).map_err(|_| GatewayError::Unreachable)?;
        let answer = timeout_at(deadline, exchange(stream, request)).await.map_err(|_| GatewayError::Silent)?;
        match answer.map_err(|_| GatewayError::Broken)? {
            status if status.is_success() => Ok(()),
            status => Err(GatewayError::Refused(status.as_u16())),
        }
    }

    fn request(&self, body: Zeroizing<Vec<u8>>) -> http::Result<Request<Full<Bytes>>> {
        let now = self.clock.now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let timestamp = now.as_secs().to_string();
        Request::builder()
            .method(Method::POST)
            .uri(&self.url.path)
            .header(HOST, &self.url.authority)
            .header(CONTENT_TYPE, "application/json")
            .header(SIGNATURE, self.secret.sign(&timestamp, &body))
            .header(TIMESTAMP, timestamp)
            // It is wiped when it was sent.
            .body(Full::new(Bytes::from_owner(body)))
    }
}

impl SmsGateway for Webhook {
    fn send<'a>(&'a self, to: &'a PhoneNumber, text: &'a str) -> BoxFuture<'a, Result<(), GatewayError>> {
        Box::pin(self.post(message::json(to, text)))
    }
}

/// One request on a connection of its own. What follows the answer's head is not read.
async fn exchange(stream: Stream, request: Request<Full<Bytes>>) -> hyper::Result<StatusCode> {
    let (mut sender, connection) =
        http1::Builder::new().max_buf_size(LONGEST_HEAD).handshake(TokioIo::new(stream)).await?;
    let _connection = AbortOnDropHandle::new(tokio::spawn(connection));
    Ok(sender.send_request(request).await?.status())
}
