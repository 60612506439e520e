//! What the server is told of an attester: its requests, what it does from time to time, and when it is ready.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use sealpost_server::Program;
use tokio::time::sleep;

use crate::http;
use crate::metrics::Kind;
use crate::service::Attester;

/// How often what is over is forgotten, and looked whether directory and key services are there.
const TEND_EVERY: Duration = Duration::from_secs(60);
/// How soon it is looked again where they were not: they may have been started after the attester.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

/// An attester that is served.
pub(crate) struct AttesterProgram {
    pub(crate) attester: Attester,
}

impl Program for AttesterProgram {
    type Kind = Kind;

    fn kind(path: &str) -> Option<Kind> {
        http::kind(path)
    }

    fn routes(self: &Arc<Self>) -> Router {
        http::router(Arc::clone(self))
    }

    fn is_ready(&self) -> bool {
        self.attester.is_ready()
    }

    async fn chores(&self) {
        loop {
            self.attester.tend().await;
            sleep(if self.is_ready() { TEND_EVERY } else { LOOK_AGAIN }).await;
        }
    }
}
