//! What the operator of a proxy decides, as plain values.

use sealpost_server::peer::Patience;
use sealpost_wire::RelayRef;

/// What a proxy is opened with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The gateways that requests are passed on to, and no others.
    pub gateways: Vec<RelayRef>,
    /// The most connections to one gateway.
    pub connections: usize,
    /// The most requests that wait for one gateway's connections.
    pub waiting: usize,
    /// How long a gateway may take.
    pub patience: Patience,
}
