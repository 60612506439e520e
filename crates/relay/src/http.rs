//! HTTP: decodes, calls the service, encodes. What is decided, the service decides.

use std::sync::Arc;

use ::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use sealpost_server::Connection;
use sealpost_server::http::{Cbor, On, Refusing, Reply};
use sealpost_wire::directory::BucketRead;
use sealpost_wire::request::{
    Acknowledge, CloseMailbox, CloseShelf, Collect, CountItems, Deposit, IssueTickets, OpenMailbox, OpenShelf, Publish,
    Refusal, Request, Side, Stock, Take, Withdraw,
};

use crate::metrics::Kind;
use crate::program::RelayProgram;
use crate::socket;

type Program = State<Arc<RelayProgram>>;

/// Every request of the relay protocol.
pub(crate) fn router(program: Arc<RelayProgram>) -> Router {
    Router::new()
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
        .route(Publish::PATH, post(publish))
        .route(Withdraw::PATH, post(withdraw))
        .route(IssueTickets::PATH, post(issue_tickets))
        .route(&format!("{}/{{epoch}}/{{bits}}/{{number}}", BucketRead::PATH), get(bucket))
        .with_state(program)
}

/// What is asked for at `path`.
pub(crate) fn kind(path: &str) -> Option<Kind> {
    Some(match path {
        OpenMailbox::PATH => Kind::OpenMailbox,
        Collect::PATH => Kind::Collect,
        Acknowledge::PATH => Kind::Acknowledge,
        CloseMailbox::PATH => Kind::CloseMailbox,
        OpenShelf::PATH => Kind::OpenShelf,
        Stock::PATH => Kind::Stock,
        CountItems::PATH => Kind::CountItems,
        CloseShelf::PATH => Kind::CloseShelf,
        Deposit::PATH => Kind::Deposit,
        Take::PATH => Kind::Take,
        Publish::PATH => Kind::Publish,
        Withdraw::PATH => Kind::Withdraw,
        IssueTickets::PATH => Kind::IssueTickets,
        path if path.starts_with(BucketRead::PATH) => Kind::Bucket,
        _ => return None,
    })
}

/// `POST /v1/open-mailbox`
async fn open_mailbox(State(program): Program, Cbor(request): Cbor<OpenMailbox>) -> Reply<OpenMailbox> {
    program.relay.open_mailbox(request).await.into()
}

/// `POST /v1/deposit`
async fn deposit(State(program): Program, Cbor(request): Cbor<Deposit>) -> Reply<Deposit> {
    Ok(program.relay.deposit(request).await).into()
}

/// `POST /v1/collect`, whose reply alone may be long
async fn collect(State(program): Program, on: On<Collect>, Cbor(request): Cbor<Collect>) -> Response {
    let collected = program.relay.collect(request, on.0.reply_room()).await;
    Reply::<Collect>::from(collected).within(on.0.replies())
}

/// `POST /v1/acknowledge`
async fn acknowledge(State(program): Program, Cbor(request): Cbor<Acknowledge>) -> Reply<Acknowledge> {
    program.relay.acknowledge(request).await.into()
}

/// `POST /v1/close-mailbox`
async fn close_mailbox(State(program): Program, Cbor(request): Cbor<CloseMailbox>) -> Reply<CloseMailbox> {
    program.relay.close_mailbox(request).await.into()
}

/// `POST /v1/open-shelf`
async fn open_shelf(State(program): Program, Cbor(request): Cbor<OpenShelf>) -> Reply<OpenShelf> {
    program.relay.open_shelf(request).await.into()
}

/// `POST /v1/stock`
async fn stock(State(program): Program, Cbor(request): Cbor<Stock>) -> Reply<Stock> {
    program.relay.stock(request).await.into()
}

/// `POST /v1/count-items`
async fn count_items(State(program): Program, Cbor(request): Cbor<CountItems>) -> Reply<CountItems> {
    program.relay.count_items(request).await.into()
}

/// `POST /v1/close-shelf`
async fn close_shelf(State(program): Program, Cbor(request): Cbor<CloseShelf>) -> Reply<CloseShelf> {
    program.relay.close_shelf(request).await.into()
}

/// `POST /v1/take`
async fn take(State(program): Program, Cbor(request): Cbor<Take>) -> Reply<Take> {
    program.relay.take(request).await.into()
}

/// `POST /v1/publish`
async fn publish(State(program): Program, Cbor(request): Cbor<Publish>) -> Reply<Publish> {
    program.relay.publish(request).await.into()
}

/// `POST /v1/withdraw`
async fn withdraw(State(program): Program, Cbor(request): Cbor<Withdraw>) -> Reply<Withdraw> {
    program.relay.withdraw(request).await.into()
}

/// `POST /v1/issue-tickets`
async fn issue_tickets(State(program): Program, Cbor(request): Cbor<IssueTickets>) -> Reply<IssueTickets> {
    program.relay.issue_tickets(request).await.into()
}

/// `GET /v1/bucket/EPOCH/BITS/NUMBER`
///
/// It is the same for everyone who asks, and so may be kept for the minute in which a withdrawal may still be seen.
async fn bucket(
    State(program): Program,
    Extension(connection): Extension<Arc<Connection>>,
    Path((epoch, bits, number)): Path<(String, String, String)>,
) -> Result<Response, Refusing> {
    connection.on(Side::Neither).map_err(|_| Refusing::for_good(Refusal::WrongSide))?;
    let read = BucketRead::of(&epoch, &bits, &number).ok_or(Refusing::for_good(Refusal::NoSuchRequest))?;
    let bucket = program.relay.bucket(read).await?;
    let headers = [(CONTENT_TYPE, "application/octet-stream"), (CACHE_CONTROL, "public, max-age=60")];
    Ok((headers, bucket.as_bytes().to_vec()).into_response())
}
