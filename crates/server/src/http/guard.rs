//! Around every request: room for it, a time limit, and a net for panics.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use sealpost_wire::{manifest, oblivious};
use tokio::sync::{SemaphorePermit, TryAcquireError};
use tokio::time::timeout;

use super::CROWDED;
use super::reply::Refusing;
use crate::metrics::{Answer, Besides, Kind};
use crate::server::{Connection, Program, Shared};

/// How long a client waits whose request took too long or met a fault of ours, in seconds.
const FAILED: u16 = 10;

/// Answers a request, whatever happens in its handler, and counts it.
pub(super) async fn guard<P: Program>(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let kind = kind::<P>(request.uri().path());
    let response = match room(&shared, &request) {
        Ok(_room) => answered(shared.limits.request_timeout, next.run(request)).await,
        Err(_) => Refusing::for_now(CROWDED).into_response(),
    };
    let answer = response.extensions().get::<Answer>().copied().unwrap_or(Answer::Done);
    shared.metrics.request(kind, answer, begun.elapsed());
    response
}

/// Room for a request. One that is inside another has that one's.
fn room<'s>(shared: &'s Shared, request: &Request) -> Result<Option<SemaphorePermit<'s>>, TryAcquireError> {
    match request.extensions().get::<Arc<Connection>>() {
        Some(connection) if connection.is_inside() => Ok(None),
        _ => shared.requests.try_acquire().map(Some),
    }
}

/// The answer; *try later* when it takes longer than `limit` or the handler panics, which the log has heard of.
async fn answered(limit: Duration, answer: impl Future<Output = Response>) -> Response {
    match timeout(limit, AssertUnwindSafe(answer).catch_unwind()).await {
        Ok(Ok(response)) => response,
        Ok(Err(_)) | Err(_) => Refusing::for_now(FAILED).into_response(),
    }
}

fn kind<P: Program>(path: &str) -> Kind<P::Kind> {
    match P::kind(path) {
        Some(kind) => Kind::Own(kind),
        None if path == manifest::PATH => Kind::Besides(Besides::Manifest),
        None if path == oblivious::PATH => Kind::Besides(Besides::Oblivious),
        None if path == oblivious::KEYS_PATH => Kind::Besides(Besides::OhttpKeys),
        None => Kind::Besides(Besides::Other),
    }
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::*;

    #[tokio::test]
    async fn a_panic_in_a_handler_is_try_later() {
        let response = answered(Duration::from_secs(30), async { panic!("a fault of ours") }).await;
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    }

    #[tokio::test]
    async fn a_handler_that_hangs_is_try_later() {
        let response = answered(Duration::from_millis(1), std::future::pending()).await;
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.extensions().get::<Answer>(), Some(&Answer::TryLater));
    }
}
