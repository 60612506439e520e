//! How long anything may take.

use std::time::Duration;

/// The longest that each step may take. Everything that waits for the other end waits under one of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Timeouts {
    /// Finding the addresses of a name.
    pub(crate) resolve: Duration,
    /// One attempt at one address.
    pub(crate) connect: Duration,
    /// The TLS handshake; and, again, the WebSocket handshake.
    pub(crate) handshake: Duration,
    /// A request, from its first byte to the last of its reply; and a deposit on a socket until its outcome.
    pub(crate) request: Duration,
    /// Handing one WebSocket message to the operating system.
    pub(crate) write: Duration,
    /// Between two pings on a socket.
    pub(crate) ping_every: Duration,
    /// From a ping until anything at all must have been heard.
    pub(crate) pong_within: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            resolve: Duration::from_secs(10),
            connect: Duration::from_secs(10),
            handshake: Duration::from_secs(10),
            request: Duration::from_secs(30),
            write: Duration::from_secs(20),
            ping_every: Duration::from_secs(30),
            pong_within: Duration::from_secs(15),
        }
    }
}

impl Timeouts {
    /// The longest silence of a live peer: it answers every ping.
    pub(super) fn silence(&self) -> Duration {
        self.ping_every + self.pong_within
    }
}
