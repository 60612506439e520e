//! What the server is told of a relay: its requests, what its operator may ask for, and when it is ready.

pub(crate) mod directory;

use std::sync::Arc;
use std::time::Duration;

use ::http::StatusCode;
use axum::Router;
use axum::extract::State;
use axum::routing::post;
use sealpost_server::Program;
use sealpost_server::clock::{Clock, every};
use sealpost_server::manifest::ManifestCell;
use sealpost_wire::time::Day;

use crate::http;
use crate::log::Event;
use crate::metrics::{Kind, Metrics};
use crate::service::Relay;
use crate::shared_keys::SharedKeys;
use crate::tickets::Issuer;

/// Where the operator has the store purged.
pub(crate) const PURGE: &str = "/purge";
/// Where the operator has it begin to give what it keeps.
pub(crate) const EXPORT: &str = "/export";
/// How often what has expired is swept away.
const SWEEP_EVERY: Duration = Duration::from_secs(60 * 60);
/// How often relays that share a store agree on keys and invite codes.
const AGREE_EVERY: Duration = Duration::from_secs(60);
/// How often it is seen to that the keys of tickets are those of the day.
const KEEP_EVERY: Duration = Duration::from_secs(10);

/// A relay, and its numbers.
pub(crate) struct RelayProgram {
    pub(crate) relay: Relay,
    /// What it shares with others that use its store.
    pub(crate) shared: Option<SharedKeys>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) metrics: Metrics,
    pub(crate) manifest: ManifestCell,
}

impl Program for RelayProgram {
    type Kind = Kind;

    fn kind(path: &str) -> Option<Kind> {
        http::kind(path)
    }

    fn routes(self: &Arc<Self>) -> Router {
        http::router(Arc::clone(self))
    }

    fn admin_routes(self: &Arc<Self>) -> Router {
        let all = Router::new().route(PURGE, post(purge)).route(EXPORT, post(export)).with_state(self.relay.clone());
        if self.relay.directory_told().is_some() { all.merge(directory::routes(&self.relay)) } else { all }
    }

    fn is_ready(&self) -> bool {
        self.relay.ready()
    }

    fn is_stuck(&self) -> bool {
        self.relay.is_stuck()
    }

    fn set_numbers(&self) {
        self.metrics.set(&self.relay.totals());
    }

    async fn chores(&self) {
        let sweep = every(SWEEP_EVERY, || async {
            self.relay.expire().await;
            self.relay.tidy().await;
            Event::Swept {}.log();
        });
        let told = directory::keep_told(&self.relay, &self.manifest);
        let tickets = keep_tickets(self.relay.issuer(), &self.manifest);
        let agree = every(AGREE_EVERY, || self.agree());
        tokio::join!(sweep, told, directory::look_after_epochs(&self.relay), tickets, agree);
    }

    async fn close(&self) {
        self.relay.shutdown().await;
        Event::StoreClosed {}.log();
    }
}

impl RelayProgram {
    /// Agrees with other relays on the keys of the next day. What fails now is tried again in time: a key is of use a day
    /// later at the earliest.
    async fn agree(&self) {
        if let (Some(shared), Some(store)) = (&self.shared, self.relay.shared())
            && shared.agree(store, Day::of(self.clock.now())).await.is_err()
        {
            Event::KeysNotShared {}.log();
        }
    }
}

/// Makes and erases keys of tickets by the day, and has the manifest tell them.
pub(crate) async fn keep_tickets(issuer: Option<&Issuer>, manifest: &ManifestCell) {
    let Some(issuer) = issuer else { return };
    every(KEEP_EVERY, || async {
        if issuer.keep().await {
            manifest.change(|manifest| issuer.tell(manifest));
        }
    })
    .await;
}

/// `POST /purge`: answers when the store has been rewritten without what was erased.
async fn purge(State(relay): State<Relay>) -> (StatusCode, &'static str) {
    match relay.purge().await {
        Ok(()) => {
            Event::Purged {}.log();
            (StatusCode::OK, "purged\n")
        }
        Err(_) => {
            Event::PurgeFailed {}.log();
            (StatusCode::SERVICE_UNAVAILABLE, "not purged; is the disk full?\n")
        }
    }
}

/// `POST /export`: answers once the store gives what is in it to whoever reads the pipe in its directory, which only the
/// server's account, and root, can have made.
async fn export(State(relay): State<Relay>) -> (StatusCode, &'static str) {
    match relay.show() {
        Some(Ok(())) => (StatusCode::OK, "exporting\n"),
        Some(Err(_)) => (StatusCode::CONFLICT, "nobody reads what would be exported\n"),
        None => (StatusCode::NOT_FOUND, "the store can be read without this relay\n"),
    }
}
