//! Why a run has no figures.

use std::io;
use std::path::PathBuf;

use rustls_pki_types::InvalidDnsNameError;
use sealpost_wire::request::Outcome;
use thiserror::Error;

use crate::load::verify::Wrong;

/// Why a run has no figures.
#[derive(Debug, Error)]
pub enum Failure {
    /// What was accepted and what was delivered do not agree.
    #[error("the run does not hold, so it has no figures")]
    Wrong(#[from] Wrong),
    /// Two runs of the same thing cannot be compared.
    #[error("{0}")]
    Argument(String),
    /// A program could not be started.
    #[error("{} cannot be started; is it built? `cargo build --release --bin sealpost-relay`", .0.display())]
    NoProgram(PathBuf, #[source] io::Error),
    /// The server did not come up.
    #[error("the server does not listen after {0} seconds")]
    NotListening(u64),
    /// The server ended while it was measured.
    #[error("the server ended during the run")]
    Ended,
    /// Files or `/proc` could not be read or written.
    #[error("{0}")]
    Files(&'static str, #[source] io::Error),
    /// A connection failed.
    #[error("a connection failed")]
    Connection(#[from] io::Error),
    /// TLS failed.
    #[error("TLS failed")]
    Tls(#[from] rustls::Error),
    /// A server name is none.
    #[error("the relay's URL names no host")]
    Name(#[from] InvalidDnsNameError),
    /// A WebSocket failed.
    #[error("a WebSocket failed")]
    Socket(#[source] Box<tokio_tungstenite::tungstenite::Error>),
    /// HTTP failed.
    #[error("a request failed")]
    Http(#[from] hyper::Error),
    /// A request was refused.
    #[error("the relay refused {0} with status {1}")]
    Refused(&'static str, u16),
    /// What came is not of the protocol.
    #[error("the relay sent what is no frame of the protocol")]
    NoFrame,
    /// The relay did not take a deposit that it has no reason to refuse.
    #[error("the relay answered a deposit with {0:?}")]
    NotAccepted(Outcome),
    /// Envelopes were there behind their time, or not before it.
    #[error("envelopes that had expired were there, or others were not")]
    NotExpired,
    /// A deposit was put off without a word on until when.
    #[error("the relay put a deposit off and did not say for how long")]
    NoHint,
    /// More than the relay can take is not borne as it should.
    #[error("the relay does not bear more than it can take: see the figures")]
    NotBorne,
    /// Memory, files or disk grew.
    #[error("the relay does not stay as it is: see the figures")]
    NotSteady,
    /// Nothing moved any more.
    #[error("{0} did not happen within {1} seconds")]
    Hanging(&'static str, u64),
    /// The floor's certificate could not be made.
    #[error("no certificate could be made")]
    Certificate(#[from] rcgen::Error),
    /// The SDK's crypto sealed nothing.
    #[error("a message could not be sealed")]
    Sealing,
    /// A plot could not be drawn.
    #[error("a plot could not be drawn: {0}")]
    Plot(String),
    /// A result is not one of this program's.
    #[error("{} is no result of this program", .0.display())]
    Result(PathBuf, #[source] serde_json::Error),
}

impl Failure {
    /// Whether it is a connection that broke, as connections do.
    #[must_use]
    pub const fn is_of_the_connection(&self) -> bool {
        matches!(self, Self::Ended | Self::Connection(_) | Self::Tls(_) | Self::Socket(_) | Self::Http(_))
    }
}

impl From<tokio_tungstenite::tungstenite::Error> for Failure {
    fn from(error: tokio_tungstenite::tungstenite::Error) -> Self {
        Self::Socket(Box::new(error))
    }
}

impl From<minicbor::decode::Error> for Failure {
    fn from(_: minicbor::decode::Error) -> Self {
        Self::NoFrame
    }
}
