//! HTTP: decodes, calls the service, encodes. What is decided, the service decides.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use sealpost_identity::attester::{AskCode, ProveNumber};
use sealpost_server::http::{Cbor, Reply};
use sealpost_wire::request::Request;

use crate::metrics::Kind;
use crate::program::AttesterProgram;

type Program = State<Arc<AttesterProgram>>;

/// Every request of an attester.
pub(crate) fn router(program: Arc<AttesterProgram>) -> Router {
    Router::new().route(AskCode::PATH, post(ask_code)).route(ProveNumber::PATH, post(prove_number)).with_state(program)
}

/// What is asked for at `path`.
pub(crate) fn kind(path: &str) -> Option<Kind> {
    Some(match path {
        AskCode::PATH => Kind::AskCode,
        ProveNumber::PATH => Kind::ProveNumber,
        _ => return None,
    })
}

/// `POST /v1/ask-code`
async fn ask_code(State(program): Program, Cbor(request): Cbor<AskCode>) -> Reply<AskCode> {
    program.attester.ask_code(request).await.into()
}

/// `POST /v1/prove-number`
async fn prove_number(State(program): Program, Cbor(request): Cbor<ProveNumber>) -> Reply<ProveNumber> {
    program.attester.prove_number(request).await.into()
}
