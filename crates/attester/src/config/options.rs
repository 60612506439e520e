//! Every option of the file, and what is expected of its value.

use sealpost_server::config::expected::{self, COUNT};
use sealpost_server::config::{Key, Section};

pub(super) const SECTIONS: &[Section] = &[
    Section::top(expected::TOP),
    Section::top(&[Key::new("directory", "the reference that the relay's `init` printed, \"sealpost-relay:…\"")]),
    Section::new("attester", expected::PUBLIC),
    Section::new("tls", expected::TLS),
    Section::new("tls.acme", expected::ACME),
    Section::new("gateway", GATEWAY),
    Section::new("limits", LIMITS),
    Section::new("connections", expected::CONNECTIONS),
    Section::new("sandbox", expected::SANDBOX),
    Section::new("log", expected::LOG),
];

const GATEWAY: &[Key] = &[
    Key::new("kind", "\"webhook\", or, for trying out, \"file\""),
    Key::new("file", "the path of a file"),
    Key::new("url", "an https URL, or an http one on loopback, such as \"https://sms.example.org/send\""),
    Key::new("secret", "the path of a file with a line of 32 characters or more"),
    Key::new("timeout", "a duration of 1 second or more, and shorter than connections.request_timeout"),
    Key::new("text", "up to 160 characters with {code} in them once"),
];

const LIMITS: &[Key] = &[
    Key::new("codes_per_minute", COUNT),
    Key::new("codes_per_day", "a whole number from 1 to 10000000"),
    Key::new("hashers", "a whole number from 1 to 64"),
];
