//! What all connections share.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::{Config, Connections, bytes};
use crate::http::Budget;
use crate::metrics::Metrics;
use crate::service::Relay;

/// What all connections share.
pub(crate) struct Shared {
    /// The service.
    pub(crate) relay: Relay,
    /// The signed manifest.
    pub(crate) manifest: Bytes,
    /// The numbers.
    pub(crate) metrics: Metrics,
    /// The limits of connections.
    pub(crate) timeouts: Connections,
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
    /// Cancelled when the relay is to stop.
    pub(crate) stop: CancellationToken,
    /// Cancelled when connections that are left are to be dropped.
    pub(crate) cut: CancellationToken,
}

impl Shared {
    pub(super) fn new(config: &Config, relay: Relay, manifest: Bytes) -> Self {
        let timeouts = config.connections.clone();
        Self {
            relay,
            manifest,
            metrics: Metrics::new(),
            body: config.manifest_limits().body_bytes,
            replies: Budget::new(bytes(timeouts.replies), timeouts.request_timeout),
            requests: Semaphore::new(timeouts.requests),
            room: Arc::new(Semaphore::new(timeouts.max)),
            timeouts,
            connections: TaskTracker::new(),
            stop: CancellationToken::new(),
            cut: CancellationToken::new(),
        }
    }
}
