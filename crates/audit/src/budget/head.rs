//! The heads of requests, as relay.md allows them: a method and a path, and no field that is not needed.

use data_encoding::BASE64;
use sealpost_wire::frame::{COLLECT_SOCKET, DEPOSIT_SOCKET};
use sealpost_wire::{manifest, oblivious};

use super::{LeakBudget, is_bucket};
use crate::http::Request;
use crate::oblivious::{at_proxy, takes_sealed};

/// What a request is by its head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// It posts a body.
    Post,
    /// It posts a request that is sealed for a gateway.
    Sealed,
    /// It reads something that is the same for everyone.
    Read,
    /// It opens a WebSocket.
    Socket,
}

/// What the request's method and path are for; nothing if that is nothing.
pub(super) fn purpose(budget: &LeakBudget, request: &Request) -> Option<Purpose> {
    let path = std::str::from_utf8(&request.path).ok()?;
    match &*request.method {
        "POST" if budget.is_relays() && takes_sealed(&request.path) => {
            at_proxy(&request.path).is_none_or(is_host).then_some(Purpose::Sealed)
        }
        "POST" => budget.request_at(path).map(|_| Purpose::Post),
        "GET" if path == manifest::PATH => Some(Purpose::Read),
        "GET" if !budget.is_relays() => None,
        "GET" if path == COLLECT_SOCKET || path == DEPOSIT_SOCKET => Some(Purpose::Socket),
        "GET" if is_bucket(path) || path == oblivious::KEYS_PATH => Some(Purpose::Read),
        "GET" if at_proxy(&request.path).is_some_and(is_host) => Some(Purpose::Read),
        _ => None,
    }
}

/// The names of fields that are not allowed there, stand there twice, or have another value than theirs.
pub(super) fn undeclared_fields(request: &Request, purpose: Purpose) -> Vec<&str> {
    let names = request.fields.iter().map(|(name, _)| name.as_str());
    let mut undeclared: Vec<_> = names.filter(|name| !is_declared(request, purpose, name)).collect();
    undeclared.sort_unstable();
    undeclared.dedup();
    undeclared
}

fn is_declared(request: &Request, purpose: Purpose, name: &str) -> bool {
    // One that stands there twice has no value here.
    let Some(value) = request.field(name) else { return false };
    let is = |expected: &str| value.eq_ignore_ascii_case(expected.as_bytes());
    match (name, purpose) {
        ("host" | ":authority", _) => is_host(value),
        (":scheme", _) => is("https") || is("http"),
        ("content-type", Purpose::Post) => is("application/cbor"),
        ("content-type", Purpose::Sealed) => is(oblivious::REQUEST_TYPE),
        ("content-length", Purpose::Post | Purpose::Sealed) => {
            value == request.body.len().to_string().as_bytes() || !request.whole
        }
        ("connection", Purpose::Socket) => is("upgrade"),
        ("upgrade", Purpose::Socket) => is("websocket"),
        ("sec-websocket-version", Purpose::Socket) => is("13"),
        ("sec-websocket-key", Purpose::Socket) => BASE64.decode(value).is_ok_and(|key| key.len() == 16),
        _ => false,
    }
}

/// A name or address, perhaps with a port.
fn is_host(value: &[u8]) -> bool {
    value.len() <= 270 && value.iter().all(|byte| byte.is_ascii_alphanumeric() || b".-_:[]".contains(byte))
}
