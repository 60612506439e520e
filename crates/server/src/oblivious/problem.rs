//! Problems (RFC 9457) that are told outside of any seal, since there is nothing to seal them with.

use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use sealpost_wire::oblivious::{KEY_PROBLEM, PROBLEM_TYPE};
use serde_json::json;

use crate::metrics::Answer;

/// A request cannot be opened (RFC 9458, section 5.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyProblem {
    /// It names no key that there is.
    Unknown,
    /// The key that it names does not open it.
    Unopened,
}

impl KeyProblem {
    const fn title(self) -> &'static str {
        match self {
            Self::Unknown => "key identifier unknown",
            Self::Unopened => "the key does not open the request",
        }
    }
}

impl IntoResponse for KeyProblem {
    fn into_response(self) -> Response {
        let body = json!({ "type": KEY_PROBLEM, "title": self.title(), "status": 400 }).to_string();
        let content_type = [(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_TYPE))];
        let mut response = (StatusCode::BAD_REQUEST, content_type, body).into_response();
        response.extensions_mut().insert(Answer::OtherKey);
        response
    }
}
