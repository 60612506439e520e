//! One connection: its side, and what it holds while it lives.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use sealpost_wire::oblivious;
use sealpost_wire::request::Side;
use thiserror::Error;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tokio_util::task::task_tracker::TaskTrackerToken;

use super::shared::Shared;
use crate::config::Connections;
use crate::http::Budget;
use crate::metrics::OneMore;

/// One connection, from its handshake to the end of its last request or socket.
pub struct Connection {
    side: OnceLock<Side>,
    /// Whether something was told there that is to leave no trace.
    told: AtomicBool,
    begun: AtomicUsize,
    ended: AtomicUsize,
    /// Bytes that the peer has sent.
    heard: AtomicU64,
    shared: Arc<Shared>,
    /// None for a connection that is inside another.
    place: Option<Place>,
}

/// What a connection holds while it lives.
struct Place {
    _permit: OwnedSemaphorePermit,
    _counted: OneMore,
    _tracked: TaskTrackerToken,
}

/// The connection is on another side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the connection is on another side")]
pub struct OtherSide;

/// A request of a connection, until it is dropped.
pub(super) struct Ongoing(Arc<Connection>);

impl Connection {
    /// A connection in the place that it was given.
    pub(super) fn new(shared: Arc<Shared>, place: OwnedSemaphorePermit) -> Self {
        let (counted, tracked) = (shared.metrics.connection(), shared.connections.token());
        Self::holding(Some(Place { _permit: place, _counted: counted, _tracked: tracked }), shared)
    }

    /// What stands for a connection to a request that is inside another: of a side of its own, like any.
    pub(crate) fn inside(shared: Arc<Shared>) -> Self {
        Self::holding(None, shared)
    }

    fn holding(place: Option<Place>, shared: Arc<Shared>) -> Self {
        Self {
            side: OnceLock::new(),
            told: AtomicBool::new(false),
            begun: AtomicUsize::new(0),
            ended: AtomicUsize::new(0),
            heard: AtomicU64::new(0),
            shared,
            place,
        }
    }

    /// Whether it stands for a connection to a request that is inside another.
    pub(crate) const fn is_inside(&self) -> bool {
        self.place.is_none()
    }

    /// Puts the connection on `side`, where it stays; the first request tells.
    ///
    /// # Errors
    /// When it is on another one.
    pub fn on(&self, side: Side) -> Result<(), OtherSide> {
        self.tell();
        if *self.side.get_or_init(|| side) == side { Ok(()) } else { Err(OtherSide) }
    }

    /// Notes that a key is told there, or that something is opened in which there may be one.
    pub(crate) fn tell(&self) {
        self.told.store(true, Ordering::Relaxed);
    }

    /// Whether one was.
    pub(super) fn was_told(&self) -> bool {
        self.told.load(Ordering::Relaxed)
    }

    /// Notes that the peer has sent so many bytes more.
    pub(super) fn hear(&self, bytes: usize) {
        self.heard.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// How many bytes the peer has sent so far, TLS taken off.
    #[must_use]
    pub fn heard(&self) -> u64 {
        self.heard.load(Ordering::Relaxed)
    }

    /// The longest body of a request, and the longest WebSocket message, in bytes.
    #[must_use]
    pub fn longest_body(&self) -> usize {
        self.shared.body
    }

    /// How many bytes of contents, such as stored envelopes, a reply has room for.
    #[must_use]
    pub const fn reply_room(&self) -> usize {
        if self.is_inside() { oblivious::REPLY_ROOM } else { usize::MAX }
    }

    /// The limits of connections.
    #[must_use]
    pub fn limits(&self) -> &Connections {
        &self.shared.limits
    }

    /// Room for long replies, of all connections together.
    #[must_use]
    pub fn replies(&self) -> &Budget {
        &self.shared.replies
    }

    /// Cancelled when the server stops: what goes on for longer than a request is to end by itself.
    #[must_use]
    pub fn stop(&self) -> &CancellationToken {
        &self.shared.stop
    }

    /// Cancelled when what has not ended is to be dropped.
    #[must_use]
    pub fn cut(&self) -> &CancellationToken {
        &self.shared.cut
    }

    /// Notes a request until what is returned is dropped.
    pub(super) fn request(self: &Arc<Self>) -> Ongoing {
        self.begun.fetch_add(1, Ordering::Relaxed);
        Ongoing(Arc::clone(self))
    }

    /// As [`idle`](Self::idle), once the connection is on a side: what was asked there had keys in it.
    pub(super) async fn rests_on_a_side(&self, limit: Duration) {
        loop {
            self.idle(limit).await;
            if self.side.get().is_some() {
                return;
            }
        }
    }

    /// Waits until no request was there for `limit` or, since it looks only so often, up to twice as long.
    pub(super) async fn idle(&self, limit: Duration) {
        loop {
            let begun = self.begun.load(Ordering::Relaxed);
            sleep(limit).await;
            if self.begun.load(Ordering::Relaxed) == begun && self.ended.load(Ordering::Relaxed) == begun {
                return;
            }
        }
    }
}

impl Drop for Ongoing {
    fn drop(&mut self) {
        self.0.ended.fetch_add(1, Ordering::Relaxed);
    }
}
