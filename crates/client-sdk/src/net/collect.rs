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
pub(crate) struct CollectSocket {
    frames: SocketSender,
    deliveries: SocketReceiver,
}

impl CollectSocket {
    pub(super) fn new(Socket { sender, receiver }: Socket) -> Self {
        Self { frames: sender, deliveries: receiver }
    }

    /// Queues a frame; waits while the queue is full. It must not be longer than the relay's limit for bodies.
    ///
    /// # Errors
    /// [`NetError::Tripwire`], and nothing of the frame was sent; [`NetError::Closed`], and [`CollectSocket::next`] says
    /// why.
    pub(crate) async fn send(&self, frame: &OwnerFrame) -> Result<(), NetError> {
        self.frames.send(to_bytes(frame)).await
    }

    /// The next frame. Safe to drop before it is ready: no frame is lost.
    ///
    /// # Errors
    /// Why the socket ended; [`NetError::TimedOut`] when the relay gave no sign of life.
    pub(crate) async fn next(&mut self) -> Result<DeliveryFrame, NetError> {
        let payload = self.deliveries.next().await?;
        from_bytes(&payload).map_err(|_| NetError::Protocol(ProtocolError::Body))
    }

    /// Closes after everything that was queued has been written, or cuts the connection when that takes too long.
    pub(crate) async fn close(self, patience: Duration) {
        drop(self.frames);
        self.deliveries.finish(patience).await;
    }
}

#[cfg(test)]
mod tests {
    use sealpost_wire::codec::V1;
    use sealpost_wire::frame::{Ended, Subscribe};
    use sealpost_wire::request::Refusal;
    use sealpost_wire::{CollectKey, MailboxId};

    use super::super::test_relay::{PATIENCE, Peer};
    use super::*;

    async fn socket() -> (CollectSocket, Peer) {
        let (socket, peer) = Peer::of_a_socket(LONGEST_FRAME).await;
        (CollectSocket::new(socket), peer)
    }

    fn subscribe() -> OwnerFrame {
        let collect = CollectKey::new([2; 32]);
        let subscribe = Subscribe { channel: 7, mailbox: MailboxId::from_bytes([1; 32]), collect };
        OwnerFrame { subscribe: sealpost_wire::codec::List::new(vec![subscribe]).unwrap(), ..OwnerFrame::default() }
    }

    #[tokio::test]
    async fn frames_go_both_ways() {
        let (mut socket, mut peer) = socket().await;
        socket.send(&subscribe()).await.unwrap();
        assert_eq!(from_bytes::<OwnerFrame>(&peer.payload().await).unwrap(), subscribe());
        let ended = Ended { channel: 7, reason: Refusal::Denied };
        let ended = sealpost_wire::codec::List::new(vec![ended]).unwrap();
        let frame = DeliveryFrame { version: V1, ended, ..DeliveryFrame::default() };
        peer.send(to_bytes(&frame)).await;
        assert_eq!(socket.next().await, Ok(frame));
    }

    #[tokio::test]
    async fn a_frame_that_is_none_is_told_from_a_lost_connection() {
        let (mut socket, mut peer) = socket().await;
        peer.send(vec![0xA0]).await;
        assert_eq!(socket.next().await, Err(NetError::Protocol(ProtocolError::Body)));
    }

    #[tokio::test]
    async fn closing_writes_what_was_queued() {
        let (socket, mut peer) = socket().await;
        for _ in 0..3 {
            socket.send(&subscribe()).await.unwrap();
        }
        let closing = tokio::spawn(socket.close(PATIENCE));
        for _ in 0..3 {
            assert_eq!(from_bytes::<OwnerFrame>(&peer.payload().await).unwrap(), subscribe());
        }
        peer.hears_goodbye().await;
        closing.await.unwrap();
    }
}
