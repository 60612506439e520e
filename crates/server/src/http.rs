//! HTTP: what a handler is given, what it gives, and what stands around it.
//!
//! A handler takes a [`Cbor`] of its request, which by then is whole, exact, not too long and on a connection of its side;
//! it calls what decides, and gives a [`Reply`].

mod body;
mod guard;
mod parcel;
mod reply;

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::header::CONTENT_TYPE;
use sealpost_wire::manifest;
use sealpost_wire::request::Refusal;

use crate::manifest::ManifestCell;
use crate::server::{Program, Shared};
pub(crate) use body::CBOR;
pub use body::{Cbor, On};
pub use parcel::Budget;
pub use reply::{Refusing, Reply};

/// How long a client waits that came when there was no room, in seconds.
const CROWDED: u16 = 2;

/// Every request of a program, and the manifest.
pub(crate) fn router<P: Program>(program: &Arc<P>, shared: Arc<Shared>) -> Router {
    Router::new()
        .route(manifest::PATH, get(manifest))
        .with_state(shared.manifest.clone())
        .merge(program.routes())
        .fallback(nothing_there)
        .method_not_allowed_fallback(nothing_there)
        .layer(from_fn_with_state(shared, guard::guard::<P>))
}

/// `GET /v1/relay`, from any side
async fn manifest(State(manifest): State<ManifestCell>) -> Response {
    ([(CONTENT_TYPE, "application/json")], manifest.bytes()).into_response()
}

/// Another path, or another method.
async fn nothing_there() -> Refusing {
    Refusing::for_good(Refusal::NoSuchRequest)
}
