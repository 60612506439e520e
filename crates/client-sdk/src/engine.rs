//! The engine: what moves between store and network while the app does other things.

pub(crate) mod lock;

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::client::Inner;
use crate::error::Error;
use crate::store::profile;
use lock::EngineLock;

/// An engine that is ready to run.
pub(crate) struct Engine {
    inner: Arc<Inner>,
    stop: CancellationToken,
}

/// Prepares an engine. `stop` ends it.
pub(crate) fn prepare(inner: &Arc<Inner>, stop: CancellationToken) -> Result<Engine, Error> {
    inner.store.read(profile::consent_on_record)?;
    Ok(Engine { inner: Arc::clone(inner), stop })
}

impl Engine {
    /// Runs until it is stopped, or the profile opts out.
    pub(crate) async fn run(self) {
        loop {
            match EngineLock::try_take(self.inner.store.files()) {
                Ok(Some(_lock)) => return self.stop.cancelled().await,
                _ => tokio::time::sleep(Duration::from_millis(250)).await,
            }
        }
    }
}
