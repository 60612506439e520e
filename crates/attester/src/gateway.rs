//! What sends SMS.
//!
//! The attester knows no provider of SMS: it posts to a [`Webhook`], of whatever adapts it to one. A [`FileGateway`] is for
//! trying things out.

mod file;
mod message;
mod template;
mod url;
mod webhook;

use std::io;

use futures_util::future::BoxFuture;
use sealpost_identity::PhoneNumber;
use thiserror::Error;

pub use file::FileGateway;
pub use template::{Template, TemplateError};
pub use url::{UrlError, WebhookUrl};
pub use webhook::{SIGNATURE, Secret, SecretTooShort, TIMESTAMP, Webhook};

/// Sends texts to numbers.
///
/// 1. What it is given is nowhere once it has ended: not in a log, not in an error.
/// 2. It sends a text once at most, and tries nothing again.
/// 3. It ends, in a time that is bounded.
pub trait SmsGateway: Send + Sync {
    /// Sends `text` to `to`.
    ///
    /// # Errors
    /// [`GatewayError`].
    fn send<'a>(&'a self, to: &'a PhoneNumber, text: &'a str) -> BoxFuture<'a, Result<(), GatewayError>>;
}

/// Why a text was not sent, as far as one can tell. It says nothing of the text, nor to whom it was.
#[derive(Debug, Error)]
pub enum GatewayError {
    /// There is no connection to it. Nothing was sent.
    #[error("the SMS gateway cannot be reached")]
    Unreachable,
    /// It answered that it did not send, by another status than 2xx.
    #[error("the SMS gateway answered with status {0}")]
    Refused(u16),
    /// It did not answer in time, and may have sent.
    #[error("the SMS gateway did not answer in time")]
    Silent,
    /// It broke off or does not speak HTTP, and may have sent.
    #[error("the SMS gateway did not answer in HTTP")]
    Broken,
    /// The file cannot be written.
    #[error("the file of the SMS gateway cannot be written")]
    File(#[source] io::Error),
}

impl GatewayError {
    /// Whether the text was certainly not sent.
    #[must_use]
    pub const fn is_unsent(&self) -> bool {
        match self {
            Self::Unreachable | Self::Refused(_) | Self::File(_) => true,
            Self::Silent | Self::Broken => false,
        }
    }
}
