//! What all connections share.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::{Connections, Serving, bytes};
use crate::http::Budget;
use crate::manifest::ManifestCell;
use crate::metrics::Metrics;
use crate::oblivious::DayKeys;

/// What all connections share.
pub(crate) struct Shared {
    /// The signed manifest.
    pub(crate) manifest: ManifestCell,
    /// What opens requests that come by Oblivious HTTP, where the server is a gateway.
    pub(crate) keys: Option<Arc<DayKeys>>,
    /// The numbers.
    pub(crate) metrics: Metrics,
    /// The limits of connections.
    pub(crate) limits: Connections,
    /// The longest body or message, in bytes.
    pub(crate) body: usize,
    /// Room for long replies.
    pub(crate) replies: Budget,
    /// Room for requests.
    pub(crate) requests: Semaphore,
    /// Room for connections.
    pub(crate) room: Arc<Semaphore>,
    /// The connections there are.
    pub(crate) connections: TaskTracker,
    /// Cancelled when the server is to stop.
    pub(crate) stop: CancellationToken,
    /// Cancelled when connections that are left are to be dropped.
    pub(crate) cut: CancellationToken,
}

impl Shared {
    pub(super) fn new(
        serving: &Serving<'_>,
        manifest: ManifestCell,
        keys: Option<Arc<DayKeys>>,
        metrics: Metrics,
    ) -> Self {
        let limits = serving.connections.clone();
        Self {
            manifest,
            keys,
            metrics,
            body: bytes(serving.body),
            replies: Budget::new(bytes(limits.replies), limits.request_timeout),
            requests: Semaphore::new(limits.requests),
            room: Arc::new(Semaphore::new(limits.max)),
            limits,
            connections: TaskTracker::new(),
            stop: CancellationToken::new(),
            cut: CancellationToken::new(),
        }
    }

    /// Sets the numbers that nothing else sets, before they are shown.
    pub(crate) fn set_numbers(&self) {
        let taken = self.limits.requests.saturating_sub(self.requests.available_permits());
        self.metrics.requests_under_way(taken);
    }
}
