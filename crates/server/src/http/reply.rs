//! Replies and refusals as HTTP answers.

use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, StatusCode};
use sealpost_wire::codec::V1;
use sealpost_wire::request::{Refusal, Refused, Request};
use sealpost_wire::to_bytes;

use super::CROWDED;
use super::body::CBOR;
use super::parcel::{Budget, NoRoom};
use crate::Denial;
use crate::metrics::Answer;

/// What answers an `R`.
pub struct Reply<R: Request>(Result<R::Reply, Denial>);

impl<R: Request> From<Result<R::Reply, Denial>> for Reply<R> {
    fn from(result: Result<R::Reply, Denial>) -> Self {
        Self(result)
    }
}

impl<R: Request> Reply<R> {
    /// The same for a reply that may be long; *try later* when the budget has no room for it.
    pub fn within(self, budget: &Budget) -> Response {
        match self.0.map(|reply| budget.body(to_bytes(&reply))) {
            Ok(Ok(body)) => (cbor(), body).into_response(),
            Ok(Err(NoRoom)) => Refusing::for_now(CROWDED).into_response(),
            Err(denial) => Refusing(denial).into_response(),
        }
    }
}

impl<R: Request> IntoResponse for Reply<R> {
    fn into_response(self) -> Response {
        match self.0 {
            Ok(reply) => (cbor(), to_bytes(&reply)).into_response(),
            Err(denial) => Refusing(denial).into_response(),
        }
    }
}

/// Any answer but 200.
pub struct Refusing(Denial);

impl Refusing {
    /// There is no use in trying again.
    #[must_use]
    pub const fn for_good(reason: Refusal) -> Self {
        Self(Denial::of(reason))
    }

    /// After `seconds` it may go better.
    #[must_use]
    pub const fn for_now(seconds: u16) -> Self {
        Self(Denial::try_later(seconds))
    }
}

impl From<Denial> for Refusing {
    fn from(denial: Denial) -> Self {
        Self(denial)
    }
}

impl IntoResponse for Refusing {
    fn into_response(self) -> Response {
        let Denial { reason, retry_after } = self.0;
        let body = to_bytes(&Refused { version: V1, reason, retry_after });
        let mut response = (status(self.0), cbor(), body).into_response();
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        response.extensions_mut().insert(Answer::from(reason));
        response
    }
}

const fn cbor() -> [(http::HeaderName, HeaderValue); 1] {
    [(CONTENT_TYPE, HeaderValue::from_static(CBOR))]
}

/// A limit of the moment is *too many requests*; one that waiting does not lift, *unprocessable*.
const fn status(denial: Denial) -> StatusCode {
    match denial.reason {
        Refusal::Malformed | Refusal::Version => StatusCode::BAD_REQUEST,
        Refusal::Denied | Refusal::NotAttested | Refusal::TicketSpent => StatusCode::FORBIDDEN,
        Refusal::WrongSide => StatusCode::CONFLICT,
        Refusal::TicketNeeded | Refusal::VoucherNeeded => StatusCode::PAYMENT_REQUIRED,
        Refusal::Limit if denial.retry_after.is_some() => StatusCode::TOO_MANY_REQUESTS,
        Refusal::Limit => StatusCode::UNPROCESSABLE_ENTITY,
        Refusal::Gone | Refusal::OtherBits | Refusal::OtherKeys => StatusCode::GONE,
        Refusal::TryLater => StatusCode::SERVICE_UNAVAILABLE,
        Refusal::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Refusal::NoSuchRequest | Refusal::NoEpoch => StatusCode::NOT_FOUND,
    }
}
