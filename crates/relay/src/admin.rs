//! The operator's listener: health, readiness, numbers of the whole relay, and purging. Plain HTTP, loopback by default.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::StatusCode;
use http::header::{CONTENT_TYPE, ORIGIN};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::log::Event;
use crate::server::Shared;

/// Prometheus' text format.
const METRICS: &str = "text/plain; version=0.0.4";
/// Where to purge.
pub(crate) const PURGE: &str = "/purge";

/// Serves until `ended`; without a listener, not at all.
pub(crate) async fn serve(listener: Option<TcpListener>, shared: Arc<Shared>, ended: CancellationToken) {
    let Some(listener) = listener else { return };
    // It ends with the relay; until then, accepting is tried again and again.
    let _ended = axum::serve(listener, router(shared)).with_graceful_shutdown(ended.cancelled_owned()).await;
}

fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/health", get(health))
        .route("/ready", get(ready))
        .route("/metrics", get(metrics))
        .route(PURGE, post(purge))
        .layer(from_fn(refuse_browsers))
        .with_state(shared)
}

/// `GET /health`: the process answers.
async fn health() -> &'static str {
    "ok\n"
}

/// `GET /ready`: the relay takes new connections and its store takes writes.
async fn ready(State(shared): State<Arc<Shared>>) -> (StatusCode, &'static str) {
    if shared.stop.is_cancelled() || !shared.relay.ready() {
        return (StatusCode::SERVICE_UNAVAILABLE, "not ready\n");
    }
    (StatusCode::OK, "ready\n")
}

/// `GET /metrics`
async fn metrics(State(shared): State<Arc<Shared>>) -> Response {
    ([(CONTENT_TYPE, METRICS)], shared.metrics.render(&shared.relay.totals())).into_response()
}

/// `POST /purge`: answers when the store has been rewritten without what was erased.
async fn purge(State(shared): State<Arc<Shared>>) -> (StatusCode, &'static str) {
    match shared.relay.purge().await {
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

/// A page in the operator's browser could post here; the browser then says whose page it is.
async fn refuse_browsers(request: Request, next: Next) -> Response {
    if request.headers().contains_key(ORIGIN) {
        return StatusCode::FORBIDDEN.into_response();
    }
    next.run(request).await
}
