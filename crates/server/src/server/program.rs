//! What a server runs.

use std::future::{pending, ready};
use std::sync::Arc;

use axum::Router;

use crate::metrics::Label;

/// What a server runs: its requests, and what goes on besides them.
///
/// 1. Every path of [`routes`](Self::routes) has a [`kind`](Self::kind). The manifest, `GET /v1/relay`, is none of them:
///    the server answers it, and refuses what nobody has.
/// 2. No handler relies on being run to its end: it is dropped when it takes longer than the configuration allows.
/// 3. [`is_ready`](Self::is_ready), [`is_stuck`](Self::is_stuck) and [`set_numbers`](Self::set_numbers) do not block.
/// 4. [`chores`](Self::chores) runs from the first connection until [`close`](Self::close) is done, and is dropped then,
///    wherever it is.
pub trait Program: Send + Sync + 'static {
    /// The kinds of its requests, by which they are counted.
    type Kind: Label;

    /// The kind of the requests at `path`, if they are the program's.
    fn kind(path: &str) -> Option<Self::Kind>;

    /// Its requests, on the listener of clients.
    fn routes(self: &Arc<Self>) -> Router;

    /// What the operator may ask for on the admin listener, besides health, readiness and numbers.
    fn admin_routes(self: &Arc<Self>) -> Router {
        Router::new()
    }

    /// Whether it can do what is asked of it; what `GET /ready` on the admin listener answers.
    fn is_ready(&self) -> bool {
        true
    }

    /// Whether it hangs so that only another process can go on.
    fn is_stuck(&self) -> bool {
        false
    }

    /// Sets those of its numbers that nothing else sets, before they are shown.
    fn set_numbers(&self) {}

    /// What is done from time to time.
    fn chores(&self) -> impl Future<Output = ()> + Send {
        pending()
    }

    /// Finishes what was begun, once no connection is left.
    fn close(&self) -> impl Future<Output = ()> + Send {
        ready(())
    }
}
