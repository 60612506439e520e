//! Connections with one side, by type.
//!
//! A connection is its owner's or a sender's, never both, so that a relay cannot link the two. [`OwnerConnection`] takes
//! only requests that are an [`OwnerRequest`], [`SenderConnection`] only those that are a [`SenderRequest`]; a request on
//! the wrong one does not compile. What carries a request may be a proxy ([`Carrier`]).

use bytes::Bytes;
use http::StatusCode;
use sealpost_wire::codec::V1;
use sealpost_wire::request::{
    Acknowledge, CloseMailbox, CloseShelf, Collect, CountItems, Deposit, MAX_BATCH, OpenMailbox, OpenShelf, Refusal,
    Refused, Request, Side, Stock, Take,
};
use sealpost_wire::{SealedItem, SizeClass, from_bytes, to_bytes};

use super::carrier::Carrier;
use super::{NetError, ProtocolError};

/// The longest refusal, and the longest reply that carries no object.
pub(super) const SHORT_REPLY: usize = 1024;
/// What surrounds an object in a reply, at most.
pub(super) const FRAME: usize = 128;

/// A request from an owner.
pub(crate) trait OwnerRequest: Request {
    /// The longest reply to this request, in bytes.
    fn longest_reply(&self) -> usize {
        SHORT_REPLY
    }
}

/// A request from a sender.
pub(crate) trait SenderRequest: Request {
    /// The longest reply to this request, in bytes.
    fn longest_reply(&self) -> usize {
        SHORT_REPLY
    }
}

/// Lists the requests of one side, and holds the list to what the protocol says.
macro_rules! on_side {
    ($marker:ident, $side:ident: $($request:ident)*) => {$(
        impl $marker for $request {}
        const _: () = assert!(matches!(<$request as Request>::SIDE, Side::$side));
    )*};
}

on_side!(OwnerRequest, Owner: OpenMailbox Acknowledge CloseMailbox OpenShelf Stock CountItems CloseShelf);
on_side!(SenderRequest, Sender: Deposit);

impl OwnerRequest for Collect {
    fn longest_reply(&self) -> usize {
        usize::from(self.max).min(MAX_BATCH) * (SizeClass::Large.stored_length() + FRAME) + SHORT_REPLY
    }
}

impl SenderRequest for Take {
    fn longest_reply(&self) -> usize {
        SealedItem::LENGTH + SHORT_REPLY
    }
}

const _: () = assert!(matches!(Collect::SIDE, Side::Owner) && matches!(Take::SIDE, Side::Sender));

/// A connection for the owner of mailboxes and shelves, or a route through a proxy. Dropped, it is closed.
pub(crate) struct OwnerConnection(Carrier);

/// A connection to deposit with and take from one recipient, or a route through a proxy. Dropped, it is closed.
pub(crate) struct SenderConnection(Carrier);

impl OwnerConnection {
    pub(super) const fn new(connection: Carrier) -> Self {
        Self(connection)
    }

    /// Sends `request` and waits for its reply.
    ///
    /// # Errors
    /// [`NetError::Refused`] when the relay will not; any other says that it is not known whether it did, except
    /// [`NetError::Tripwire`], after which nothing was sent. After any but a refusal the connection is of no more use.
    pub(crate) async fn call<R: OwnerRequest>(&mut self, request: &R) -> Result<R::Reply, NetError> {
        call(&mut self.0, request, request.longest_reply()).await
    }
}

impl SenderConnection {
    pub(super) const fn new(connection: Carrier) -> Self {
        Self(connection)
    }

    /// Sends `request` and waits for its reply.
    ///
    /// # Errors
    /// As [`OwnerConnection::call`]. What became of a deposit is in its reply, not an error.
    pub(crate) async fn call<R: SenderRequest>(&mut self, request: &R) -> Result<R::Reply, NetError> {
        call(&mut self.0, request, request.longest_reply()).await
    }
}

pub(super) async fn call<R: Request>(
    connection: &mut Carrier,
    request: &R,
    limit: usize,
) -> Result<R::Reply, NetError> {
    let (status, body) = connection.post(R::PATH, to_bytes(request), limit).await?;
    match status {
        StatusCode::OK => from_bytes(&body).map_err(|_| NetError::Protocol(ProtocolError::Body)),
        status => Err(refusal(status, &body)),
    }
}

/// Reads an answer that is no reply. The body says why; the status must only not contradict that it is a refusal.
pub(super) fn refusal(status: StatusCode, body: &Bytes) -> NetError {
    if !status.is_client_error() && !status.is_server_error() {
        return NetError::Protocol(ProtocolError::Status);
    }
    match from_bytes::<Refused>(body) {
        Ok(refused) => NetError::Refused(refused),
        // A relay that is too busy to say why, or is just going down.
        Err(_) if status.is_server_error() => {
            NetError::Refused(Refused { version: V1, reason: Refusal::TryLater, retry_after: None })
        }
        Err(_) => NetError::Protocol(ProtocolError::Body),
    }
}

#[cfg(test)]
mod tests;
