//! What no type can say of the values.

use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::time::Duration;

use bytesize::ByteSize;

use super::{Admin, Connections, Public, Serving, TlsMode};

/// An option whose value is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// Its path.
    pub key: String,
    /// Why it is refused.
    pub why: String,
}

const HOUR: Duration = Duration::from_secs(3_600);
/// What a part of the program may be given; no reply is longer than the least of it.
const MEMORY: RangeInclusive<ByteSize> = ByteSize::mib(2)..=ByteSize::tib(1);

/// The rules that a configuration breaks, as they are found.
#[derive(Debug, Default)]
pub struct Rules(Vec<Broken>);

impl Rules {
    /// Requires something of the option `key`, by its path.
    pub fn require(&mut self, holds: bool, key: impl Into<String>, why: impl Into<String>) {
        if !holds {
            self.0.push(Broken { key: key.into(), why: why.into() });
        }
    }

    /// Requires that the option `key` lies in `range`.
    pub fn within<T: PartialOrd>(&mut self, value: T, range: RangeInclusive<T>, key: impl Into<String>) {
        let why = if value < *range.start() { "too little" } else { "too much" };
        self.require(range.contains(&value), key, why);
    }

    /// Requires that the option `key` is an amount of memory that a part of the program can work with.
    pub fn memory(&mut self, value: ByteSize, key: impl Into<String>) {
        self.within(value, MEMORY, key);
    }

    /// All that were broken.
    pub(super) fn broken(self) -> Vec<Broken> {
        self.0
    }

    /// What is required of every server.
    pub(super) fn serving(&mut self, serving: &Serving<'_>) {
        self.listeners(serving);
        self.public(serving.public_section, serving.public);
        self.tls(serving);
        self.connections(serving.connections);
    }

    fn listeners(&mut self, serving: &Serving<'_>) {
        let same = matches!(serving.admin, Admin::On(admin) if admin == serving.listen && admin.port() != 0);
        self.require(!same, "admin", "the admin listener has the address that clients connect to");
        let loopback = serving.listen.ip().is_loopback();
        let tls = loopback || serving.tls.mode != TlsMode::Off;
        self.require(tls, "tls.mode", "TLS is off, but not only loopback listens");
    }

    fn public(&mut self, section: &str, public: &Public) {
        let printable = |text: &str| !text.chars().any(char::is_control);
        let named = |text: &str| (1..=64).contains(&text.chars().count()) && printable(text);
        self.require(named(&public.name), format!("{section}.name"), "not a name to show to people");
        self.require(named(&public.region), format!("{section}.region"), "not a region to show to people");
        let elsewhere = public.moved_to.as_ref().is_none_or(|next| *next != public.host);
        self.require(elsewhere, format!("{section}.moved_to"), "this is where it is");
        let source = public.source.len() <= 256 && printable(&public.source);
        self.require(source, format!("{section}.source"), "not a URL");
    }

    fn tls(&mut self, serving: &Serving<'_>) {
        let checkable = !serving.tls.web_pki || matches!(serving.tls.mode, TlsMode::Files | TlsMode::Acme);
        self.require(checkable, "tls.web_pki", "clients cannot check a certificate that the server made itself");
        if serving.tls.mode == TlsMode::Acme {
            let is_name =
                serving.public.host.host().parse::<IpAddr>().is_err() && serving.public.host.host().contains('.');
            self.require(
                is_name,
                "tls.mode",
                format!("an authority certifies names, and {}.host has none", serving.public_section),
            );
            self.require(serving.tls.acme.directory.starts_with("https://"), "tls.acme.directory", "not an https URL");
        }
    }

    fn connections(&mut self, connections: &Connections) {
        self.within(connections.max, 1..=usize::MAX >> 4, "connections.max");
        self.within(connections.streams, 1..=1_000, "connections.streams");
        self.within(connections.requests, 1..=usize::MAX >> 4, "connections.requests");
        self.memory(connections.replies, "connections.replies");
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
