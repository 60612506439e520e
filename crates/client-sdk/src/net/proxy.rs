//! The proxy that requests go through by Oblivious HTTP, and the connections to it.
//!
//! It sees this device's address in any case, so that its requests share connections; what they are about it does not see.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use sealpost_wire::oblivious::{ANSWER_TYPE, KEY_PROBLEM, LONGEST_ANSWER, PROBLEM_TYPE, PROXY_PATH, REQUEST_TYPE};
use sealpost_wire::{RelayRef, manifest};
use serde_json::Value;
use tokio::time::Instant;

use super::http::{Answer, HttpConnection};
use super::side::refusal;
use super::{NetError, ProtocolError, ProxyError};

/// How long a connection is kept for the next request: shorter than servers keep one that is idle.
const KEPT: Duration = Duration::from_secs(20);
/// How many connections are kept.
const MOST_KEPT: usize = 4;

/// A proxy, with the connections to it that carry nothing at the moment.
pub(super) struct Proxy {
    pub(super) reference: RelayRef,
    idle: Mutex<Vec<(Instant, HttpConnection)>>,
}

impl Proxy {
    pub(super) fn new(reference: RelayRef) -> Self {
        Self { reference, idle: Mutex::default() }
    }

    /// A connection that was used before, as far as one is known to be open.
    pub(super) fn idle(&self) -> Option<HttpConnection> {
        let mut idle = self.lock();
        idle.retain(|(since, connection)| since.elapsed() < KEPT && !connection.is_closed());
        idle.pop().map(|(_, connection)| connection)
    }

    /// Keeps a connection on which an exchange came to its end.
    pub(super) fn keep(&self, connection: HttpConnection) {
        let mut idle = self.lock();
        if idle.len() < MOST_KEPT {
            idle.push((Instant::now(), connection));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(Instant, HttpConnection)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is asked of a proxy.
pub(super) enum Asked {
    /// To pass on what was sealed.
    PassOn(Vec<u8>),
    /// What the gateway says of itself.
    Manifest,
}

impl Asked {
    /// Asks it of the proxy at the other end.
    ///
    /// # Errors
    /// Those of the exchange, then those of [`sealed`] or [`told`].
    pub(super) async fn of(self, connection: &mut HttpConnection, gateway: &RelayRef) -> Result<Answer, NetError> {
        let path = format!("{PROXY_PATH}{}", gateway.host.as_str());
        match self {
            Self::PassOn(sealed) => connection.post_as(REQUEST_TYPE, &path, sealed, LONGEST_ANSWER).await,
            Self::Manifest => connection.ask(&path, manifest::MAX_LENGTH).await,
        }
    }
}

/// The sealed answer.
///
/// # Errors
/// What the proxy says instead.
pub(super) fn sealed(answer: Answer) -> Result<Bytes, NetError> {
    if answer.status == StatusCode::OK && is_of_type(&answer, ANSWER_TYPE) {
        return Ok(answer.body);
    }
    Err(why_not(&answer))
}

/// What the gateway said of itself, not yet checked.
///
/// # Errors
/// What the proxy says instead.
pub(super) fn told(answer: Answer) -> Result<Bytes, NetError> {
    if answer.status == StatusCode::OK { Ok(answer.body) } else { Err(why_not(&answer)) }
}

fn why_not(answer: &Answer) -> NetError {
    match answer.status {
        StatusCode::BAD_REQUEST if is_of_type(answer, PROBLEM_TYPE) && is_of_key(&answer.body) => {
            NetError::Proxy(ProxyError::KeyRefused)
        }
        StatusCode::FORBIDDEN => NetError::Proxy(ProxyError::NotServed),
        StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT => NetError::Proxy(ProxyError::GatewayUnreachable),
        status if status.is_success() => NetError::Protocol(ProtocolError::Status),
        status => refusal(status, &answer.body),
    }
}

fn is_of_type(answer: &Answer, media_type: &str) -> bool {
    answer.media_type.as_ref().is_some_and(|told| told.as_bytes() == media_type.as_bytes())
}

/// The problem of RFC 9458, section 5.3: another key is to be fetched.
fn is_of_key(problem: &[u8]) -> bool {
    serde_json::from_slice::<Value>(problem).is_ok_and(|problem| problem.get("type") == Some(&KEY_PROBLEM.into()))
}
