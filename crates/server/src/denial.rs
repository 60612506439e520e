//! Why a request was not carried out.

use sealpost_wire::request::Refusal;

/// Why a request was not carried out: what a `Refused` body says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Denial {
    /// The reason, as the wire knows it.
    pub reason: Refusal,
    /// With [`Refusal::TryLater`]: seconds to wait at least.
    pub retry_after: Option<u16>,
}

impl Denial {
    /// A refusal for good.
    #[must_use]
    pub const fn of(reason: Refusal) -> Self {
        Self { reason, retry_after: None }
    }

    /// A refusal for `seconds`.
    #[must_use]
    pub const fn try_later(seconds: u16) -> Self {
        Self { reason: Refusal::TryLater, retry_after: Some(seconds) }
    }
}
