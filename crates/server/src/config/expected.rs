//! The options that all servers share, and what is expected of their values.

use super::Key;

/// Of an amount of memory.
pub const MEMORY: &str = "a size from 2 MiB to 1 TiB, such as \"64 MiB\"";
/// Of a number of things.
pub const COUNT: &str = "a whole number of 1 or more";
/// Of a time to wait.
pub const SECONDS: &str = "a duration from 1 second to 1 hour, such as \"30s\" or \"5m\"";

/// What stands at the top of every file.
pub const TOP: &[Key] = &[
    Key::new("listen", "an address and a port, such as \"0.0.0.0:8443\""),
    Key::new("admin", "an address and a port, such as \"127.0.0.1:8444\", or \"off\""),
    Key::new("operator_key", "the path of the file that `init` wrote"),
];

/// The options of [`Public`](super::Public).
pub const PUBLIC: &[Key] = &[
    Key::new("host", "the name and port by which clients reach the server, such as \"relay.example.org:8443\""),
    Key::new("name", "1 to 64 printable characters"),
    Key::new("region", "1 to 64 printable characters, such as \"eu-de\""),
    Key::new("source", "a URL of at most 256 printable characters, or \"\""),
    Key::new("moved_to", "the name and port by which clients reach it from now on, or \"\""),
];

/// The options of [`Tls`](super::Tls), in the section `tls`.
pub const TLS: &[Key] = &[
    Key::new("mode", "\"own\", \"files\", \"acme\", or, for a listener on loopback alone, \"off\""),
    Key::new("certificate", "the path of a PEM file"),
    Key::new("key", "the path of a PEM file"),
    Key::new("web_pki", "true or false; true only with mode \"files\" or \"acme\""),
];

/// The options of [`Acme`](super::Acme), in the section `tls.acme`.
pub const ACME: &[Key] = &[
    Key::new("directory", "an https URL"),
    Key::new("contact", "an e-mail address, or \"\""),
    Key::new("account", "the path of a file, which is made"),
    Key::new("ca", "the path of a PEM file, or \"\""),
];

/// The options of [`Connections`](super::Connections), in the section `connections`.
pub const CONNECTIONS: &[Key] = &[
    Key::new("max", COUNT),
    Key::new("streams", "a whole number from 1 to 1000"),
    Key::new("requests", COUNT),
    Key::new("replies", MEMORY),
    Key::new("head", "a size from 8 KiB to 64 KiB"),
    Key::new("handshake_timeout", SECONDS),
    Key::new("idle_timeout", SECONDS),
    Key::new("request_timeout", SECONDS),
    Key::new("write_timeout", SECONDS),
    Key::new("ping_interval", SECONDS),
    Key::new("drain_timeout", SECONDS),
];

/// The options of [`Oblivious`](super::Oblivious), in the section `oblivious`.
pub const OBLIVIOUS: &[Key] = &[
    Key::new("enabled", "true or false"),
    Key::new("keys", "the path of a directory, which is made, for nothing but these keys"),
];

/// The options of [`Sandbox`](super::Sandbox), in the section `sandbox`.
pub const SANDBOX: &[Key] = &[Key::new("enabled", "true or false")];

/// The options of [`Log`](super::Log), in the section `log`.
pub const LOG: &[Key] = &[
    Key::new("format", "\"text\" or \"json\""),
    Key::new("level", "\"off\", \"error\", \"warn\", \"info\" or \"trace\""),
];
