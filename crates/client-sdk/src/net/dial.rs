//! From a relay's name to a guarded, encrypted stream.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use sealpost_wire::RelayHost;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::guard::{Guard, Guarded};
use super::trust::KnownRelay;
use super::verifier::{Presented, RelayVerifier};
use super::{NetError, Reach, Stage, Timeouts, TrustError, tls};

/// What everything above is written to: plaintext goes through the tripwire, then through TLS.
pub(super) type Stream = Guarded<TlsStream<TcpStream>>;

/// At most so many addresses of one name are tried.
const MOST_ADDRESSES: usize = 6;

/// Opens streams.
pub(super) struct Dialler {
    guard: Guard,
    timeouts: Timeouts,
}

impl Dialler {
    pub(super) const fn new(guard: Guard, timeouts: Timeouts) -> Self {
        Self { guard, timeouts }
    }

    pub(super) const fn timeouts(&self) -> &Timeouts {
        &self.timeouts
    }

    /// Connects to a relay of which nothing is known, and says which certificate it showed. Nothing about it is to be
    /// believed yet.
    ///
    /// # Errors
    /// Why there is no connection.
    pub(super) async fn to_stranger(&self, host: &RelayHost, reach: Reach) -> Result<(Stream, Presented), NetError> {
        let verifier = Arc::new(RelayVerifier::new(None, tls::algorithms()));
        let stream = self.connect(host, reach, &verifier, &self.guard).await?;
        Ok((stream, verifier.presented().ok_or(NetError::Tls)?))
    }

    /// Connects to a relay that must show one of the keys that are known of it. What is sent there passes `guard`, where the
    /// connection has one of its own.
    ///
    /// # Errors
    /// [`NetError::Trust`] when it does not, else why there is no connection.
    pub(super) async fn to_known(
        &self,
        host: &RelayHost,
        reach: Reach,
        known: &Arc<KnownRelay>,
        guard: Option<&Guard>,
    ) -> Result<Stream, NetError> {
        let verifier = Arc::new(RelayVerifier::new(Some(Arc::clone(known)), tls::algorithms()));
        self.connect(host, reach, &verifier, guard.unwrap_or(&self.guard)).await
    }

    async fn connect(
        &self,
        host: &RelayHost,
        reach: Reach,
        verifier: &Arc<RelayVerifier>,
        guard: &Guard,
    ) -> Result<Stream, NetError> {
        // The name goes out in the clear: to the resolver, and in the TLS handshake.
        self.guard.check(host.as_str().as_bytes())?;
        let tcp = self.tcp(host, reach).await?;
        let config = tls::config(Arc::clone(verifier)).map_err(|_| NetError::Tls)?;
        let name = tls::server_name(host).ok_or(NetError::Unreachable)?;
        let handshake = TlsConnector::from(Arc::new(config)).connect(name, tcp);
        let stream = within(self.timeouts.handshake, Stage::Handshake, handshake).await?;
        let failed = |_| verifier.refusal().map_or(NetError::Tls, NetError::Trust);
        Ok(guard.stream(stream.map_err(failed)?))
    }

    async fn tcp(&self, host: &RelayHost, reach: Reach) -> Result<TcpStream, NetError> {
        let mut outcome = Err(NetError::Unreachable);
        for address in self.resolve(host).await?.into_iter().filter(|address| reach.allows(address.ip())) {
            outcome = self.attempt(address).await;
            if outcome.is_ok() {
                break;
            }
        }
        outcome
    }

    async fn attempt(&self, address: SocketAddr) -> Result<TcpStream, NetError> {
        let stream = within(self.timeouts.connect, Stage::Connect, TcpStream::connect(address)).await?;
        let stream = stream.map_err(|_| NetError::Unreachable)?;
        stream.set_nodelay(true).map_err(|_| NetError::Unreachable)?;
        Ok(stream)
    }

    async fn resolve(&self, host: &RelayHost) -> Result<Vec<SocketAddr>, NetError> {
        if let Ok(address) = host.host().parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(address, host.port())]);
        }
        let lookup = lookup_host((host.host(), host.port()));
        let found = within(self.timeouts.resolve, Stage::Resolve, lookup).await?;
        Ok(found.map_err(|_| NetError::Unreachable)?.take(MOST_ADDRESSES).collect())
    }
}

/// `future`, unless it takes longer than `limit`.
pub(super) async fn within<F: Future>(
    limit: std::time::Duration,
    stage: Stage,
    future: F,
) -> Result<F::Output, NetError> {
    timeout(limit, future).await.map_err(|_| NetError::TimedOut(stage))
}

impl From<TrustError> for NetError {
    fn from(error: TrustError) -> Self {
        Self::Trust(error)
    }
}
