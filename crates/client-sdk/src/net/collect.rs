//! The socket on which an owner's envelopes arrive.

use std::time::Duration;

use sealpost_wire::frame::{DeliveryFrame, OwnerFrame};
use sealpost_wire::request::MAX_BATCH;
use sealpost_wire::{SizeClass, from_bytes, to_bytes};

use super::socket::{Socket, SocketReceiver, SocketSender};
use super::{NetError, ProtocolError};

/// The longest [`DeliveryFrame`]: a full list of the largest envelopes, each with at most so much around it.
pub(super) const LONGEST_FRAME: usize = MAX_BATCH * (SizeClass::Large.stored_length() + 128) + 16 * 1024;

/// A socket for subscriptions, deliveries and acknowledgements. Dropped, it is cut.
///
/// [`CollectSocket::split`] gives the two directions to two tasks.
pub(crate) struct CollectSocket {
    frames: OwnerFrames,
    deliveries: Deliveries,
}

/// What the owner says.
pub(crate) struct OwnerFrames(SocketSender);

/// What the relay says.
pub(crate) struct Deliveries(SocketReceiver);

impl CollectSocket {
    pub(super) fn new(Socket { sender, receiver }: Socket) -> Self {
        Self { frames: OwnerFrames(sender), deliveries: Deliveries(receiver) }
    }

    /// As [`OwnerFrames::send`].
    ///
    /// # Errors
    /// As there.
    pub(crate) async fn send(&self, frame: &OwnerFrame) -> Result<(), NetError> {
        self.frames.send(frame).await
    }

    /// As [`Deliveries::next`].
    ///
    /// # Errors
    /// As there.
    pub(crate) async fn next(&mut self) -> Result<DeliveryFrame, NetError> {
        self.deliveries.next().await
    }

    /// The two directions.
    pub(crate) fn split(self) -> (OwnerFrames, Deliveries) {
        (self.frames, self.deliveries)
    }

    /// Closes after everything that was queued has been written, or cuts the connection when that takes too long.
    pub(crate) async fn close(self, patience: Duration) {
        drop(self.frames);
        self.deliveries.0.finish(patience).await;
    }
}

impl OwnerFrames {
    /// Queues a frame; waits while the queue is full.
    ///
    /// # Errors
    /// [`NetError::Tripwire`], and nothing of the frame was sent; [`NetError::Closed`], and [`Deliveries::next`] says why.
    pub(crate) async fn send(&self, frame: &OwnerFrame) -> Result<(), NetError> {
        self.0.send(to_bytes(frame)).await
    }
}

impl Deliveries {
    /// The next frame. Safe to drop before it is ready: no frame is lost.
    ///
    /// # Errors
    /// Why the socket ended; [`NetError::TimedOut`] when the relay gave no sign of life.
    pub(crate) async fn next(&mut self) -> Result<DeliveryFrame, NetError> {
        let payload = self.0.next().await?;
        from_bytes(&payload).map_err(|_| NetError::Protocol(ProtocolError::Body))
    }
}
