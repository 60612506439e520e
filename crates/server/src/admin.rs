//! The operator's listener: health, readiness, numbers of the whole server, and what its program has. Plain HTTP, loopback
//! by default.

mod page;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::header::{CONTENT_TYPE, HOST, ORIGIN};
use http::{HeaderValue, StatusCode};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::server::{Program, Shared};

/// Prometheus' text format.
const METRICS: &str = "text/plain; version=0.0.4";

/// What the operator asks about.
pub(crate) struct Desk<P> {
    pub(crate) program: Arc<P>,
    pub(crate) shared: Arc<Shared>,
}

impl<P> Clone for Desk<P> {
    fn clone(&self) -> Self {
        Self { program: Arc::clone(&self.program), shared: Arc::clone(&self.shared) }
    }
}

/// Serves until `ended`; without a listener, not at all.
pub(crate) async fn serve<P: Program>(listener: Option<TcpListener>, desk: Desk<P>, ended: CancellationToken) {
    let Some(listener) = listener else { return };
    // Elsewhere the operator has names of their own for it.
    let local = listener.local_addr().is_ok_and(|address| address.ip().is_loopback());
    // It ends with the server; until then, accepting is tried again and again.
    let _ended = axum::serve(listener, router(desk, local)).with_graceful_shutdown(ended.cancelled_owned()).await;
}

fn router<P: Program>(desk: Desk<P>, local: bool) -> Router {
    let besides = desk.program.admin_routes();
    Router::new()
        .route("/", get(page::page))
        .route("/health", get(health))
        .route("/ready", get(ready::<P>))
        .route("/metrics", get(metrics::<P>))
        .with_state(desk)
        .merge(besides)
        .layer(from_fn_with_state(local, refuse_browsers))
}

/// `GET /health`: the process answers.
async fn health() -> &'static str {
    "ok\n"
}

/// `GET /ready`: the server takes new connections, and can do what is asked on them.
async fn ready<P: Program>(State(desk): State<Desk<P>>) -> (StatusCode, &'static str) {
    if desk.shared.stop.is_cancelled() || !desk.program.is_ready() {
        return (StatusCode::SERVICE_UNAVAILABLE, "not ready\n");
    }
    (StatusCode::OK, "ready\n")
}

/// `GET /metrics`
async fn metrics<P: Program>(State(desk): State<Desk<P>>) -> Response {
    desk.program.set_numbers();
    desk.shared.set_numbers();
    ([(CONTENT_TYPE, METRICS)], desk.shared.metrics.render()).into_response()
}

/// A page in the operator's browser could ask here. If it posts, the browser says whose page it is; if its own name was
/// made to lead here (DNS rebinding), the browser asks by that name.
async fn refuse_browsers(State(local): State<bool>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let is_foreign = local && headers.get(HOST).is_some_and(|host| !is_local(host));
    if headers.contains_key(ORIGIN) || is_foreign {
        return StatusCode::FORBIDDEN.into_response();
    }
    next.run(request).await
}

/// Whether a name, with or without a port, is one that this machine alone calls itself by.
fn is_local(host: &HeaderValue) -> bool {
    let Ok(host) = host.to_str() else { return false };
    let is_loopback = |text: &str| text.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    let socket = host.parse::<SocketAddr>().is_ok_and(|address| address.ip().is_loopback());
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    socket || is_loopback(host) || name.eq_ignore_ascii_case("localhost") || host == "[::1]"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loopback_address_and_localhost_are_names_of_this_machine_and_no_others() {
        let is = |host: &'static str| is_local(&HeaderValue::from_static(host));
        for local in ["127.0.0.1", "127.0.0.1:8444", "[::1]:8444", "[::1]", "localhost", "LOCALHOST:8444"] {
            assert!(is(local), "{local}");
        }
        for foreign in [
            "",
            "example.org",
            "example.org:8444",
            "192.0.2.1:8444",
            "localhost.example.org",
            "127.0.0.1.example.org:1",
        ] {
            assert!(!is(foreign), "{foreign}");
        }
    }
}
