//! What can go wrong between here and a relay.

use std::time::Duration;

use sealpost_identity::tripwire::Tripped;
use sealpost_wire::manifest::ManifestError;
use sealpost_wire::request::{Refusal, Refused};
use thiserror::Error;

use crate::error::ErrorKind;

/// Why the network did not do what was asked of it.
///
/// It names neither relay nor mailbox, and carries no error of a library that would.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum NetError {
    /// The name has no address, the address is out of [`super::Reach`], or nothing there accepts connections.
    #[error("the relay cannot be reached")]
    Unreachable,
    /// The TLS handshake failed for another reason than the relay's key.
    #[error("no secure connection to the relay could be made")]
    Tls,
    /// The other end is not the relay that was asked for. Nothing was sent to it.
    #[error("the relay is not the one that was pinned: {0}")]
    Trust(TrustError),
    /// The relay answered that it will not.
    #[error("the relay refused: {:?}", .0.reason)]
    Refused(Refused),
    /// The relay's answer is not one of the protocol.
    #[error("the relay's answer cannot be used: {0}")]
    Protocol(ProtocolError),
    /// A step took longer than [`super::Timeouts`] allows. Whether the relay acted is unknown.
    #[error("the relay did not answer in time: {0}")]
    TimedOut(Stage),
    /// The connection ended. Whether the relay acted on what was in flight is unknown.
    #[error("the connection to the relay ended")]
    Closed,
    /// The way through the proxy does not work. Nothing was sent around it.
    #[error("the way through the proxy does not work: {0}")]
    Proxy(ProxyError),
    /// The bytes carried a value that must not leave the device. None of them was sent.
    #[error("stopped before sending: {0}")]
    Tripwire(Tripped),
}

/// Why the other end is not taken for the relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum TrustError {
    /// Its manifest does not hold.
    #[error("{0}")]
    Manifest(ManifestError),
    /// Its manifest holds, but does not name the key of its certificate.
    #[error("the certificate's key is not one that the manifest names")]
    Key,
    /// Its manifest holds, but is of another kind of server.
    #[error("it is another kind of server")]
    Role,
    /// Its manifest holds, but was signed before the one that is known.
    #[error("the manifest is older than the one that is known")]
    Older,
    /// It is no gateway for Oblivious HTTP, or one that cannot be used.
    #[error("it takes no requests through a proxy")]
    NoGateway,
    /// It told a key for Oblivious HTTP that is not the one that it told before on the same day.
    #[error("its key for requests through a proxy is not the one of the day")]
    OtherKey,
    /// What it told of itself through a proxy is not of these days.
    #[error("what it says of itself is not of today")]
    Stale,
    /// The manifest asks for a certificate of the web's public key infrastructure, and this is none, or not a valid one.
    #[error("the certificate is not valid in the web's public key infrastructure")]
    WebPki,
}

/// Why the way through a proxy does not work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum ProxyError {
    /// It cannot be reached, did not answer in time, or the connection to it ended.
    #[error("it cannot be reached")]
    Unreachable,
    /// It is not the proxy that was named.
    #[error("it is not the one that was pinned")]
    NotTrusted,
    /// It does not pass on to this server.
    #[error("it does not pass on to this server")]
    NotServed,
    /// It is run by the operator of the server: the two together see who asks for what.
    #[error("it has the operator of the server")]
    SameOperator,
    /// It cannot reach the server, or gets no answer from it in time.
    #[error("it cannot reach the server")]
    GatewayUnreachable,
    /// The server has no key that opens what was sealed to the key that it tells.
    #[error("the server does not open what is sealed to its key")]
    KeyRefused,
    /// What came back was not sealed by the server for this request, or is no answer at all.
    #[error("what came back cannot be opened")]
    Unopened,
}

/// In which way an answer is not one of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum ProtocolError {
    /// A status that no answer has.
    #[error("an unexpected status")]
    Status,
    /// A body or frame that is not the exact encoding of what was expected.
    #[error("an unreadable body")]
    Body,
    /// A body or frame longer than any answer to this request.
    #[error("a body over its limit")]
    TooLong,
    /// Bytes that are not HTTP or not WebSocket frames.
    #[error("broken framing")]
    Framing,
    /// The relay ended a socket because of what was sent on it: it could not read it, or it was too long for it.
    #[error("the relay could not use what was sent")]
    Rejected,
    /// The outcome of a deposit that was not made.
    #[error("an outcome for no deposit")]
    UnknownTag,
}

/// What took too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum Stage {
    /// Finding the relay's addresses.
    #[error("looking up its name")]
    Resolve,
    /// Opening the connection.
    #[error("connecting")]
    Connect,
    /// The TLS or WebSocket handshake.
    #[error("the handshake")]
    Handshake,
    /// A request or deposit.
    #[error("a request")]
    Request,
    /// Writing to a peer that does not read.
    #[error("writing")]
    Write,
    /// Silence on a socket in spite of pings.
    #[error("no sign of life")]
    Silence,
}

impl NetError {
    /// Whether the same call may succeed later without anything changing at this end.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable | Self::Tls | Self::TimedOut(_) | Self::Closed => true,
            Self::Refused(refused) => refused.reason == Refusal::TryLater,
            Self::Proxy(error) => {
                !matches!(error, ProxyError::NotServed | ProxyError::SameOperator | ProxyError::NotTrusted)
            }
            Self::Trust(_) | Self::Protocol(_) | Self::Tripwire(_) => false,
        }
    }

    /// What the app is told.
    pub(crate) const fn kind(&self) -> ErrorKind {
        match self {
            Self::Unreachable | Self::Tls | Self::TimedOut(_) | Self::Closed => ErrorKind::Unreachable,
            Self::Proxy(ProxyError::NotServed | ProxyError::SameOperator) => ErrorKind::ProxyUnfit,
            Self::Proxy(ProxyError::NotTrusted) | Self::Trust(_) => ErrorKind::NotTrusted,
            Self::Proxy(_) => ErrorKind::ProxyUnreachable,
            Self::Tripwire(_) => ErrorKind::Tripwire,
            Self::Protocol(_) => ErrorKind::Refused,
            Self::Refused(refused) => match refused.reason {
                Refusal::TryLater => ErrorKind::Unreachable,
                Refusal::NoEpoch => ErrorKind::EpochOver,
                Refusal::TicketNeeded | Refusal::NotAttested => ErrorKind::NotProved,
                Refusal::TicketSpent | Refusal::VoucherNeeded => ErrorKind::NeedsTickets,
                _ => ErrorKind::Refused,
            },
        }
    }

    /// How long the relay asks to be left alone, where it said so.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused(refused) => refused.retry_after.map(|seconds| Duration::from_secs(seconds.into())),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use sealpost_wire::codec::V1;

    use super::*;

    fn refused(reason: Refusal, retry_after: Option<u16>) -> NetError {
        NetError::Refused(Refused { version: V1, reason, retry_after })
    }

    #[test]
    fn only_what_may_pass_by_itself_is_transient() {
        assert!(refused(Refusal::TryLater, None).is_transient());
        assert!(NetError::Closed.is_transient());
        assert!(!refused(Refusal::Denied, None).is_transient());
        assert!(!NetError::Trust(TrustError::Key).is_transient());
        assert!(!NetError::Protocol(ProtocolError::Body).is_transient());
    }

    #[test]
    fn the_relays_wish_is_passed_on() {
        assert_eq!(refused(Refusal::TryLater, Some(7)).retry_after(), Some(Duration::from_secs(7)));
        assert_eq!(NetError::Closed.retry_after(), None);
    }
}
