//! Every key of the file, and what is expected of its value.

/// A key, by its path from the file's top.
pub(super) struct Key {
    pub(super) path: &'static str,
    pub(super) expected: &'static str,
}

impl Key {
    /// Whether it is a table of keys rather than one value.
    pub(super) fn is_section(&self) -> bool {
        self.expected.starts_with("a table")
    }
}

/// What is expected at `path`.
pub(super) fn expected(path: &str) -> &'static str {
    KEYS.iter().find(|key| key.path == path).map_or("an option of this file", |key| key.expected)
}

macro_rules! keys {
    ($($path:literal: $expected:expr,)*) => {
        pub(super) const KEYS: &[Key] = &[$(Key { path: $path, expected: $expected },)*];
    };
}

const MEMORY: &str = "a size from 2 MiB to 1 TiB, such as \"64 MiB\"";
const COUNT: &str = "a whole number of 1 or more";
const SECONDS: &str = "a duration from 1 second to 1 hour, such as \"30s\" or \"5m\"";

keys! {
    "listen": "an address and a port, such as \"0.0.0.0:8443\"",
    "admin": "an address and a port, such as \"127.0.0.1:8444\", or \"off\"",
    "data": "the path of a directory",
    "operator_key": "the path of the file that `sealpost-relay init` wrote",
    "relay": "a table: [relay]",
    "relay.host": "the name and port by which clients reach the relay, such as \"relay.example.org:8443\"",
    "relay.name": "1 to 64 printable characters",
    "relay.region": "1 to 64 printable characters, such as \"eu-de\"",
    "relay.source": "a URL of at most 256 printable characters, or \"\"",
    "tls": "a table: [tls]",
    "tls.mode": "\"own\", \"files\", or, for a listener on loopback alone, \"off\"",
    "tls.certificate": "the path of a PEM file",
    "tls.key": "the path of a PEM file",
    "tls.web_pki": "true or false; true only with mode \"files\"",
    "retention": "a table: [retention]",
    "retention.envelopes": "a duration from 1 hour to 365 days, such as \"14d\"",
    "retention.lease": "a duration from 1 to 3650 days, and no shorter than that of envelopes",
    "limits": "a table: [limits]",
    "limits.mailbox_envelopes": COUNT,
    "limits.mailbox_bytes": "a size of 64 KiB or more, such as \"64 MiB\"",
    "limits.deposits_per_minute": COUNT,
    "limits.takes_per_hour": COUNT,
    "limits.shelf_items": "a whole number from 1 to 100",
    "limits.body": "a size from 448 KiB, which a full shelf takes, to 16 MiB",
    "store": "a table: [store]",
    "store.in_flight": MEMORY,
    "store.undelivered": MEMORY,
    "store.index": MEMORY,
    "store.cache": MEMORY,
    "store.disk_reserve": "a size, such as \"256 MiB\"",
    "connections": "a table: [connections]",
    "connections.max": COUNT,
    "connections.subscriptions": "a whole number from 1 to 65536",
    "connections.streams": "a whole number from 1 to 1000",
    "connections.requests": COUNT,
    "connections.replies": MEMORY,
    "connections.head": "a size from 8 KiB to 64 KiB",
    "connections.handshake_timeout": SECONDS,
    "connections.idle_timeout": SECONDS,
    "connections.request_timeout": SECONDS,
    "connections.write_timeout": SECONDS,
    "connections.ping_interval": SECONDS,
    "connections.drain_timeout": SECONDS,
    "log": "a table: [log]",
    "log.format": "\"text\" or \"json\"",
    "log.level": "\"off\", \"error\", \"warn\", \"info\" or \"trace\"",
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn paths(value: &toml::Value, prefix: &str, found: &mut Vec<String>) {
        for (name, value) in value.as_table().into_iter().flatten() {
            let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
            paths(value, &path, found);
            found.push(path);
        }
    }

    #[test]
    fn the_keys_are_those_of_the_struct() {
        let mut found = Vec::new();
        paths(&toml::Value::try_from(Config::default()).unwrap(), "", &mut found);
        let mut listed: Vec<_> = KEYS.iter().map(|key| key.path.to_owned()).collect();
        found.sort();
        listed.sort();
        assert_eq!(found, listed);
    }
}
