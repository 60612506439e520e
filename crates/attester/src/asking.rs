//! What the attester asks of other servers.

mod network;

use futures_util::future::BoxFuture;
use sealpost_wire::RelayRef;
use sealpost_wire::directory::EvaluatedElements;
use sealpost_wire::manifest::{Directory, KeyService};
use sealpost_wire::operator::OperatorKey;
use sealpost_wire::request::Evaluate;
use thiserror::Error;

pub use network::Network;

/// The directory and the key services, as the attester sees them.
///
/// 1. What [`directory`](Self::directory) and [`key_service`](Self::key_service) give was signed by the operator of the
///    reference, or by a successor that they named.
/// 2. What it says is not checked beyond that.
/// 3. Every call ends, in a time that is bounded.
pub trait Asking: Send + Sync {
    /// What the directory's manifest says now.
    fn directory(&self) -> BoxFuture<'_, Result<Directory, AskError>>;

    /// What a key service's manifest says now, and the key of its operator.
    fn key_service<'a>(&'a self, at: &'a RelayRef) -> BoxFuture<'a, Result<(KeyService, OperatorKey), AskError>>;

    /// Has a key service evaluate.
    fn evaluate<'a>(
        &'a self,
        at: &'a RelayRef,
        request: &'a Evaluate,
    ) -> BoxFuture<'a, Result<EvaluatedElements, AskError>>;
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum AskError {
    /// It cannot be reached, or asks to be tried later.
    #[error("the server cannot be asked now")]
    Down,
    /// It is not the server that was to be asked, or it refuses.
    #[error("the server refuses, or is another one")]
    Refused,
}
