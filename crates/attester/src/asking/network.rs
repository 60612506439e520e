//! Asking over the network: each time on a connection of its own, to whom its manifest proves to be the one that was named.

use futures_util::future::BoxFuture;
use sealpost_server::peer::{Patience, Peer, PeerError};
use sealpost_wire::RelayRef;
use sealpost_wire::directory::EvaluatedElements;
use sealpost_wire::manifest::KeyService;
use sealpost_wire::operator::OperatorKey;
use sealpost_wire::request::{Evaluate, Refusal};

use super::{AskError, Asking, DirectoryWord};

/// The servers that references name.
pub struct Network {
    directory: RelayRef,
    patience: Patience,
}

impl Network {
    /// The directory is at `directory`; nobody is waited for longer than `patience`.
    #[must_use]
    pub const fn new(directory: RelayRef, patience: Patience) -> Self {
        Self { directory, patience }
    }

    async fn peer(&self, at: &RelayRef) -> Result<Peer, AskError> {
        Peer::connect(at, self.patience).await.map_err(ask_error)
    }
}

impl Asking for Network {
    fn directory(&self) -> BoxFuture<'_, Result<DirectoryWord, AskError>> {
        Box::pin(async {
            let peer = self.peer(&self.directory).await?;
            let verified = peer.manifest();
            DirectoryWord::of(&verified.manifest, verified.operator).ok_or(AskError::Refused)
        })
    }

    fn key_service<'a>(&'a self, at: &'a RelayRef) -> BoxFuture<'a, Result<(KeyService, OperatorKey), AskError>> {
        Box::pin(async {
            let peer = self.peer(at).await?;
            let verified = peer.manifest();
            let says = verified.manifest.key_service.clone().ok_or(AskError::Refused)?;
            Ok((says, verified.operator))
        })
    }

    fn evaluate<'a>(
        &'a self,
        at: &'a RelayRef,
        request: &'a Evaluate,
    ) -> BoxFuture<'a, Result<EvaluatedElements, AskError>> {
        Box::pin(async { Ok(self.peer(at).await?.call(request).await.map_err(ask_error)?.elements) })
    }
}

fn ask_error(error: PeerError) -> AskError {
    match error {
        PeerError::Unreachable | PeerError::Tls | PeerError::TimedOut | PeerError::Closed => AskError::Down,
        PeerError::Refused(denial) if denial.reason == Refusal::TryLater => AskError::Down,
        PeerError::Refused(_) | PeerError::Manifest(_) | PeerError::Key | PeerError::Protocol => AskError::Refused,
    }
}
