//! What the server is told of a relay: its requests, what its operator may ask for, and when it is ready.

pub(crate) mod directory;

use std::sync::Arc;
use std::time::Duration;

use ::http::StatusCode;
use axum::Router;
use axum::extract::State;
use axum::routing::post;
use sealpost_server::Program;
use sealpost_server::clock::every;
use sealpost_server::manifest::ManifestCell;

use crate::http;
use crate::log::Event;
use crate::metrics::{Kind, Metrics};
use crate::service::Relay;
use crate::tickets::Issuer;

/// Where the operator has the store purged.
pub(crate) const PURGE: &str = "/purge";
/// How often what has expired is swept away.
const SWEEP_EVERY: Duration = Duration::from_secs(60 * 60);
/// How often it is seen to that the keys of tickets are those of the day.
const KEEP_EVERY: Duration = Duration::from_secs(10);

/// A relay, and its numbers.
pub(crate) struct RelayProgram {
    pub(crate) relay: Relay,
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
        let all = Router::new().route(PURGE, post(purge)).with_state(self.relay.clone());
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
            Event::Swept {}.log();
        });
        let told = directory::keep_told(&self.relay, &self.manifest);
        let tickets = keep_tickets(self.relay.issuer(), &self.manifest);
        tokio::join!(sweep, told, directory::look_after_epochs(&self.relay), tickets);
    }

    async fn close(&self) {
        self.relay.shutdown().await;
        Event::StoreClosed {}.log();
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
