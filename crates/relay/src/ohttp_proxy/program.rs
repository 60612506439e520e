//! What the server is told of a proxy: its two requests, and its numbers.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Uri};
use sealpost_server::http::{Problem, Refusing, read};
use sealpost_server::metrics::{Gauge, Registry};
use sealpost_server::{Program, labels};
use sealpost_wire::oblivious::{ANSWER_TYPE, LONGEST_REQUEST, PROXY_PATH, REQUEST_TYPE};
use sealpost_wire::request::Refusal;

use super::gateway::{Gateway, Unforwarded};
use super::{OhttpProxy, Shared};

/// Any one gateway.
const ROUTE: &str = "/v1/proxy/{gateway}";

labels! {
    /// What was asked for.
    Kind "kind" {
        Proxy "proxy"
    }
}

/// A proxy that is served.
pub(crate) struct OhttpProxyProgram {
    proxy: Shared,
    connections: Gauge,
}

impl OhttpProxyProgram {
    pub(crate) fn new(proxy: OhttpProxy, all: &Registry) -> Self {
        let connections = all.gauge("sealpost_gateway_connections", "Connections to gateways there are");
        Self { proxy: Arc::new(proxy), connections }
    }
}

impl Program for OhttpProxyProgram {
    type Kind = Kind;

    fn kind(path: &str) -> Option<Kind> {
        path.starts_with(PROXY_PATH).then_some(Kind::Proxy)
    }

    fn routes(self: &Arc<Self>) -> Router {
        Router::new().route(ROUTE, post(forward).get(said)).with_state(Arc::clone(&self.proxy))
    }

    fn is_ready(&self) -> bool {
        self.proxy.has_gateways()
    }

    fn set_numbers(&self) {
        self.connections.set(self.proxy.connections() as f64);
    }
}

/// `POST /v1/proxy/HOST:PORT`
async fn forward(State(proxy): State<Shared>, uri: Uri, request: Request) -> Result<Response, Unforwarded> {
    let gateway = named(&proxy, &uri).await?;
    let is_one = request.headers().get(CONTENT_TYPE).is_some_and(|value| value.as_bytes() == REQUEST_TYPE.as_bytes());
    if !is_one {
        return Err(Refusing::for_good(Refusal::Malformed).into());
    }
    // Whole before anything is passed on: who sends slowly keeps nobody else from the gateway.
    let sealed = read(request.into_body(), LONGEST_REQUEST).await?;
    let answer = gateway.forward(sealed).await?;
    Ok(([(CONTENT_TYPE, HeaderValue::from_static(ANSWER_TYPE))], answer).into_response())
}

/// `GET /v1/proxy/HOST:PORT`
async fn said(State(proxy): State<Shared>, uri: Uri) -> Result<Response, Unforwarded> {
    let signed = named(&proxy, &uri).await?.said(name(&uri)).await?;
    Ok(([(CONTENT_TYPE, HeaderValue::from_static("application/json"))], signed).into_response())
}

/// The gateway that a request names, if it is one of those that the operator wrote down.
async fn named<'p>(proxy: &'p OhttpProxy, uri: &Uri) -> Result<&'p Gateway, Refusing> {
    proxy.gateway(name(uri)).await.ok_or(Refusing::for_good(Refusal::Denied))
}

fn name(uri: &Uri) -> &str {
    uri.path().strip_prefix(PROXY_PATH).unwrap_or_default()
}

impl From<Refusing> for Unforwarded {
    fn from(refusing: Refusing) -> Self {
        Self::Refused(refusing)
    }
}

impl IntoResponse for Unforwarded {
    fn into_response(self) -> Response {
        match self {
            Self::Refused(refusing) => refusing.into_response(),
            Self::Problem(problem) => Problem::into_response(problem),
        }
    }
}
