//! What the attester asks of other servers.

mod network;

use futures_util::future::BoxFuture;
use sealpost_wire::RelayRef;
use sealpost_wire::directory::EvaluatedElements;
use sealpost_wire::manifest::{Directory, KeyService, Manifest, Tickets};
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
    /// What the manifest of the directory's relay says now.
    fn directory(&self) -> BoxFuture<'_, Result<DirectoryWord, AskError>>;

    /// What a key service's manifest says now, and the key of its operator.
    fn key_service<'a>(&'a self, at: &'a RelayRef) -> BoxFuture<'a, Result<(KeyService, OperatorKey), AskError>>;

    /// Has a key service evaluate.
    fn evaluate<'a>(
        &'a self,
        at: &'a RelayRef,
        request: &'a Evaluate,
    ) -> BoxFuture<'a, Result<EvaluatedElements, AskError>>;
}

/// What the relay with the directory says of itself.
#[derive(Debug, Clone)]
pub struct DirectoryWord {
    /// Of the directory.
    pub directory: Directory,
    /// The key of the relay's operator.
    pub operator: OperatorKey,
    /// The reference of the attester on whose word the relay gives tickets, where it gives them on one's.
    pub tickets_by: Option<String>,
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

impl DirectoryWord {
    /// What a manifest says that `operator` has signed; `None` where there is no directory.
    #[must_use]
    pub fn of(manifest: &Manifest, operator: OperatorKey) -> Option<Self> {
        let directory = manifest.directory.clone()?;
        let tickets_by = manifest.ticket_attester.clone().filter(|_| manifest.tickets == Tickets::Attestation);
        Some(Self { directory, operator, tickets_by })
    }
}
