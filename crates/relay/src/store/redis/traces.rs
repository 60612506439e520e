//! What a server brings back that the relay does not keep: times, keys, and who asks.

use redis::cmd;

use super::answer::text;
use super::check::setting;
use super::health::field;
use super::link::{Link, Node};
use super::open::{OpenError, refused};
use crate::log::Event;

/// What brings back what the relay does not keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trace {
    /// Times and keys of what is slow.
    SlowLog,
    /// Times in the append-only file.
    Timestamps,
    /// Times of what took long, by kind.
    LatencyMonitor,
    /// Keys, to whoever listens, as they change.
    Keyspace,
    /// Who connects, and when, in its log.
    Talkative,
    /// Every command, to somebody who asked.
    Monitored,
}

impl Trace {
    /// What the log says of it.
    #[must_use]
    pub const fn event(self) -> Event {
        match self {
            Self::SlowLog => Event::RedisSlowLog {},
            Self::Timestamps => Event::RedisTimestamps {},
            Self::LatencyMonitor => Event::RedisLatency {},
            Self::Keyspace => Event::RedisKeyspace {},
            Self::Talkative => Event::RedisTalkative {},
            Self::Monitored => Event::RedisMonitored {},
        }
    }

    /// What mends it, while the server runs; the same belongs into redis.conf.
    #[must_use]
    pub const fn mend(self) -> &'static str {
        match self {
            Self::SlowLog => "redis-cli CONFIG SET slowlog-log-slower-than -1; redis-cli SLOWLOG RESET",
            Self::Timestamps => "redis-cli CONFIG SET aof-timestamp-enabled no; redis-cli BGREWRITEAOF",
            Self::LatencyMonitor => "redis-cli CONFIG SET latency-monitor-threshold 0; redis-cli LATENCY RESET",
            Self::Keyspace => "redis-cli CONFIG SET notify-keyspace-events \"\"",
            Self::Talkative => "redis-cli CONFIG SET loglevel notice",
            Self::Monitored => {
                "redis-cli CLIENT LIST shows who (flags=O); redis-cli ACL SETUSER NAME -monitor; redis-cli CONFIG RESETSTAT"
            }
        }
    }
}

/// All that a server brings back.
pub(super) async fn traces(link: &Link, node: &Node) -> Result<Vec<Trace>, OpenError> {
    let mut found = Vec::new();
    for (name, is_as_it_should_be, trace) in SETTINGS {
        if !is_as_it_should_be(&setting(link, node, name).await?) {
            found.push(*trace);
        }
    }
    let commands = link.ask_node(node, cmd("INFO").arg("commandstats")).await.map_err(refused("INFO"))?;
    let is_monitored = field(&text(commands).map_err(refused("INFO"))?, "cmdstat_monitor").is_some();
    found.extend(is_monitored.then_some(Trace::Monitored));
    Ok(found)
}

/// A setting, whether its value is as it should be, and what it brings back otherwise.
type Setting = (&'static str, fn(&str) -> bool, Trace);

const SETTINGS: &[Setting] = &[
    ("slowlog-log-slower-than", |value| value == "-1", Trace::SlowLog),
    ("aof-timestamp-enabled", |value| value != "yes", Trace::Timestamps),
    ("latency-monitor-threshold", |value| value == "0", Trace::LatencyMonitor),
    ("notify-keyspace-events", str::is_empty, Trace::Keyspace),
    ("loglevel", |value| !matches!(value, "debug" | "verbose"), Trace::Talkative),
];
