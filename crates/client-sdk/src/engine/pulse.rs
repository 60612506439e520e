//! Notices that the store has changed, whoever changed it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;

use crate::client::Inner;
use crate::event::Event;
use crate::message::Position;
use crate::store::profile::Phase;
use crate::store::{Store, StoreError, messages, profile};

/// How often it looks for what other processes have done.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Looks at the store through a connection of its own, for which every commit is somebody else's.
pub(super) struct Pulse {
    inner: Arc<Inner>,
    store: Arc<Store>,
    beat: watch::Sender<u64>,
    stop: CancellationToken,
    version: i64,
    shown: Position,
}

/// What a look has found.
struct Found {
    version: i64,
    phase: Phase,
    arrivals: Vec<Event>,
    newest: Position,
}

impl Pulse {
    pub(super) fn new(inner: Arc<Inner>, stop: CancellationToken) -> Result<(Self, watch::Receiver<u64>), StoreError> {
        let store = Arc::new(inner.store.another()?);
        let (beat, beats) = watch::channel(0);
        let (version, shown) = (store.data_version()?, store.read(messages::newest)?);
        Ok((Self { inner, store, beat, stop, version, shown }, beats))
    }

    /// Beats until stopped; stops the engine when the profile opts out.
    pub(super) async fn run(mut self) {
        while self.pause().await {
            match self.look().await {
                Ok(Some(found)) => self.apply(found),
                Ok(None) => {}
                Err(error) => {
                    self.inner.tell(Event::StoreTrouble(error.kind()));
                    tokio::time::sleep(10 * LOOK_EVERY).await;
                }
            }
        }
    }

    async fn pause(&self) -> bool {
        tokio::select! {
            () = self.stop.cancelled() => false,
            () = self.inner.changed.notified() => true,
            () = tokio::time::sleep(LOOK_EVERY) => true,
        }
    }

    async fn look(&self) -> Result<Option<Found>, StoreError> {
        let (store, before, shown) = (Arc::clone(&self.store), self.version, self.shown);
        let look = move || {
            let version = store.data_version()?;
            if version == before { Ok(None) } else { store.read(|tx| find(tx, version, shown)).map(Some) }
        };
        spawn_blocking(look).await.unwrap_or(Err(StoreError::Database(0)))
    }

    fn apply(&mut self, found: Found) {
        self.version = found.version;
        self.shown = self.shown.max(found.newest);
        found.arrivals.into_iter().for_each(|event| self.inner.tell(event));
        self.beat.send_modify(|beat| *beat = beat.wrapping_add(1));
        if found.phase != Phase::OptedIn {
            self.stop.cancel();
        }
    }
}

fn find(tx: &rusqlite::Transaction<'_>, version: i64, shown: Position) -> Result<Found, StoreError> {
    let arrived = |(position, contact)| Event::Received { position, contact };
    Ok(Found {
        version,
        phase: profile::phase(tx)?,
        arrivals: messages::arrivals_after(tx, shown)?.into_iter().map(arrived).collect(),
        newest: messages::newest(tx)?,
    })
}
