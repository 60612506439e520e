//! HTTP: decodes, calls the service, encodes. What is decided, the service decides.

mod body;
mod guard;
mod parcel;
mod reply;

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::header::CONTENT_TYPE;
use sealpost_wire::manifest;
use sealpost_wire::request::{
    Acknowledge, CloseMailbox, CloseShelf, Collect, CountItems, Deposit, OpenMailbox, OpenShelf, Refusal, Request,
    Stock, Take,
};

use crate::server::Shared;
use crate::socket;
use body::Cbor;
pub(crate) use body::On;
pub(crate) use parcel::Budget;
pub(crate) use reply::Refusing;
use reply::Reply;

/// How long a client waits that came when there was no room, in seconds.
const CROWDED: u16 = 2;

type Relay = State<Arc<Shared>>;

/// Every request of the relay protocol.
pub(crate) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route(manifest::PATH, get(relay))
        .route(OpenMailbox::PATH, post(open_mailbox))
        .route(Deposit::PATH, post(deposit).get(socket::deposit))
        .route(Collect::PATH, post(collect).get(socket::collect))
        .route(Acknowledge::PATH, post(acknowledge))
        .route(CloseMailbox::PATH, post(close_mailbox))
        .route(OpenShelf::PATH, post(open_shelf))
        .route(Stock::PATH, post(stock))
        .route(CountItems::PATH, post(count_items))
        .route(CloseShelf::PATH, post(close_shelf))
        .route(Take::PATH, post(take))
        .fallback(nothing_there)
        .method_not_allowed_fallback(nothing_there)
        .layer(from_fn_with_state(Arc::clone(&shared), guard::guard))
        .with_state(shared)
}

/// `GET /v1/relay`, from any side
async fn relay(State(shared): Relay) -> Response {
    ([(CONTENT_TYPE, "application/json")], shared.manifest.clone()).into_response()
}

/// `POST /v1/open-mailbox`
async fn open_mailbox(State(shared): Relay, Cbor(request): Cbor<OpenMailbox>) -> Reply<OpenMailbox> {
    shared.relay.open_mailbox(request).await.into()
}

/// `POST /v1/deposit`
async fn deposit(State(shared): Relay, Cbor(request): Cbor<Deposit>) -> Reply<Deposit> {
    Ok(shared.relay.deposit(request).await).into()
}

/// `POST /v1/collect`, whose reply alone may be long
async fn collect(State(shared): Relay, Cbor(request): Cbor<Collect>) -> Response {
    Reply::<Collect>::from(shared.relay.collect(request).await).within(&shared.replies)
}

/// `POST /v1/acknowledge`
async fn acknowledge(State(shared): Relay, Cbor(request): Cbor<Acknowledge>) -> Reply<Acknowledge> {
    shared.relay.acknowledge(request).await.into()
}

/// `POST /v1/close-mailbox`
async fn close_mailbox(State(shared): Relay, Cbor(request): Cbor<CloseMailbox>) -> Reply<CloseMailbox> {
    shared.relay.close_mailbox(request).await.into()
}

/// `POST /v1/open-shelf`
async fn open_shelf(State(shared): Relay, Cbor(request): Cbor<OpenShelf>) -> Reply<OpenShelf> {
    shared.relay.open_shelf(request).await.into()
}

/// `POST /v1/stock`
async fn stock(State(shared): Relay, Cbor(request): Cbor<Stock>) -> Reply<Stock> {
    shared.relay.stock(request).await.into()
}

/// `POST /v1/count-items`
async fn count_items(State(shared): Relay, Cbor(request): Cbor<CountItems>) -> Reply<CountItems> {
    shared.relay.count_items(request).await.into()
}

/// `POST /v1/close-shelf`
async fn close_shelf(State(shared): Relay, Cbor(request): Cbor<CloseShelf>) -> Reply<CloseShelf> {
    shared.relay.close_shelf(request).await.into()
}

/// `POST /v1/take`
async fn take(State(shared): Relay, Cbor(request): Cbor<Take>) -> Reply<Take> {
    shared.relay.take(request).await.into()
}

/// Another path, or another method.
async fn nothing_there() -> Refusing {
    Refusing::for_good(Refusal::NoSuchRequest)
}
