//! How requests get to a relay: on a connection to it, or sealed, through a proxy.
//!
//! ```text
//! carrier ─┬─ direct      one connection, requests one after the other
//!          └─ oblivious   each request sealed by itself; to the relay, each is a connection of its own
//! ```
//!
//! **There is no way from the second to the first.** What is to go through a proxy waits for it.

use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;
use sealpost_wire::RelayRef;
use sealpost_wire::manifest::Role;
use sealpost_wire::oblivious::InsideReply;
use sealpost_wire::operator::OperatorKey;

use super::http::{Answer, HttpConnection};
use super::oblivious::{self, GatewayKeys};
use super::proxy::{self, Asked, Proxy};
use super::trust::{KnownRelay, MOST_MOVES};
use super::{NetError, Network, ProtocolError, ProxyError, Reach};
use crate::clock;

/// What carries requests to one relay.
pub(super) enum Carrier {
    Direct(HttpConnection),
    Oblivious(Route),
}

/// The way to one gateway.
pub(super) struct Route {
    network: Network,
    proxy: Arc<Proxy>,
    gateway: RelayRef,
    role: Role,
}

impl Carrier {
    /// Asks for `path`.
    ///
    /// # Errors
    /// Those of the exchange; a status of any kind is none.
    pub(super) async fn get(&mut self, path: &str, limit: usize) -> Result<(StatusCode, Bytes), NetError> {
        match self {
            Self::Direct(connection) => connection.get(path, limit).await,
            Self::Oblivious(route) => route.exchange(path, None, limit).await,
        }
    }

    /// Posts a CBOR body to `path` and reads an answer of at most `limit` bytes.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub(super) async fn post(
        &mut self,
        path: &str,
        body: Vec<u8>,
        limit: usize,
    ) -> Result<(StatusCode, Bytes), NetError> {
        match self {
            Self::Direct(connection) => connection.post(path, body, limit).await,
            Self::Oblivious(route) => route.exchange(path, Some(&body), limit).await,
        }
    }
}

impl Route {
    pub(super) fn new(network: Network, proxy: Arc<Proxy>, gateway: &RelayRef, role: Role) -> Self {
        Self { network, proxy, gateway: gateway.clone(), role }
    }

    /// Seals a request, and opens its answer. When the gateway has no such key, its manifest is fetched anew, and the request
    /// is sealed once more if that tells another key (RFC 9458, section 5.3).
    async fn exchange(&self, path: &str, body: Option<&[u8]>, limit: usize) -> Result<(StatusCode, Bytes), NetError> {
        let inside = oblivious::inside(path, body)?;
        // Inside its seal, nobody could look for anything any more.
        self.network.shared.guard.check(&inside)?;
        let keys = self.keys().await?;
        let reply = match self.attempt(&keys, &inside).await {
            Err(NetError::Proxy(ProxyError::KeyRefused)) => {
                let fresh = GatewayKeys::of(&self.network.told(&self.proxy, &self.gateway).await?.manifest)?;
                if fresh == keys {
                    return Err(NetError::Proxy(ProxyError::KeyRefused));
                }
                self.attempt(&fresh, &inside).await?
            }
            outcome => outcome?,
        };
        let status = StatusCode::from_u16(reply.status).map_err(|_| NetError::Protocol(ProtocolError::Status))?;
        match reply.body.len() <= limit {
            true => Ok((status, reply.body.into())),
            false => Err(NetError::Protocol(ProtocolError::TooLong)),
        }
    }

    /// One attempt; another one when a connection that had been kept has ended. Each is sealed anew: a gateway opens nothing
    /// twice.
    async fn attempt(&self, keys: &GatewayKeys, inside: &[u8]) -> Result<InsideReply, NetError> {
        let seal = || keys.seal(inside);
        let gateway = &self.network.shared.trust.place(&self.gateway);
        let (mut sealed, mut opening) = seal()?;
        if let Some(connection) = self.proxy.idle() {
            match self.network.ask_on(connection, &self.proxy, gateway, Asked::PassOn(sealed)).await {
                Err(NetError::Proxy(ProxyError::Unreachable)) => (sealed, opening) = seal()?,
                outcome => return opening.open(&proxy::sealed(outcome?)?),
            }
        }
        let answer = self.network.ask_afresh(&self.proxy, gateway, Asked::PassOn(sealed)).await?;
        opening.open(&proxy::sealed(answer)?)
    }

    /// The keys of the day, of a gateway that is somebody else's than the proxy.
    async fn keys(&self) -> Result<GatewayKeys, NetError> {
        self.is_of_another(&self.gateway.operator)?;
        let known = self.network.gateway(&self.proxy, &self.gateway).await?;
        known.is_a(self.role)?;
        self.is_of_another(&known.operator)?;
        Ok(GatewayKeys::of(&known.manifest)?)
    }

    fn is_of_another(&self, operator: &OperatorKey) -> Result<(), NetError> {
        match *operator == self.proxy.reference.operator {
            true => Err(NetError::Proxy(ProxyError::SameOperator)),
            false => Ok(()),
        }
    }
}

impl Network {
    /// What is known of a gateway, with keys of the day.
    async fn gateway(&self, proxy: &Proxy, gateway: &RelayRef) -> Result<Arc<KnownRelay>, NetError> {
        let today = clock::today();
        if let Some(known) = self.shared.trust.remembered(gateway)
            && let Ok(keys) = GatewayKeys::of(&known.manifest)
            && (keys.are_of(today) || (keys.open_on(today) && known.is_fresh()))
        {
            return Ok(known);
        }
        self.told(proxy, gateway).await
    }

    /// What a gateway says of itself where it is, as the proxy tells everyone: signed by the operator, of these days, and with
    /// the key that it told before on the same day.
    ///
    /// # Errors
    /// [`NetError::Trust`], or why the proxy does not tell.
    pub(super) async fn told(&self, proxy: &Proxy, gateway: &RelayRef) -> Result<Arc<KnownRelay>, NetError> {
        for _ in 0..MOST_MOVES {
            let known = self.told_at(proxy, &self.shared.trust.place(gateway)).await?;
            if known.next().is_none() {
                return Ok(known);
            }
        }
        // It leads in a circle, or on and on.
        Err(NetError::Unreachable)
    }

    async fn told_at(&self, proxy: &Proxy, gateway: &RelayRef) -> Result<Arc<KnownRelay>, NetError> {
        let answer = match proxy.idle() {
            Some(connection) => match self.ask_on(connection, proxy, gateway, Asked::Manifest).await {
                Err(NetError::Proxy(ProxyError::Unreachable)) => self.ask_afresh(proxy, gateway, Asked::Manifest).await,
                outcome => outcome,
            },
            None => self.ask_afresh(proxy, gateway, Asked::Manifest).await,
        }?;
        self.shared.trust.learn(gateway, &proxy::told(answer)?)
    }

    async fn ask_afresh(&self, proxy: &Proxy, gateway: &RelayRef, asked: Asked) -> Result<Answer, NetError> {
        let connection = self.direct(&proxy.reference, Role::OhttpProxy, Reach::Anywhere).await.map_err(of_proxy)?;
        self.ask_on(connection, proxy, gateway, asked).await
    }

    async fn ask_on(
        &self,
        mut connection: HttpConnection,
        proxy: &Proxy,
        gateway: &RelayRef,
        asked: Asked,
    ) -> Result<Answer, NetError> {
        let answer = asked.of(&mut connection, gateway).await.map_err(of_proxy)?;
        proxy.keep(connection);
        Ok(answer)
    }
}

/// What goes wrong on the way to the proxy.
fn of_proxy(error: NetError) -> NetError {
    match error {
        NetError::Trust(_) => NetError::Proxy(ProxyError::NotTrusted),
        NetError::Unreachable | NetError::Tls | NetError::TimedOut(_) | NetError::Closed => {
            NetError::Proxy(ProxyError::Unreachable)
        }
        other => other,
    }
}

#[cfg(test)]
mod tests;
