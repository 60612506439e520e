//! Taking a request out of its seal, having it answered, and putting the answer into another.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Uri};
use http_body_util::{BodyExt, Limited};
use sealpost_wire::oblivious::{
    ANSWER_TYPE, InsideReply, InsideRequest, LONGEST, REQUEST_LENGTHS, REQUEST_OVERHEAD, REQUEST_TYPE,
};
use sealpost_wire::request::Refusal;
use tower::ServiceExt;

use super::keys::DayKeys;
use super::seal::{Opened, Unopened};
use crate::http::{CBOR, Problem, Refusing, read};
use crate::server::{Connection, Shared};

/// What stands around the body of a request inside, at most: method, path, the type of the body, lengths.
const AROUND_A_BODY: usize = 128;
/// How long a client waits that met a fault of ours, in seconds.
const FAULT: u16 = 10;

/// What opens requests, and what answers them.
pub(crate) struct Gateway {
    keys: Arc<DayKeys>,
    inside: Router,
    shared: Arc<Shared>,
    longest: usize,
}

impl Gateway {
    /// A gateway to `inside`, which has no gateway itself.
    pub(crate) fn new(keys: Arc<DayKeys>, inside: Router, shared: Arc<Shared>) -> Self {
        let longest = longest_inside(shared.body) + REQUEST_OVERHEAD;
        Self { keys, inside, shared, longest }
    }

    fn open(&self, request: &[u8]) -> Result<Opened, Unopened> {
        let id = request.first().ok_or(Unopened::Unfit)?;
        self.keys.named(*id).ok_or(Unopened::Unknown)?.open(request)
    }

    /// What the routes answer to what was inside, padded.
    async fn reply(&self, inside: &[u8]) -> Option<Vec<u8>> {
        let response = match InsideRequest::from_bytes(inside) {
            Ok(request) => self.ask(request).await,
            Err(_) => Refusing::for_good(Refusal::Malformed).into_response(),
        };
        match told(response, inside.len()).await {
            Some(reply) => Some(reply),
            None => told(Refusing::for_good(Refusal::TooLarge).into_response(), inside.len()).await,
        }
    }

    /// Asks on a connection of its own, which ends with the answer.
    async fn ask(&self, inside: InsideRequest) -> Response {
        let Some(mut request) = request(inside) else {
            return Refusing::for_good(Refusal::NoSuchRequest).into_response();
        };
        request.extensions_mut().insert(Arc::new(Connection::inside(Arc::clone(&self.shared))));
        self.inside.clone().oneshot(request).await.unwrap_or_else(|never| match never {})
    }
}

/// `POST /v1/oblivious`, from any side
pub(crate) async fn answer(State(gateway): State<Arc<Gateway>>, request: Request) -> Result<Response, Refusing> {
    let is_one = request.headers().get(CONTENT_TYPE).is_some_and(|value| value.as_bytes() == REQUEST_TYPE.as_bytes());
    if !is_one {
        return Err(Refusing::for_good(Refusal::Malformed));
    }
    if let Some(connection) = request.extensions().get::<Arc<Connection>>() {
        connection.tell();
    }
    let sealed = read(request.into_body(), gateway.longest).await?;
    let opened = match gateway.open(&sealed) {
        Ok(opened) => opened,
        Err(unopened) => return Ok(unopened.into_response()),
    };
    let reply = gateway.reply(&opened.inside).await.and_then(|reply| opened.answer.encapsulate(&reply).ok());
    let sealed = reply.ok_or(Refusing::for_now(FAULT))?;
    Ok(([(CONTENT_TYPE, HeaderValue::from_static(ANSWER_TYPE))], sealed).into_response())
}

impl IntoResponse for Unopened {
    fn into_response(self) -> Response {
        match self {
            Self::Unknown => Problem::KeyUnknown.into_response(),
            Self::Unfit => Problem::KeyUnfit.into_response(),
            Self::Again => Refusing::for_good(Refusal::Denied).into_response(),
        }
    }
}

/// The longest that a request inside needs to be, where bodies are at most so long.
fn longest_inside(body: usize) -> usize {
    let fits = |length: &usize| body.saturating_add(AROUND_A_BODY) <= *length;
    REQUEST_LENGTHS.into_iter().find(fits).unwrap_or(LONGEST)
}

fn request(inside: InsideRequest) -> Option<Request> {
    let uri: Uri = inside.path.parse().ok()?;
    let mut request = Request::new(Body::empty());
    *request.uri_mut() = uri;
    if let Some(body) = inside.body {
        *request.method_mut() = Method::POST;
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(CBOR));
        *request.body_mut() = body.into();
    }
    Some(request)
}

/// An answer as it is told inside: its status, the type of its body, and its body; none when that is too long.
async fn told(response: Response, least: usize) -> Option<Vec<u8>> {
    let status = response.status().as_u16();
    let content_type = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let content_type = content_type.to_owned();
    let body = Limited::new(response.into_body(), LONGEST).collect().await.ok()?.to_bytes().into();
    InsideReply { status, content_type, body }.to_bytes(least)
}
