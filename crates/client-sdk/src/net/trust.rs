//! Trust in a relay's key.
//!
//! A card pins the operator's key, and that key signs the manifest, which names the keys of the relay's certificate:
//!
//! ```text
//! RelayRef ─ operator key ─▶ manifest ─ SHA-256 of SubjectPublicKeyInfo ─▶ certificate ─▶ handshake
//! ```
//!
//! The manifest comes over the network too. So the first connection to a relay accepts any certificate, asks for the
//! manifest and for nothing else, and requires that the manifest is signed by the pinned key *and names the certificate of
//! the connection that brought it*. Every later connection must show a named key. When one shows another, the relay may
//! have replaced its key: its manifest is fetched once more in the same way, and counts only if it is signed as before and
//! not on an earlier day than the one that is known. So whoever gets hold of a former key cannot bring it back.
//!
//! A relay that has moved says so in its manifest: where to, signed. Its clients go there, and believe what they find under the
//! same operator's key, or its successor's, as if a reference had led them there. What is known of the former place stays.
//!
//! Where there is a proxy, it tells the manifest, so that this device need not show itself. There is no certificate then
//! that the manifest would have to name; it must be of these days instead, and its key for Oblivious HTTP the one that it told
//! before on the same day, whichever way it came.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use data_encoding::HEXLOWER;
use sealpost_wire::manifest::{self, Manifest, ManifestError, Role, SignedManifest};
use sealpost_wire::operator::OperatorKey;
use sealpost_wire::time::Day;
use sealpost_wire::{RelayHost, RelayRef};
use tokio::time::Instant;

use super::dial::{Dialler, Stream};
use super::guard::Guard;
use super::http::HttpConnection;
use super::oblivious::GatewayKeys;
use super::verifier::{KeyHash, Presented};
use super::{NetError, ProtocolError, Reach, TrustError};
use crate::clock;

/// Where verified manifests are kept from one start to the next.
///
/// 1. What was stored for a relay reference is what is loaded for that reference, until something else is stored for it.
///    A reference is the host *and* the operator's key: two keys for one host are two relays.
/// 2. Neither call blocks for longer than a write to the local store takes.
/// 3. Nothing rests on the store's honesty: what is loaded is verified again under the reference's key.
pub(crate) trait Pins: Send + Sync {
    /// The bytes that were last stored for `relay`.
    fn load(&self, relay: &RelayRef) -> Option<Vec<u8>>;

    /// Keeps a signed manifest as the relay sent it. `operator` is the key that signs now: not `relay.operator` once the
    /// operator has handed over to a successor.
    fn store(&self, relay: &RelayRef, signed_manifest: &[u8], operator: &OperatorKey);
}

/// For how long nobody asks again whether a gateway has a key of a day that has begun here.
const FRESH: Duration = Duration::from_secs(300);

/// So often one relay may have moved on.
pub(super) const MOST_MOVES: usize = 4;

/// A relay whose manifest has been verified.
pub(crate) struct KnownRelay {
    /// What it says of itself.
    pub(crate) manifest: Manifest,
    /// The key that signs for it now: the pinned one, or its successor.
    pub(crate) operator: OperatorKey,
    keys: Vec<KeyHash>,
    /// When it was read.
    read: Instant,
}

impl KnownRelay {
    /// Reads a signed manifest and believes it if `pinned`, or its last successor, signed it for `host`.
    fn verify(bytes: &[u8], host: &RelayHost, pinned: &OperatorKey) -> Result<Self, ManifestError> {
        let verified = SignedManifest::from_json(bytes)?.verify(host, pinned)?;
        let keys = verified.manifest.tls.keys_sha256.iter().map(|hex| key_hash(hex)).collect::<Option<_>>();
        let keys = keys.ok_or(ManifestError::Malformed)?;
        Ok(Self { manifest: verified.manifest, operator: verified.operator, keys, read: Instant::now() })
    }

    /// Whether this says less of the relay than `known` does, because it was signed before it. A relay whose clock was
    /// ahead has signed for a day to come; `today` keeps that from holding until then.
    fn is_older_than(&self, known: &Self, today: Day) -> bool {
        self.manifest.issued < known.manifest.issued.min(today)
    }

    /// Whether this tells another key for Oblivious HTTP of the same day.
    fn contradicts(&self, known: &Self) -> bool {
        let keys = |relay: &Self| GatewayKeys::of(&relay.manifest).ok();
        keys(self).zip(keys(known)).is_some_and(|(these, those)| these.contradict(&those))
    }

    /// Where it has moved to, if it has.
    pub(super) fn next(&self) -> Option<RelayRef> {
        let host = self.manifest.moved_to.as_ref()?.parse().ok()?;
        Some(RelayRef { host, operator: self.operator })
    }

    /// Whether it was read a short while ago.
    pub(super) fn is_fresh(&self) -> bool {
        self.read.elapsed() < FRESH
    }

    /// Whether the server is of the kind that is wanted.
    pub(crate) fn is_a(&self, role: Role) -> Result<(), TrustError> {
        if self.manifest.role == role { Ok(()) } else { Err(TrustError::Role) }
    }

    /// Whether the relay's certificate may be this one.
    pub(super) fn accepts(&self, presented: &Presented) -> Result<(), TrustError> {
        if !self.keys.contains(&presented.key) {
            return Err(TrustError::Key);
        }
        if self.manifest.tls.web_pki && !presented.web_pki {
            return Err(TrustError::WebPki);
        }
        Ok(())
    }
}

fn key_hash(hex: &str) -> Option<KeyHash> {
    HEXLOWER.decode(hex.as_bytes()).ok()?.try_into().ok()
}

/// A reference's host and operator key.
type Name = (RelayHost, [u8; 32]);

fn name(relay: &RelayRef) -> Name {
    (relay.host.clone(), *relay.operator.as_bytes())
}

/// All relays that are known.
pub(super) struct Trust {
    pins: Arc<dyn Pins>,
    dialler: Dialler,
    /// Whether keys for Oblivious HTTP matter: they are compared then.
    compares: bool,
    known: Mutex<HashMap<Name, Arc<KnownRelay>>>,
}

impl Trust {
    pub(super) fn new(pins: Arc<dyn Pins>, dialler: Dialler, compares: bool) -> Self {
        Self { pins, dialler, compares, known: Mutex::default() }
    }

    /// Connects to `relay`; asks it for its manifest before, on another connection, if none is known or if the relay
    /// shows a key that the known one does not name. What is sent then passes `guard`, if the connection has one of its own.
    ///
    /// # Errors
    /// [`NetError::Trust`] when it is not the relay that was pinned, or its manifest names another role; else why there is no
    /// connection.
    pub(super) async fn connect(
        &self,
        relay: &RelayRef,
        role: Role,
        reach: Reach,
        guard: Option<&Guard>,
    ) -> Result<Stream, NetError> {
        let (place, known) = self.settled(relay, reach).await?;
        known.is_a(role)?;
        match self.dialler.to_known(&place.host, reach, &known, guard).await {
            Err(NetError::Trust(_)) => {
                self.ask(&place, reach).await?;
                let (place, renewed) = self.settled(relay, reach).await?;
                renewed.is_a(role)?;
                self.dialler.to_known(&place.host, reach, &renewed, guard).await
            }
            outcome => outcome,
        }
    }

    /// Where `relay` is as far as is known: it, or where it has moved to.
    pub(super) fn place(&self, relay: &RelayRef) -> RelayRef {
        let mut place = relay.clone();
        for _ in 0..MOST_MOVES {
            match self.remembered_at(&place).and_then(|known| known.next()) {
                Some(next) => place = next,
                None => break,
            }
        }
        place
    }

    /// Where `relay` is, and what is known of it there; whoever is not known yet is asked.
    async fn settled(&self, relay: &RelayRef, reach: Reach) -> Result<(RelayRef, Arc<KnownRelay>), NetError> {
        for _ in 0..MOST_MOVES {
            let place = self.place(relay);
            let known = match self.remembered_at(&place) {
                Some(known) => known,
                None => self.ask(&place, reach).await?,
            };
            if known.next().is_none() {
                return Ok((place, known));
            }
        }
        // It leads in a circle, or on and on.
        Err(NetError::Unreachable)
    }

    /// What is known of `relay`, from memory, the store or the relay, in that order.
    pub(super) async fn known(&self, relay: &RelayRef, reach: Reach) -> Result<Arc<KnownRelay>, NetError> {
        Ok(self.settled(relay, reach).await?.1)
    }

    /// Fetches the manifest of `relay` from where it is, and goes on to where that says that it has moved.
    pub(super) async fn refresh(&self, relay: &RelayRef, reach: Reach) -> Result<Arc<KnownRelay>, NetError> {
        let known = self.ask(&self.place(relay), reach).await?;
        if known.next().is_some() { self.known(relay, reach).await } else { Ok(known) }
    }

    /// Fetches the manifest of `relay`, and believes it if the operator's key signed it, not before the one that is known,
    /// and if it names the certificate of the connection that it came by.
    async fn ask(&self, relay: &RelayRef, reach: Reach) -> Result<Arc<KnownRelay>, NetError> {
        let (stream, presented) = self.dialler.to_stranger(&relay.host, reach).await?;
        let bytes = self.fetch(stream, &relay.host).await?;
        let known = self.verify(relay, &bytes)?;
        known.accepts(&presented)?;
        Ok(self.succeed(relay, known, &bytes)?)
    }

    /// Learns what a proxy tells of a gateway.
    ///
    /// # Errors
    /// [`NetError::Trust`] when it is not signed by the operator's key, is of other days, from before what is known, or
    /// contradicts it. One that has moved has no keys, and opens nothing.
    pub(super) fn learn(&self, relay: &RelayRef, bytes: &[u8]) -> Result<Arc<KnownRelay>, NetError> {
        let known = self.verify(relay, bytes)?;
        if known.next().is_none() && !GatewayKeys::of(&known.manifest)?.open_on(clock::today()) {
            return Err(TrustError::Stale.into());
        }
        Ok(self.succeed(relay, known, bytes)?)
    }

    fn verify(&self, relay: &RelayRef, bytes: &[u8]) -> Result<KnownRelay, TrustError> {
        // Once the operator has handed over, the former key signs for nothing any more.
        let operator = self.remembered_at(relay).map_or(relay.operator, |known| known.operator);
        KnownRelay::verify(bytes, &relay.host, &operator).map_err(TrustError::Manifest)
    }

    /// Puts what was verified in the place of what is known.
    fn succeed(&self, relay: &RelayRef, known: KnownRelay, bytes: &[u8]) -> Result<Arc<KnownRelay>, TrustError> {
        // Looked up again: another task may have learned something meanwhile.
        let former = self.remembered_at(relay);
        if former.as_ref().is_some_and(|former| known.is_older_than(former, clock::today())) {
            return Err(TrustError::Older);
        }
        if self.compares && former.is_some_and(|former| known.contradicts(&former)) {
            return Err(TrustError::OtherKey);
        }
        self.pins.store(relay, bytes, &known.operator);
        Ok(self.remember(relay, known))
    }

    async fn fetch(&self, stream: Stream, host: &RelayHost) -> Result<Vec<u8>, NetError> {
        let mut connection = HttpConnection::start(stream, host, *self.dialler.timeouts()).await?;
        let (status, body) = connection.get(manifest::PATH, manifest::MAX_LENGTH).await?;
        if status != ::http::StatusCode::OK {
            return Err(NetError::Protocol(ProtocolError::Status));
        }
        Ok(body.into())
    }

    /// What is known of `relay`, from memory or the store, where it is as far as is known.
    pub(super) fn remembered(&self, relay: &RelayRef) -> Option<Arc<KnownRelay>> {
        self.remembered_at(&self.place(relay))
    }

    fn remembered_at(&self, relay: &RelayRef) -> Option<Arc<KnownRelay>> {
        if let Some(known) = self.lock().get(&name(relay)) {
            return Some(Arc::clone(known));
        }
        let known = KnownRelay::verify(&self.pins.load(relay)?, &relay.host, &relay.operator).ok()?;
        Some(self.remember(relay, known))
    }

    fn remember(&self, relay: &RelayRef, known: KnownRelay) -> Arc<KnownRelay> {
        let known = Arc::new(known);
        self.lock().insert(name(relay), Arc::clone(&known));
        known
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Name, Arc<KnownRelay>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
