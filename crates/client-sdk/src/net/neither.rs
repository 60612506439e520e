//! Connections of neither side: to a directory, a key service, an attester.
//!
//! Where there is a proxy, all but the attester's go through it: an attester is no gateway.
//!
//! Each is opened for somebody who has consented to discovery, to a server whose manifest names its role, and takes only the
//! requests that are that server's. Withdrawing needs no such consent: it takes back what was published under one.

use std::sync::Arc;

use http::StatusCode;
use sealpost_blind::directory::Bucket;
use sealpost_identity::PhoneNumber;
use sealpost_identity::attester::{AskCode, ProveNumber};
use sealpost_wire::RelayRef;
use sealpost_wire::directory::{BUCKET_LENGTH, BucketRead, EvaluatedElements};
use sealpost_wire::manifest::Role;
use sealpost_wire::request::{Evaluate, IssueTickets, Publish, Request, Side, Withdraw};

use super::carrier::Carrier;
use super::http::HttpConnection;
use super::side::{FRAME, SHORT_REPLY, call, refusal};
use super::{KnownRelay, NetError, Network, ProtocolError, Reach};
use crate::permit::DiscoveryPermit;

/// A request of one kind of server.
pub(crate) trait NeitherRequest<Server>: Request {
    /// The longest reply, in bytes.
    const LONGEST_REPLY: usize = SHORT_REPLY;
}

/// A directory.
pub(crate) enum Directory {}
/// A directory, of which nothing is wanted but to take something out.
pub(crate) enum Withdrawal {}
/// A key service.
pub(crate) enum KeyService {}
/// A relay or a key service, of which nothing is wanted but tickets.
pub(crate) enum Issuer {}
/// An attester.
pub(crate) enum Attester {}

impl NeitherRequest<Directory> for Publish {}
impl NeitherRequest<Withdrawal> for Withdraw {}
impl NeitherRequest<Attester> for AskCode {}

impl NeitherRequest<Attester> for ProveNumber {
    const LONGEST_REPLY: usize = 2 * SHORT_REPLY;
}

impl NeitherRequest<Issuer> for IssueTickets {
    const LONGEST_REPLY: usize = 64 * SHORT_REPLY;
}

impl NeitherRequest<KeyService> for Evaluate {
    const LONGEST_REPLY: usize = EvaluatedElements::LENGTH + FRAME;
}

const _: () = assert!(matches!(Publish::SIDE, Side::Neither) && matches!(Withdraw::SIDE, Side::Neither));
const _: () = assert!(matches!(AskCode::SIDE, Side::Neither) && matches!(ProveNumber::SIDE, Side::Neither));
const _: () = assert!(matches!(Evaluate::SIDE, Side::Neither) && matches!(IssueTickets::SIDE, Side::Neither));

/// A connection to one kind of server, on which no owner's or sender's request goes. Dropped, it is closed.
pub(crate) struct NeitherConnection<Server> {
    connection: Carrier,
    server: std::marker::PhantomData<fn(Server)>,
}

impl<Server> NeitherConnection<Server> {
    const fn new(connection: Carrier) -> Self {
        Self { connection, server: std::marker::PhantomData }
    }

    /// Sends `request` and waits for its reply.
    ///
    /// # Errors
    /// As of an owner's connection: after any but a refusal it is of no more use.
    pub(crate) async fn call<R: NeitherRequest<Server>>(&mut self, request: &R) -> Result<R::Reply, NetError> {
        call(&mut self.connection, request, R::LONGEST_REPLY).await
    }
}

impl NeitherConnection<Directory> {
    /// Reads a bucket.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub(crate) async fn read(&mut self, read: BucketRead) -> Result<Bucket, NetError> {
        let (status, body) = self.connection.get(&read.path(), BUCKET_LENGTH).await?;
        match status {
            StatusCode::OK => {
                Bucket::from_bytes(body.to_vec().into()).map_err(|_| NetError::Protocol(ProtocolError::Body))
            }
            status => Err(refusal(status, &body)),
        }
    }
}

impl Network {
    /// A connection to the directory of `relay`.
    ///
    /// # Errors
    /// As [`Network::owner`].
    pub(crate) async fn directory(
        &self,
        _: &DiscoveryPermit,
        relay: &RelayRef,
    ) -> Result<NeitherConnection<Directory>, NetError> {
        Ok(NeitherConnection::new(self.neither(relay, Role::Relay, Reach::Anywhere).await?))
    }

    /// A connection to withdraw one entry from the directory of `relay`.
    ///
    /// # Errors
    /// As [`Network::owner`].
    pub(crate) async fn withdrawal(&self, relay: &RelayRef) -> Result<NeitherConnection<Withdrawal>, NetError> {
        Ok(NeitherConnection::new(self.neither(relay, Role::Relay, Reach::Anywhere).await?))
    }

    /// A connection to get tickets from a server of that role.
    ///
    /// # Errors
    /// As [`Network::sender`].
    pub(crate) async fn issuer(
        &self,
        server: &RelayRef,
        role: Role,
        reach: Reach,
    ) -> Result<NeitherConnection<Issuer>, NetError> {
        Ok(NeitherConnection::new(self.neither(server, role, reach).await?))
    }

    /// A connection to a key service.
    ///
    /// # Errors
    /// As [`Network::sender`].
    pub(crate) async fn key_service(
        &self,
        _: &DiscoveryPermit,
        service: &RelayRef,
        reach: Reach,
    ) -> Result<NeitherConnection<KeyService>, NetError> {
        Ok(NeitherConnection::new(self.neither(service, Role::KeyService, reach).await?))
    }

    /// A connection to an attester, on which this number passes the tripwire, and nothing else that would not elsewhere.
    ///
    /// # Errors
    /// As [`Network::sender`].
    pub(crate) async fn attester(
        &self,
        _: &DiscoveryPermit,
        attester: &RelayRef,
        reach: Reach,
        number: &PhoneNumber,
    ) -> Result<NeitherConnection<Attester>, NetError> {
        let guard = self.shared.guard.except(number);
        let stream = self.shared.trust.connect(attester, Role::Attester, reach, Some(&guard)).await?;
        let connection = HttpConnection::start(stream, &attester.host, self.shared.timeouts).await?;
        Ok(NeitherConnection::new(Carrier::Direct(connection)))
    }

    /// What is known of an attester, from itself: it is no gateway. `renewed`, it is asked in any case.
    ///
    /// # Errors
    /// As [`Network::relay`].
    pub(crate) async fn attester_known(
        &self,
        _: &DiscoveryPermit,
        attester: &RelayRef,
        reach: Reach,
        renewed: bool,
    ) -> Result<Arc<KnownRelay>, NetError> {
        let trust = &self.shared.trust;
        if renewed { trust.refresh(attester, reach).await } else { trust.known(attester, reach).await }
    }

    async fn neither(&self, server: &RelayRef, role: Role, reach: Reach) -> Result<Carrier, NetError> {
        self.carrier(self.shared.proxy.as_ref(), server, role, reach).await
    }
}

#[cfg(test)]
mod tests;
