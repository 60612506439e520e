//! The network: the one place of this crate that opens sockets and resolves names.
//!
//! ```text
//! Network ─ owner()          ─▶ OwnerConnection   ─┬─▶ carrier ─▶ http ──┐
//!         ─ sender()         ─▶ SenderConnection  ─┤     └ seal ─▶ proxy ─┤
//!         ─ directory() …    ─▶ NeitherConnection ─┘                     ├─▶ guard ─▶ TLS 1.3 ─▶ dial (DNS, TCP)
//!         ─ collect_socket() ─▶ CollectSocket     ─┬─▶ socket ───────────┘   tripwire   verifier
//!         ─ deposit_socket() ─▶ DepositSocket     ─┘
//! ```
//!
//! Where the person named a proxy, what a sender or neither side asks goes through it, and what an owner asks too if
//! mailboxes are collected apart; the sockets do not ([`Way`]).
//!
//! Four rules hold on every path through that picture:
//!
//! 1. **Nobody gets in without a permit.** A [`Network`] is made from a [`NetworkPermit`], and everything else from a
//!    [`Network`].
//! 2. **Nothing is asked of a relay before its key is known to be the operator's.** The first connection fetches the
//!    signed manifest and nothing else; from then on the TLS verifier demands a key that the manifest names ([`trust`]).
//!    And nothing is asked of a server whose manifest says that it is another kind of server.
//! 3. **Every plaintext byte passes the tripwire before TLS takes it** ([`guard`]). That is why the stream under HTTP is
//!    this module's own. What is sealed for a gateway passes it before it is sealed.
//! 4. **What is to go through the proxy goes through it or not at all** ([`carrier`]).

mod backoff;
mod carrier;
mod collect;
mod deposit;
mod dial;
mod error;
mod guard;
mod http;
mod neither;
mod oblivious;
mod proxy;
mod reach;
mod side;
mod socket;
#[cfg(test)]
pub(crate) mod test_relay;
mod timeouts;
mod tls;
mod trust;
mod verifier;

use std::sync::Arc;

use sealpost_identity::Tripwire;
use sealpost_wire::RelayRef;
use sealpost_wire::frame::{COLLECT_SOCKET, DEPOSIT_SOCKET};
use sealpost_wire::manifest::Role;

pub(crate) use self::backoff::Backoff;
use self::carrier::{Carrier, Route};
pub(crate) use self::collect::CollectSocket;
pub(crate) use self::deposit::DepositSocket;
use self::dial::Dialler;
pub(crate) use self::error::{NetError, ProtocolError, ProxyError, Stage, TrustError};
pub(crate) use self::guard::Alarm;
use self::guard::Guard;
use self::http::HttpConnection;
pub(crate) use self::neither::{Attester, Directory, KeyService, NeitherConnection};
use self::proxy::Proxy;
pub(crate) use self::reach::Reach;
pub(crate) use self::side::{OwnerConnection, SenderConnection};
use self::socket::Socket;
pub(crate) use self::timeouts::Timeouts;
use self::trust::Trust;
pub(crate) use self::trust::{KnownRelay, Pins};
use crate::permit::NetworkPermit;
use crate::policy::CollectPolicy;

/// Which way requests take, as the person chose.
#[derive(Clone, PartialEq, Eq, Default)]
pub(crate) struct Way {
    /// What a sender or neither side asks goes through it.
    pub(crate) proxy: Option<RelayRef>,
    /// Apart, what an owner asks goes through it too.
    pub(crate) policy: CollectPolicy,
}

/// The way to relays. Cheap to clone; clones share what they have learned of each relay.
///
/// Dropping it ends nothing: each connection lives until it is dropped itself.
#[derive(Clone)]
pub(crate) struct Network {
    shared: Arc<Shared>,
}

struct Shared {
    trust: Trust,
    timeouts: Timeouts,
    guard: Guard,
    proxy: Option<Arc<Proxy>>,
    policy: CollectPolicy,
}

impl Network {
    /// A network for the holder of a permit. Opens nothing yet.
    ///
    /// `alarm` is called, on whichever task was about to send, each time the tripwire stops bytes.
    pub(crate) fn new(
        _: &NetworkPermit,
        tripwire: Tripwire,
        alarm: Alarm,
        pins: Arc<dyn Pins>,
        timeouts: Timeouts,
        way: Way,
    ) -> Self {
        let guard = Guard::new(tripwire, alarm);
        let trust = Trust::new(pins, Dialler::new(guard.clone(), timeouts), way.proxy.is_some());
        let proxy = way.proxy.map(|reference| Arc::new(Proxy::new(reference)));
        Self { shared: Arc::new(Shared { trust, timeouts, guard, proxy, policy: way.policy }) }
    }

    /// Whether a sender's requests go through a proxy, so that there is no [`Self::deposit_socket`] for them.
    pub(crate) fn has_proxy(&self) -> bool {
        self.shared.proxy.is_some()
    }

    /// What is known of `relay`; fetches and verifies its manifest when nothing is, through the proxy where there is one.
    ///
    /// Where [`KnownRelay::operator`] is not `relay.operator`, the operator has handed over to a new key.
    ///
    /// # Errors
    /// Where the manifest must be fetched: [`NetError::Trust`] when it is not the pinned operator's or does not name the
    /// connection's key, else the connection's own.
    pub(crate) async fn relay(&self, relay: &RelayRef, reach: Reach) -> Result<Arc<KnownRelay>, NetError> {
        match self.shared.trust.remembered(relay) {
            Some(known) => Ok(known),
            None => self.renew(relay, reach).await,
        }
    }

    /// Fetches the manifest of `relay` anew and verifies it against what is known, as when the relay shows another key.
    ///
    /// Only so is it noticed that the operator handed over to a new key while the certificate's stayed: ask once a day, and
    /// when a statement does not verify under [`KnownRelay::operator`].
    ///
    /// # Errors
    /// As [`Network::relay`]; what was known stays known.
    pub(crate) async fn renew(&self, relay: &RelayRef, reach: Reach) -> Result<Arc<KnownRelay>, NetError> {
        match &self.shared.proxy {
            Some(proxy) => self.told(proxy, relay).await,
            None => self.shared.trust.refresh(relay, reach).await,
        }
    }

    /// A connection for the owner of mailboxes and shelves on `relay`.
    ///
    /// # Errors
    /// [`NetError::Trust`] when the relay is not who it must be, else why there is no connection.
    pub(crate) async fn owner(&self, relay: &RelayRef) -> Result<OwnerConnection, NetError> {
        let proxy = self.shared.proxy.as_ref();
        let proxy = match self.shared.policy {
            CollectPolicy::Together => None,
            // Without one there is no way, rather than the direct one.
            CollectPolicy::Apart => Some(proxy.ok_or(NetError::Proxy(ProxyError::Unreachable))?),
        };
        Ok(OwnerConnection::new(self.carrier(proxy, relay, Role::Relay, Reach::Anywhere).await?))
    }

    /// A connection to deposit with and take from one recipient on `relay`.
    ///
    /// The recipient's other conversations, and other recipients, get connections of their own.
    ///
    /// # Errors
    /// As [`Network::owner`], and [`NetError::Unreachable`] where `reach` does not go as far as the relay's address.
    pub(crate) async fn sender(&self, relay: &RelayRef, reach: Reach) -> Result<SenderConnection, NetError> {
        Ok(SenderConnection::new(self.carrier(self.shared.proxy.as_ref(), relay, Role::Relay, reach).await?))
    }

    /// A socket on which envelopes arrive as they are deposited.
    ///
    /// # Errors
    /// As [`Network::owner`]; [`NetError::Refused`] when the relay does not open one.
    pub(crate) async fn collect_socket(&self, relay: &RelayRef) -> Result<CollectSocket, NetError> {
        let limit = collect::LONGEST_FRAME;
        Ok(CollectSocket::new(self.socket(relay, Reach::Anywhere, COLLECT_SOCKET, limit).await?))
    }

    /// A socket for many deposits in flight at once, to one recipient on `relay`. There is none where there is a proxy.
    ///
    /// # Errors
    /// As [`Network::sender`]; [`NetError::Refused`] when the relay does not open one; [`NetError::Proxy`].
    pub(crate) async fn deposit_socket(&self, relay: &RelayRef, reach: Reach) -> Result<DepositSocket, NetError> {
        if self.has_proxy() {
            return Err(NetError::Proxy(ProxyError::Unreachable));
        }
        let limits = self.relay(relay, reach).await?.manifest.limits;
        let socket = self.socket(relay, reach, DEPOSIT_SOCKET, deposit::LONGEST_FRAME).await?;
        Ok(DepositSocket::new(socket, limits.body_bytes, self.shared.timeouts.request))
    }

    /// What carries the requests of one connection: a route through `proxy`, if there is one; else a connection.
    async fn carrier(
        &self,
        proxy: Option<&Arc<Proxy>>,
        relay: &RelayRef,
        role: Role,
        reach: Reach,
    ) -> Result<Carrier, NetError> {
        match proxy {
            Some(proxy) => Ok(Carrier::Oblivious(Route::new(self.clone(), Arc::clone(proxy), relay, role))),
            None => self.direct(relay, role, reach).await.map(Carrier::Direct),
        }
    }

    async fn direct(&self, relay: &RelayRef, role: Role, reach: Reach) -> Result<HttpConnection, NetError> {
        let Shared { trust, timeouts, .. } = &*self.shared;
        let stream = trust.connect(relay, role, reach, None).await?;
        HttpConnection::start(stream, &relay.host, *timeouts).await
    }

    async fn socket(
        &self,
        relay: &RelayRef,
        reach: Reach,
        path: &'static str,
        longest_frame: usize,
    ) -> Result<Socket, NetError> {
        let Shared { trust, timeouts, guard, .. } = &*self.shared;
        let stream = trust.connect(relay, Role::Relay, reach, None).await?;
        socket::open(stream, &relay.host, path, longest_frame, guard.clone(), *timeouts).await
    }
}
