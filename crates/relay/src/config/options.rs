//! Every option of the file, and what is expected of its value.

use sealpost_server::config::expected::{self, COUNT, MEMORY};
use sealpost_server::config::{Key, Section};

pub(super) const SECTIONS: &[Section] = &[
    Section::top(expected::TOP),
    Section::top(&[
        Key::new("role", "\"relay\", \"key-service\" or \"ohttp-proxy\""),
        Key::new("data", "the path of a directory"),
    ]),
    Section::new("relay", expected::PUBLIC),
    Section::new("tls", expected::TLS),
    Section::new("tls.acme", expected::ACME),
    Section::new("retention", RETENTION),
    Section::new("limits", LIMITS),
    Section::new("store", STORE),
    Section::new("redis", REDIS),
    Section::new("connections", expected::CONNECTIONS),
    Section::new("directory", DIRECTORY),
    Section::new("key_service", KEY_SERVICE),
    Section::new("tickets", TICKETS),
    Section::new("oblivious", expected::OBLIVIOUS),
    Section::new("ohttp_proxy", OHTTP_PROXY),
    Section::new("sandbox", expected::SANDBOX),
    Section::new("log", expected::LOG),
];

const RETENTION: &[Key] = &[
    Key::new("envelopes", "a duration from 1 hour to 365 days, such as \"14d\""),
    Key::new("lease", "a duration from 1 to 3650 days, and no shorter than that of envelopes"),
];

const LIMITS: &[Key] = &[
    Key::new("mailbox_envelopes", COUNT),
    Key::new("mailbox_bytes", "a size of 64 KiB or more, such as \"64 MiB\""),
    Key::new("deposits_per_minute", COUNT),
    Key::new("takes_per_hour", COUNT),
    Key::new("shelf_items", "a whole number from 1 to 100"),
    Key::new("subscriptions", "a whole number from 1 to 65536"),
    Key::new("body", "a size from 448 KiB, which a full shelf takes, to 16 MiB"),
];

const REDIS: &[Key] = &[
    Key::new("urls", "a list of servers, each \"redis://HOST:PORT\", or all of them \"rediss://HOST:PORT\""),
    Key::new("user", "the name of a user, who has a password, or \"\""),
    Key::new("password", "the path of a file that only its owner may read, or \"\""),
    Key::new("ca", "the path of a PEM file, where urls begin with rediss://, or \"\""),
    Key::new("namespace", "1 to 32 small letters, digits and hyphens"),
    Key::new("durability", "\"disk\", \"replicas\" or \"second\""),
    Key::new("replicas", "a whole number from 1 to 16"),
];

const STORE: &[Key] = &[
    Key::new("backend", "\"embedded\" or \"redis\""),
    Key::new("in_flight", MEMORY),
    Key::new("undelivered", MEMORY),
    Key::new("index", MEMORY),
    Key::new("cache", MEMORY),
    Key::new("disk_reserve", "a size, such as \"256 MiB\""),
];

const DIRECTORY: &[Key] = &[
    Key::new("enabled", "true or false"),
    Key::new("key_services", "a list of up to two references, of key services of two operators, or []"),
    Key::new("attester", "the reference that the attester's `init` printed, \"sealpost-relay:…\", or \"\""),
    Key::new("hash_memory", "a size of whole MiB, from 19 MiB to 256 MiB, and from 38 to 768 MiB times passes"),
    Key::new("hash_passes", "a whole number from 1 to 10"),
    Key::new("publishes_per_minute", COUNT),
];

const KEY_SERVICE: &[Key] = &[
    Key::new("keys", "the path of a directory, another one than that of `data`"),
    Key::new("attester", "the reference that another server's `init` printed, \"sealpost-relay:…\", or \"\""),
    Key::new("batches_per_minute", COUNT),
    Key::new("vouchers_per_epoch", COUNT),
];

const TICKETS: &[Key] = &[
    Key::new("policy", "\"off\", \"open\", \"invite\" or \"attestation\""),
    Key::new("keys", "the path of a directory in which nothing else lies"),
    Key::new("issues_per_minute", COUNT),
    Key::new("mailboxes", TICKET_COUNT),
    Key::new("shelves", TICKET_COUNT),
    Key::new("entries", TICKET_COUNT),
    Key::new("batches", "a whole number from 8 to 64"),
    Key::new("front_doors", "a whole number from 1 to 64"),
    Key::new("strangers_per_hour", COUNT),
];

const TICKET_COUNT: &str = "a whole number from 8 to 512";

const OHTTP_PROXY: &[Key] = &[
    Key::new(
        "gateways",
        "up to 256 references that servers of others have, each \"sealpost-relay:…\", none with this server's own key",
    ),
    Key::new("connections", "a whole number from 1 to 256"),
    Key::new("waiting", COUNT),
    Key::new("timeout", "a duration of 1 second or more, and less than connections.request_timeout"),
    Key::new("workers", "a whole number from 1 to 64"),
];
