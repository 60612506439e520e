//! The connections to one gateway: opened when they are needed, shared by all requests.

use std::ops::Deref;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sealpost_server::peer::{Patience, PeerError, Trunk};
use sealpost_wire::operator::OperatorKey;
use sealpost_wire::{RelayHost, RelayRef};

use crate::log::Event;

/// How many requests one connection is to carry at once before another is opened: as many as our servers allow.
pub(super) const STREAMS: usize = 32;
/// How long after a failure nobody tries again.
const BREATH: Duration = Duration::from_secs(1);

/// The connections to one gateway.
pub(super) struct Trunks {
    place: usize,
    reference: RelayRef,
    own: OperatorKey,
    patience: Patience,
    most: usize,
    open: Mutex<Vec<Arc<Loaded>>>,
    /// Whoever opens one holds it; and when and how that failed the last time.
    opening: Arc<tokio::sync::Mutex<Option<(Instant, PeerError)>>>,
    /// Whether the gateway could not be reached when it was last tried.
    out: AtomicBool,
    /// Where it was and is, from the first place on, as of the last connection; empty before the first.
    places: Mutex<Vec<RelayHost>>,
}

struct Loaded {
    trunk: Trunk,
    load: AtomicUsize,
}

/// A connection with one request more on it, until it is dropped.
pub(super) struct Carrier(Arc<Loaded>);

impl Trunks {
    /// At most `most` connections to the gateway that is the `place`th in the configuration.
    pub(super) fn new(place: usize, reference: RelayRef, own: OperatorKey, patience: Patience, most: usize) -> Self {
        Self {
            place,
            reference,
            own,
            patience,
            most,
            open: Mutex::default(),
            opening: Arc::default(),
            out: AtomicBool::new(false),
            places: Mutex::default(),
        }
    }

    /// Whether there was a connection ever.
    pub(super) fn is_place_known(&self) -> bool {
        !self.places().is_empty()
    }

    /// Whether the gateway is or was there, as of the last connection.
    pub(super) fn has_been_at(&self, name: &str) -> bool {
        self.places().iter().any(|host| host.as_str() == name)
    }

    fn places(&self) -> MutexGuard<'_, Vec<RelayHost>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection that carries least. It is opened if there is none; if all carry much, another is opened besides.
    ///
    /// # Errors
    /// [`PeerError`], when there is none and none can be opened.
    pub(super) async fn carrier(self: &Arc<Self>) -> Result<Carrier, PeerError> {
        if let Some(carrier) = self.least() {
            if carrier.0.load.load(Ordering::Relaxed) > STREAMS {
                self.open_besides();
            }
            return Ok(carrier);
        }
        let mut failed = self.opening.lock().await;
        if let Some(carrier) = self.least() {
            return Ok(carrier);
        }
        if let Some((when, error)) = *failed
            && when.elapsed() < BREATH
        {
            return Err(error);
        }
        *failed = self.open().await.err().map(|error| (Instant::now(), error));
        self.least().ok_or(failed.map_or(PeerError::Closed, |(_, error)| error))
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.there().len()
    }

    fn least(&self) -> Option<Carrier> {
        let open = self.there();
        let least = open.iter().min_by_key(|loaded| loaded.load.load(Ordering::Relaxed))?;
        least.load.fetch_add(1, Ordering::Relaxed);
        Some(Carrier(Arc::clone(least)))
    }

    /// Opens another one, unless there are enough or one is being opened; meanwhile, those there are carry on.
    fn open_besides(self: &Arc<Self>) {
        if self.count() >= self.most {
            return;
        }
        if let Ok(alone) = Arc::clone(&self.opening).try_lock_owned() {
            let trunks = Arc::clone(self);
            tokio::spawn(async move {
                // When it fails, whoever needs one will find out.
                let _failed = trunks.open().await;
                drop(alone);
            });
        }
    }

    async fn open(&self) -> Result<(), PeerError> {
        let trunk = Trunk::connect(&self.reference, self.patience).await.and_then(|trunk| self.of_another(trunk));
        self.note(trunk.is_err());
        let trunk = trunk?;
        let former = trunk.former().iter().map(|(host, _)| host.clone());
        *self.places() = former.chain([trunk.place().host.clone()]).collect();
        self.there().push(Arc::new(Loaded { trunk, load: AtomicUsize::new(0) }));
        Ok(())
    }

    /// A gateway's operator may have been succeeded by our own.
    fn of_another(&self, trunk: Trunk) -> Result<Trunk, PeerError> {
        if trunk.manifest().operator == self.own {
            Event::OwnGateway { gateway: self.place }.log();
            return Err(PeerError::Unreachable);
        }
        Ok(trunk)
    }

    fn note(&self, is_out: bool) {
        match (is_out, self.out.swap(is_out, Ordering::Relaxed)) {
            (true, false) => Event::GatewayOut { gateway: self.place }.log(),
            (false, true) => Event::GatewayBack { gateway: self.place }.log(),
            (true, true) | (false, false) => {}
        }
    }

    /// Those that have not ended.
    fn there(&self) -> MutexGuard<'_, Vec<Arc<Loaded>>> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|loaded| !loaded.trunk.is_closed());
        open
    }
}

impl Deref for Carrier {
    type Target = Trunk;

    fn deref(&self) -> &Trunk {
        &self.0.trunk
    }
}

impl Drop for Carrier {
    fn drop(&mut self) {
        self.0.load.fetch_sub(1, Ordering::Relaxed);
    }
}
