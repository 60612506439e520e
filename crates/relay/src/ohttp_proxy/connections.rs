//! The connections to one gateway: opened when they are needed, and kept for the requests of whoever comes next.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use sealpost_server::peer::{Answer, Patience, Peer, PeerError, Unanswered};
use sealpost_wire::RelayRef;
use sealpost_wire::oblivious::{LONGEST_ANSWER, PATH, REQUEST_TYPE};
use sealpost_wire::operator::OperatorKey;

use crate::log::Event;

/// How long after a failure nobody tries again.
const BREATH: Duration = Duration::from_secs(1);
/// How long a connection that carries nothing is used again: our servers end it when it has been idle for longer, and what is sent
/// at that moment may be lost.
const KEPT: Duration = Duration::from_secs(20);

/// The connections to one gateway. Each carries one request at a time.
pub(super) struct Connections {
    place: usize,
    reference: RelayRef,
    own: OperatorKey,
    patience: Patience,
    /// Those that carry nothing, and since when; whoever comes takes the last one, so that no more are kept than are needed.
    idle: Mutex<Vec<(Instant, Peer)>>,
    busy: AtomicUsize,
    /// When and how opening one failed the last time, unless one was opened since.
    failed: Mutex<Option<(Instant, PeerError)>>,
    /// Whether the gateway could not be reached when it was last tried.
    out: AtomicBool,
}

/// A connection for one request. Afterwards it is kept, if it is of use.
pub(super) struct Carrier {
    /// `None` once it is being dropped.
    peer: Option<Peer>,
    all: Arc<Connections>,
}

impl Connections {
    /// To the gateway that is the `place`th in the configuration.
    pub(super) fn new(place: usize, reference: RelayRef, own: OperatorKey, patience: Patience) -> Self {
        Self {
            place,
            reference,
            own,
            patience,
            idle: Mutex::default(),
            busy: AtomicUsize::new(0),
            failed: Mutex::default(),
            out: AtomicBool::new(false),
        }
    }

    /// One that is kept, or else a new one.
    ///
    /// # Errors
    /// [`PeerError`], when there is none and none can be opened.
    pub(super) async fn carrier(self: &Arc<Self>) -> Result<Carrier, PeerError> {
        let kept = self.idle().pop();
        let peer = match kept {
            Some((_, peer)) => peer,
            None => self.open().await?,
        };
        self.busy.fetch_add(1, Ordering::Relaxed);
        Ok(Carrier { peer: Some(peer), all: Arc::clone(self) })
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.idle().len() + self.busy.load(Ordering::Relaxed)
    }

    async fn open(&self) -> Result<Peer, PeerError> {
        if let Some((when, error)) = *self.failed()
            && when.elapsed() < BREATH
        {
            return Err(error);
        }
        let opened = Peer::connect(&self.reference, self.patience).await.and_then(|peer| self.of_another(peer));
        *self.failed() = opened.as_ref().err().map(|error| (Instant::now(), *error));
        self.note(opened.is_err());
        opened
    }

    /// A gateway's operator may have been succeeded by our own.
    fn of_another(&self, peer: Peer) -> Result<Peer, PeerError> {
        if peer.manifest().operator == self.own {
            Event::OwnGateway { gateway: self.place }.log();
            return Err(PeerError::Unreachable);
        }
        Ok(peer)
    }

    fn note(&self, is_out: bool) {
        match (is_out, self.out.swap(is_out, Ordering::Relaxed)) {
            (true, false) => Event::GatewayOut { gateway: self.place }.log(),
            (false, true) => Event::GatewayBack { gateway: self.place }.log(),
            (true, true) | (false, false) => {}
        }
    }

    /// Those that carry nothing and have not ended.
    fn idle(&self) -> MutexGuard<'_, Vec<(Instant, Peer)>> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|(since, peer)| since.elapsed() < KEPT && peer.is_usable());
        idle
    }

    fn failed(&self) -> MutexGuard<'_, Option<(Instant, PeerError)>> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Carrier {
    /// Posts a sealed request, and gives what came back.
    pub(super) async fn post(&mut self, sealed: Bytes) -> Result<Answer, Unanswered> {
        self.peer()?.post(PATH, REQUEST_TYPE, sealed, LONGEST_ANSWER).await
    }

    /// What the gateway says of itself, unchecked.
    pub(super) async fn signed_manifest(&mut self) -> Result<Bytes, PeerError> {
        self.peer()?.signed_manifest().await
    }

    fn peer(&mut self) -> Result<&mut Peer, Unanswered> {
        self.peer.as_mut().ok_or(Unanswered::Unsent)
    }
}

impl Drop for Carrier {
    fn drop(&mut self) {
        self.all.busy.fetch_sub(1, Ordering::Relaxed);
        if let Some(peer) = self.peer.take().filter(Peer::is_usable) {
            self.all.idle().push((Instant::now(), peer));
        }
    }
}
