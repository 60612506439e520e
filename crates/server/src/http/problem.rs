//! Problems (RFC 9457): what is answered around a seal, where there is nothing to seal a refusal with.

use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use sealpost_wire::oblivious::{KEY_PROBLEM, PROBLEM_TYPE};
use serde_json::json;

use crate::metrics::Answer;

/// Why a sealed request is not answered with a sealed answer. Each has one text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// It names no key that there is (RFC 9458, section 5.3).
    KeyUnknown,
    /// The key that it names does not open it (RFC 9458, section 5.3).
    KeyUnfit,
    /// The gateway is not there, or is not the one that was meant.
    GatewayUnreachable,
    /// What the gateway answered is no answer to a sealed request.
    GatewayUnintelligible,
    /// The gateway did not answer in time.
    GatewaySlow,
}

impl Problem {
    const fn status(self) -> StatusCode {
        match self {
            Self::KeyUnknown | Self::KeyUnfit => StatusCode::BAD_REQUEST,
            Self::GatewayUnreachable | Self::GatewayUnintelligible => StatusCode::BAD_GATEWAY,
            Self::GatewaySlow => StatusCode::GATEWAY_TIMEOUT,
        }
    }

    const fn kind(self) -> &'static str {
        match self {
            Self::KeyUnknown | Self::KeyUnfit => KEY_PROBLEM,
            Self::GatewayUnreachable | Self::GatewayUnintelligible | Self::GatewaySlow => "about:blank",
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::KeyUnknown => "key identifier unknown",
            Self::KeyUnfit => "the key does not open the request",
            Self::GatewayUnreachable => "the gateway cannot be reached",
            Self::GatewayUnintelligible => "the gateway's answer is none",
            Self::GatewaySlow => "the gateway did not answer in time",
        }
    }

    const fn answer(self) -> Answer {
        match self {
            Self::KeyUnknown | Self::KeyUnfit => Answer::OtherKey,
            Self::GatewayUnreachable | Self::GatewayUnintelligible | Self::GatewaySlow => Answer::Unreachable,
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.status();
        let body = json!({ "type": self.kind(), "title": self.title(), "status": status.as_u16() }).to_string();
        let content_type = [(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_TYPE))];
        let mut response = (status, content_type, body).into_response();
        response.extensions_mut().insert(self.answer());
        response
    }
}
