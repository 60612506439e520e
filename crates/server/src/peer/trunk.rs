//! Asking another server many things at once.

use std::fmt;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, StatusCode};
use sealpost_wire::RelayRef;
use sealpost_wire::manifest::VerifiedManifest;

use super::carriage::Carriage;
use super::{Patience, PeerError, believed, dial, within};
use crate::corked::Corked;

/// A connection to another of our servers, which has proved to be the one that was named, for many requests at once, of
/// any form. Dropped, it is closed.
pub struct Trunk {
    carriage: Carriage,
    manifest: VerifiedManifest,
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
        let carriage = Carriage::start(Corked::new(stream), &reference.host, patience.request).await?;
        let manifest = believed(&carriage.manifest().await?, reference, &shown)?;
        Ok(Self { carriage, manifest })
    }

    /// What the server said of itself when it was connected to.
    #[must_use]
    pub const fn manifest(&self) -> &VerifiedManifest {
        &self.manifest
    }

    /// Whether the connection has ended, or takes no more requests.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.carriage.has_ended()
    }

    /// What the server says of itself now: the signed manifest as it stands, unchecked, for whoever checks it.
    ///
    /// # Errors
    /// [`PeerError`], but for [`PeerError::Refused`].
    pub async fn signed_manifest(&self) -> Result<Bytes, PeerError> {
        self.carriage.manifest().await
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
        let request = self.carriage.request(Method::POST, path)?.header(CONTENT_TYPE, content_type);
        self.carriage.exchange(request, body, limit).await
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
