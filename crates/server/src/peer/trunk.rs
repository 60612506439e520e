//! Asking another server many things at once.

use std::fmt;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, StatusCode};
use sealpost_wire::manifest::VerifiedManifest;
use sealpost_wire::{RelayHost, RelayRef};

use super::carriage::Carriage;
use super::{MOST_MOVES, Patience, PeerError, believed, dial, within};
use crate::corked::Corked;

/// A connection to another of our servers, which has proved to be the one that was named, for many requests at once, of
/// any form. Dropped, it is closed.
pub struct Trunk {
    carriage: Carriage,
    manifest: VerifiedManifest,
    place: RelayRef,
    /// The signed manifest by which it was told.
    signed: Bytes,
    /// From where the way led here, and what was said there.
    former: Vec<(RelayHost, Bytes)>,
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
    /// Connects to the server that `reference` names, where it is now, and asks what it says of itself.
    ///
    /// # Errors
    /// [`PeerError`], but for [`PeerError::Refused`].
    pub async fn connect(reference: &RelayRef, patience: Patience) -> Result<Self, PeerError> {
        let mut trunk = Self::connect_at(reference.clone(), patience).await?;
        for _ in 0..MOST_MOVES {
            let Some(next) = trunk.manifest.next() else { break };
            let mut former = trunk.former;
            former.push((trunk.place.host, trunk.signed));
            trunk = Self { former, ..Self::connect_at(next, patience).await? };
        }
        if trunk.manifest.next().is_none() { Ok(trunk) } else { Err(PeerError::Unreachable) }
    }

    async fn connect_at(place: RelayRef, patience: Patience) -> Result<Self, PeerError> {
        let (stream, shown) = within(patience.connect, dial(&place.host, b"h2")).await?;
        let carriage = Carriage::start(Corked::new(stream), &place.host, patience.request).await?;
        let signed = carriage.manifest().await?;
        let manifest = believed(&signed, &place, &shown)?;
        Ok(Self { carriage, manifest, place, signed, former: Vec::new() })
    }

    /// Where the server is.
    #[must_use]
    pub const fn place(&self) -> &RelayRef {
        &self.place
    }

    /// Where it was before, from the first on, and the signed manifest that led on from there.
    #[must_use]
    pub fn former(&self) -> &[(RelayHost, Bytes)] {
        &self.former
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
