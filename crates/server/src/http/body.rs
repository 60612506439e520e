//! What a request must be before its handler sees it: on its connection's side, CBOR, not too long, exact.

use std::marker::PhantomData;
use std::sync::Arc;

use axum::body::{Body, HttpBody};
use axum::extract::{FromRequest, FromRequestParts};
use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use sealpost_wire::codec::DecodeError;
use sealpost_wire::from_bytes;
use sealpost_wire::request::{Refusal, Request};

use super::reply::Refusing;
use crate::server::Connection;

/// The media type of every body but the manifest's.
pub(crate) const CBOR: &str = "application/cbor";

/// A request that was read from a body, on a connection of its side.
pub struct Cbor<R>(pub R);

impl<R: Request, S: Sync> FromRequest<S> for Cbor<R> {
    type Rejection = Refusing;

    async fn from_request(request: axum::extract::Request, state: &S) -> Result<Self, Refusing> {
        let (mut parts, body) = request.into_parts();
        let On(connection, _) = On::<R>::from_request_parts(&mut parts, state).await?;
        if !is_cbor(&parts.headers) {
            return Err(Refusing::for_good(Refusal::Malformed));
        }
        let bytes = read(body, connection.longest_body()).await?;
        from_bytes(&bytes).map(Self).map_err(|error| Refusing::for_good(refusal(error)))
    }
}

/// The connection of a request, once it is on `R`'s side.
pub struct On<R>(pub Arc<Connection>, PhantomData<R>);

impl<R: Request, S: Sync> FromRequestParts<S> for On<R> {
    type Rejection = Refusing;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusing> {
        let connection = parts.extensions.get::<Arc<Connection>>().cloned();
        let connection = connection.ok_or(Refusing::for_now(1))?;
        connection.on(R::SIDE).map_err(|_| Refusing::for_good(Refusal::WrongSide))?;
        Ok(Self(connection, PhantomData))
    }
}

fn is_cbor(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_some_and(|value| value.as_bytes() == CBOR.as_bytes())
}

/// Reads a body of at most `limit` bytes; one that says it is longer is not read at all.
///
/// # Errors
/// *too large*, or *malformed* when it breaks off.
pub async fn read(body: Body, limit: usize) -> Result<Bytes, Refusing> {
    let said = body.size_hint().lower();
    if said > limit as u64 {
        return Err(Refusing::for_good(Refusal::TooLarge));
    }
    let collected = Limited::new(body, limit).collect().await;
    collected.map(http_body_util::Collected::to_bytes).map_err(|error| {
        let too_long = error.is::<LengthLimitError>();
        Refusing::for_good(if too_long { Refusal::TooLarge } else { Refusal::Malformed })
    })
}

const fn refusal(error: DecodeError) -> Refusal {
    match error {
        DecodeError::Version(_) => Refusal::Version,
        DecodeError::Truncated | DecodeError::Malformed | DecodeError::TrailingBytes | DecodeError::NotExact => {
            Refusal::Malformed
        }
    }
}
