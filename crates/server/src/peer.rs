//! One of our servers asking another.
//!
//! Whom it asks, its operator wrote into its configuration: a reference, which pins the other operator's key. Trust goes the
//! same way as a client's:
//!
//! ```text
//! RelayRef ─ operator key ─▶ manifest ─ SHA-256 of SubjectPublicKeyInfo ─▶ certificate ─▶ handshake
//! ```
//!
//! The manifest comes over the connection that it vouches for, before anything else is said on it. Unlike a client, a server
//! does not look at the web's public key infrastructure, also where the manifest wants that of clients: it keeps no roots.

mod carriage;
mod exchange;
mod trunk;
mod verifier;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use rustls_pki_types::ServerName;
use sealpost_wire::manifest::{self, ManifestError, SignedManifest, VerifiedManifest};
use sealpost_wire::request::{Refused, Request};
use sealpost_wire::{RelayHost, RelayRef, from_bytes, to_bytes};
use thiserror::Error;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::gulps::Gulps;
use crate::{Denial, tls};
use exchange::Exchange;
pub use trunk::{Answer, Trunk, Unanswered};
use verifier::Witness;

/// The longest reply that is read, in bytes.
const LONGEST_REPLY: usize = 64 * 1024;

/// At most so many moves are followed, so that two servers that send to each other are a failure and not a loop.
const MOST_MOVES: usize = 4;

/// How long another server may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// To be found, to accept a connection, and to finish the handshake.
    pub connect: Duration,
    /// For a request, from its first byte to the last of the reply.
    pub request: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { connect: Duration::from_secs(5), request: Duration::from_secs(10) }
    }
}

/// Why another server did not answer. It names neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PeerError {
    /// Its name has no address, or nothing there accepts connections.
    #[error("the other server cannot be reached")]
    Unreachable,
    /// What is there does not speak TLS 1.3 as ours do.
    #[error("no secure connection to the other server could be made")]
    Tls,
    /// Its manifest does not hold. It was told nothing.
    #[error("the other server is not the one that was named: {0}")]
    Manifest(ManifestError),
    /// Its manifest holds, but does not name the key of its certificate. It was told nothing.
    #[error("the key of the other server's certificate is not one that its manifest names")]
    Key,
    /// It refused.
    #[error("the other server refused: {:?}", .0.reason)]
    Refused(Denial),
    /// What it answered is not of the protocol, or longer than any answer.
    #[error("the other server's answer cannot be used")]
    Protocol,
    /// It took too long. Whether it acted is unknown.
    #[error("the other server did not answer in time")]
    TimedOut,
    /// The connection ended; it does so when it was idle for long. Whether a request that was under way was carried out is
    /// unknown.
    #[error("the connection to the other server ended")]
    Closed,
}

/// A connection to another of our servers, which has proved to be the one that was named.
pub struct Peer {
    exchange: Exchange,
    manifest: VerifiedManifest,
}

impl Peer {
    /// Connects to the server that `reference` names, where it is now, and asks what it says of itself.
    ///
    /// # Errors
    /// [`PeerError`], but for [`PeerError::Refused`].
    pub async fn connect(reference: &RelayRef, patience: Patience) -> Result<Self, PeerError> {
        let mut peer = Self::connect_at(reference, patience).await?;
        for _ in 0..MOST_MOVES {
            let Some(next) = peer.manifest.next() else { break };
            peer = Self::connect_at(&next, patience).await?;
        }
        if peer.manifest.next().is_none() { Ok(peer) } else { Err(PeerError::Unreachable) }
    }

    /// The same of the very place that `reference` names, also if what is said there is that the server has moved.
    ///
    /// # Errors
    /// [`PeerError`], but for [`PeerError::Refused`].
    pub async fn connect_at(reference: &RelayRef, patience: Patience) -> Result<Self, PeerError> {
        let (stream, shown) = within(patience.connect, dial(&reference.host, b"http/1.1")).await?;
        let mut exchange = Exchange::start(stream, &reference.host, patience.request).await?;
        let (status, body) = exchange.get(manifest::PATH, manifest::MAX_LENGTH).await?;
        if status != StatusCode::OK {
            return Err(PeerError::Protocol);
        }
        Ok(Self { exchange, manifest: believed(&body, reference, &shown)? })
    }

    /// What the server said of itself when it was connected to.
    #[must_use]
    pub const fn manifest(&self) -> &VerifiedManifest {
        &self.manifest
    }

    /// Asks for something. All that is asked for on one connection must be of one side.
    ///
    /// # Errors
    /// [`PeerError::Refused`] when it will not; [`PeerError::Closed`] when the connection has ended meanwhile, which another
    /// one may mend; else [`PeerError::Protocol`] or [`PeerError::TimedOut`], after which this connection is of no use.
    pub async fn call<R: Request>(&mut self, request: &R) -> Result<R::Reply, PeerError> {
        let (status, body) = self.exchange.post(R::PATH, to_bytes(request), LONGEST_REPLY).await?;
        if status == StatusCode::OK {
            return from_bytes(&body).map_err(|_| PeerError::Protocol);
        }
        let Refused { reason, retry_after, .. } = from_bytes(&body).map_err(|_| PeerError::Protocol)?;
        Err(PeerError::Refused(Denial { reason, retry_after }))
    }
}

impl fmt::Debug for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Peer(..)")
    }
}

/// What a server says of itself, if it is the one that `reference` names and showed a key that it names.
fn believed(signed: &[u8], reference: &RelayRef, shown: &String) -> Result<VerifiedManifest, PeerError> {
    let signed = SignedManifest::from_json(signed).map_err(PeerError::Manifest)?;
    let manifest = signed.verify(&reference.host, &reference.operator).map_err(PeerError::Manifest)?;
    if manifest.manifest.tls.keys_sha256.contains(shown) { Ok(manifest) } else { Err(PeerError::Key) }
}

/// A stream to whoever is there, on which `protocol` is spoken, and the key that they showed, as manifests name it.
async fn dial(host: &RelayHost, protocol: &[u8]) -> Result<(TlsStream<Gulps<TcpStream>>, String), PeerError> {
    let stream = TcpStream::connect((host.host(), host.port())).await.map_err(|_| PeerError::Unreachable)?;
    // Without it, small frames may wait for each other; a failure costs time and nothing else.
    let _delayed = stream.set_nodelay(true);
    let witness = Arc::new(Witness::default());
    let config = tls::client_config(Arc::clone(&witness) as _, protocol).map_err(|_| PeerError::Tls)?;
    let name = ServerName::try_from(host.host().to_owned()).map_err(|_| PeerError::Unreachable)?;
    let stream =
        TlsConnector::from(Arc::new(config)).connect(name, Gulps::new(stream)).await.map_err(|_| PeerError::Tls)?;
    Ok((stream, witness.key_sha256().ok_or(PeerError::Tls)?))
}

async fn within<T>(limit: Duration, work: impl Future<Output = Result<T, PeerError>>) -> Result<T, PeerError> {
    timeout(limit, work).await.unwrap_or(Err(PeerError::TimedOut))
}

/// Tells an answer that is no HTTP from a connection that broke.
fn classify(error: &hyper::Error) -> PeerError {
    if error.is_parse() { PeerError::Protocol } else { PeerError::Closed }
}
