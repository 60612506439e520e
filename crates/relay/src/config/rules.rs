//! What no type can say of the values.

use std::ops::RangeInclusive;
use std::time::Duration;

use bytesize::ByteSize;
use sealpost_wire::request::MAX_ITEMS;

use super::{Admin, Config, Connections, Limits, Public, Store, TlsMode};

/// A key whose value is refused, and why.
pub(super) type Broken = (&'static str, String);

const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(24 * 3_600);
/// What a part of the program may be given; no reply is longer than the least of it.
const MEMORY: RangeInclusive<ByteSize> = ByteSize::mib(2)..=ByteSize::tib(1);
/// What a request takes that fills a shelf, at least.
const LEAST_BODY: ByteSize = ByteSize::kib(448);
const MOST_BODY: ByteSize = ByteSize::mib(16);
/// What the largest envelope takes, as stored.
const LEAST_MAILBOX: ByteSize = ByteSize::kib(64);

/// Every rule that `config` breaks.
pub(super) fn broken(config: &Config) -> Vec<Broken> {
    let mut rules = Rules(Vec::new());
    rules.listeners(config);
    rules.public(&config.relay);
    rules.tls(config);
    rules.retention(config);
    rules.limits(&config.limits);
    rules.store(&config.store);
    rules.connections(&config.connections);
    rules.0
}

struct Rules(Vec<Broken>);

impl Rules {
    fn require(&mut self, holds: bool, key: &'static str, why: impl Into<String>) {
        if !holds {
            self.0.push((key, why.into()));
        }
    }

    fn within<T: PartialOrd>(&mut self, value: T, range: RangeInclusive<T>, key: &'static str) {
        let why = if value < *range.start() { "too little" } else { "too much" };
        self.require(range.contains(&value), key, why);
    }

    fn listeners(&mut self, config: &Config) {
        let same = matches!(config.admin, Admin::On(admin) if admin == config.listen && admin.port() != 0);
        self.require(!same, "admin", "the admin listener has the address of the relay itself");
        let loopback = config.listen.ip().is_loopback();
        self.require(
            config.tls.mode != TlsMode::Off || loopback,
            "tls.mode",
            "TLS is off, but not only loopback listens",
        );
    }

    fn public(&mut self, relay: &Public) {
        let printable = |text: &str| !text.chars().any(char::is_control);
        let named = |text: &str| (1..=64).contains(&text.chars().count()) && printable(text);
        self.require(named(&relay.name), "relay.name", "not a name to show to people");
        self.require(named(&relay.region), "relay.region", "not a region to show to people");
        self.require(relay.source.len() <= 256 && printable(&relay.source), "relay.source", "not a URL");
    }

    fn tls(&mut self, config: &Config) {
        let checkable = !config.tls.web_pki || config.tls.mode == TlsMode::Files;
        self.require(checkable, "tls.web_pki", "clients cannot check a certificate that the relay made itself");
    }

    fn retention(&mut self, config: &Config) {
        let kept = &config.retention;
        self.within(kept.envelopes, HOUR..=365 * DAY, "retention.envelopes");
        self.within(kept.lease, DAY..=3_650 * DAY, "retention.lease");
        self.require(kept.lease >= kept.envelopes, "retention.lease", "a mailbox would lapse before what lies in it");
    }

    fn limits(&mut self, limits: &Limits) {
        self.within(limits.mailbox_envelopes, 1..=u32::MAX, "limits.mailbox_envelopes");
        self.within(limits.mailbox_bytes, LEAST_MAILBOX..=ByteSize(u64::MAX), "limits.mailbox_bytes");
        self.within(limits.deposits_per_minute, 1..=u32::MAX, "limits.deposits_per_minute");
        self.within(limits.takes_per_hour, 1..=u32::MAX, "limits.takes_per_hour");
        self.within(limits.shelf_items as usize, 1..=MAX_ITEMS, "limits.shelf_items");
        self.within(limits.body, LEAST_BODY..=MOST_BODY, "limits.body");
    }

    fn store(&mut self, store: &Store) {
        self.within(store.in_flight, MEMORY, "store.in_flight");
        self.within(store.undelivered, MEMORY, "store.undelivered");
        self.within(store.index, MEMORY, "store.index");
        self.within(store.cache, MEMORY, "store.cache");
    }

    fn connections(&mut self, connections: &Connections) {
        self.within(connections.max, 1..=usize::MAX >> 4, "connections.max");
        self.within(connections.subscriptions, 1..=65_536, "connections.subscriptions");
        self.within(connections.streams, 1..=1_000, "connections.streams");
        self.within(connections.requests, 1..=usize::MAX >> 4, "connections.requests");
        self.within(connections.replies, MEMORY, "connections.replies");
        self.within(connections.head, ByteSize::kib(8)..=ByteSize::kib(64), "connections.head");
        for (timeout, key) in timeouts(connections) {
            self.within(timeout, Duration::from_secs(1)..=HOUR, key);
        }
    }
}

fn timeouts(connections: &Connections) -> [(Duration, &'static str); 6] {
    [
        (connections.handshake_timeout, "connections.handshake_timeout"),
        (connections.idle_timeout, "connections.idle_timeout"),
        (connections.request_timeout, "connections.request_timeout"),
        (connections.write_timeout, "connections.write_timeout"),
        (connections.ping_interval, "connections.ping_interval"),
        (connections.drain_timeout, "connections.drain_timeout"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken_keys(change: impl FnOnce(&mut Config)) -> Vec<&'static str> {
        let mut config = Config::default();
        change(&mut config);
        broken(&config).into_iter().map(|(key, _)| key).collect()
    }

    #[test]
    fn the_default_breaks_no_rule() {
        assert!(broken(&Config::default()).is_empty());
    }

    #[test]
    fn tls_is_off_on_loopback_alone() {
        let off = |listen: &str| {
            broken_keys(|config| (config.tls.mode, config.listen) = (TlsMode::Off, listen.parse().unwrap()))
        };
        assert!(off("127.0.0.1:1").is_empty());
        assert!(off("[::1]:1").is_empty());
        assert_eq!(off("0.0.0.0:1"), ["tls.mode"]);
        assert_eq!(off("192.168.1.1:1"), ["tls.mode"]);
    }

    #[test]
    fn values_out_of_range_are_refused() {
        assert_eq!(broken_keys(|config| config.limits.body = ByteSize::kib(447)), ["limits.body"]);
        assert_eq!(broken_keys(|config| config.limits.shelf_items = 101), ["limits.shelf_items"]);
        assert_eq!(broken_keys(|config| config.connections.max = 0), ["connections.max"]);
        assert_eq!(
            broken_keys(|config| config.connections.idle_timeout = Duration::ZERO),
            ["connections.idle_timeout"]
        );
        assert_eq!(broken_keys(|config| config.relay.name = "a\nb".into()), ["relay.name"]);
        assert_eq!(broken_keys(|config| config.tls.web_pki = true), ["tls.web_pki"]);
    }

    #[test]
    fn a_lease_is_no_shorter_than_what_it_keeps() {
        let short = |config: &mut Config| (config.retention.envelopes, config.retention.lease) = (2 * DAY, DAY);
        assert_eq!(broken_keys(short), ["retention.lease"]);
    }

    #[test]
    fn the_least_body_holds_a_full_shelf() {
        let full_shelf = (MAX_ITEMS + 1) * (sealpost_wire::SealedItem::LENGTH + 3) + 128;
        assert!(LEAST_BODY.as_u64() >= full_shelf as u64);
    }
}
