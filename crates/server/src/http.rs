//! HTTP: what a handler is given, what it gives, and what stands around it.
//!
//! A handler takes a [`Cbor`] of its request, which by then is whole, exact, not too long and on a connection of its side;
//! it calls what decides, and gives a [`Reply`].

mod body;
mod guard;
mod parcel;
mod problem;
mod reply;

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::header::CONTENT_TYPE;
use sealpost_wire::request::Refusal;
use sealpost_wire::{manifest, oblivious};

use crate::oblivious::{Gateway, answer};
use crate::server::{Program, Shared};
pub(crate) use body::CBOR;
pub use body::{Cbor, On, read};
pub use parcel::Budget;
pub use problem::Problem;
pub use reply::{Refusing, Reply};

/// How long a client waits that came when there was no room, in seconds.
const CROWDED: u16 = 2;

/// How long a client waits when there is no key of today, in seconds.
const KEYLESS: u16 = 10;

/// Every request of a program, and what all servers answer. What comes by Oblivious HTTP is answered by the same routes.
pub(crate) fn router<P: Program>(program: &Arc<P>, shared: Arc<Shared>) -> Router {
    let mut all = Router::new().route(manifest::PATH, get(manifest)).with_state(Arc::clone(&shared));
    all = all.merge(program.routes());
    if let Some(keys) = &shared.keys {
        all = all.merge(Router::new().route(oblivious::KEYS_PATH, get(ohttp_keys)).with_state(Arc::clone(&shared)));
        let inside = guarded::<P>(all.clone(), Arc::clone(&shared));
        let gateway = Arc::new(Gateway::new(Arc::clone(keys), inside, Arc::clone(&shared)));
        all = all.merge(Router::new().route(oblivious::PATH, post(answer)).with_state(gateway));
    }
    guarded::<P>(all, shared)
}

fn guarded<P: Program>(routes: Router, shared: Arc<Shared>) -> Router {
    routes
        .fallback(nothing_there)
        .method_not_allowed_fallback(nothing_there)
        .layer(from_fn_with_state(shared, guard::guard::<P>))
}

/// `GET /v1/relay`, from any side
async fn manifest(State(shared): State<Arc<Shared>>) -> Response {
    if let Some(keys) = &shared.keys {
        keys.ready().await;
    }
    ([(CONTENT_TYPE, "application/json")], shared.manifest.bytes()).into_response()
}

/// `GET /v1/ohttp-keys`, from any side
async fn ohttp_keys(State(shared): State<Arc<Shared>>) -> Result<Response, Refusing> {
    let keys = shared.keys.as_ref().ok_or(Refusing::for_good(Refusal::NoSuchRequest))?;
    keys.ready().await;
    let list = keys.list().ok_or(Refusing::for_now(KEYLESS))?;
    Ok(([(CONTENT_TYPE, oblivious::KEYS_TYPE)], list).into_response())
}

/// Another path, or another method.
async fn nothing_there() -> Refusing {
    Refusing::for_good(Refusal::NoSuchRequest)
}
