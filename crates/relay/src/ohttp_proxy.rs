//! A proxy of Oblivious HTTP (RFC 9458): it passes sealed requests on to gateways, so that these do not see from where they
//! come, and cannot read them.
//!
//! ```text
//! client ─▶ POST /v1/proxy/HOST:PORT ─▶ one of a few connections ─▶ POST https://HOST:PORT/v1/oblivious
//! ```
//!
//! It keeps nothing. To gateways that its operator has written down, or to where they say, signed, that they have moved, it posts, to that one path, a body and its type; nothing
//! of whoever brought it. What all clients send goes over the same connections, with the same head.

mod gateway;
mod program;
mod settings;
mod trunks;

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::future::join_all;
use sealpost_wire::operator::OperatorKey;

use self::gateway::Gateway;
pub(crate) use self::program::OhttpProxyProgram;
pub use self::settings::Settings;

/// The gateways that requests are passed on to, by their name on the network.
pub(crate) struct OhttpProxy(HashMap<Box<str>, Gateway>);

impl OhttpProxy {
    /// A proxy whose operator's key is `own`.
    pub(crate) fn new(settings: &Settings, own: OperatorKey) -> Self {
        let gateways = (1..).zip(&settings.gateways);
        let named = |(place, reference)| {
            let gateway = Gateway::new(place, reference, settings, own);
            (reference.host.as_str().into(), gateway)
        };
        Self(gateways.map(named).collect())
    }

    /// The gateway of that name, or the one that has moved there.
    async fn gateway(&self, name: &str) -> Option<&Gateway> {
        if let Some(gateway) = self.0.get(name) {
            return Some(gateway);
        }
        let moved = join_all(self.0.values().map(async |gateway| gateway.has_been_at(name).await.then_some(gateway)));
        moved.await.into_iter().flatten().next()
    }

    fn has_gateways(&self) -> bool {
        !self.0.is_empty()
    }

    fn connections(&self) -> usize {
        self.0.values().map(Gateway::connections).sum()
    }
}

/// The gateways of `settings` that are run with the key `own`, counted from 1: a proxy and a gateway of one operator
/// together see who asks for what.
pub(crate) fn run_by(own: &OperatorKey, settings: &Settings) -> Vec<usize> {
    let gateways = (1..).zip(&settings.gateways);
    gateways.filter(|(_, reference)| reference.operator == *own).map(|(place, _)| place).collect()
}

/// A proxy that is shared by all requests.
type Shared = Arc<OhttpProxy>;
