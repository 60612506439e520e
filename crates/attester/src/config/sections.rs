//! The tables that an attester has besides [those of every server](sealpost_server::config).

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::text;
use crate::gateway::{Template, WebhookUrl};

/// What sends SMS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GatewayKind {
    /// Nothing does: messages are written to a file.
    File,
    /// What a URL belongs to.
    Webhook,
}

/// What sends SMS, and what is in them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Gateway {
    /// What.
    pub kind: GatewayKind,
    /// Of a file: where it is.
    pub file: PathBuf,
    /// Of a webhook: where it is.
    #[serde(with = "text::or_empty")]
    pub url: Option<WebhookUrl>,
    /// Of a webhook: the file of the secret that messages are signed with.
    pub secret: PathBuf,
    /// Of a webhook: how long it may take.
    #[serde(with = "humantime_serde")]
    pub timeout: Duration,
    /// What is sent, with `{code}` where the code is to be.
    #[serde(with = "text")]
    pub text: Template,
}

impl Default for Gateway {
    fn default() -> Self {
        Self {
            kind: GatewayKind::File,
            file: "sms.jsonl".into(),
            url: None,
            secret: "gateway.key".into(),
            timeout: Duration::from_secs(10),
            text: Template::default(),
        }
    }
}

/// How much is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Codes in any minute, of all numbers together.
    pub codes_per_minute: u32,
    /// Codes in a day, of all numbers together.
    pub codes_per_day: u32,
    /// Numbers that are hashed at once.
    pub hashers: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { codes_per_minute: 30, codes_per_day: 2_000, hashers: 1 }
    }
}
