//! Where the store is when it is in Redis.

use std::path::PathBuf;

use sealpost_server::config::Rules;
use serde::{Deserialize, Serialize};

use crate::store::redis;

/// Where the store lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Backend {
    /// In files of the relay's own.
    Embedded,
    /// In Redis, where other relays may use it besides.
    Redis,
}

/// When something that Redis was given counts as kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Durability {
    /// When it is synced on the server's disk.
    Disk,
    /// When it is on replicas.
    Replicas,
    /// When the server has it, which will write it within about a second.
    Second,
}

/// Where the store is when it is in Redis, and how it is reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Redis {
    /// The server, or some of a cluster.
    pub urls: Vec<String>,
    /// Whom the servers know the relay as; empty for their default user.
    pub user: String,
    /// The file of the password; empty for none.
    pub password: PathBuf,
    /// The file of certificates that the servers' have to come from; empty for the system's.
    pub ca: PathBuf,
    /// What all keys begin with.
    pub namespace: String,
    /// When something is kept.
    pub durability: Durability,
    /// With [`Durability::Replicas`]: on how many.
    pub replicas: u32,
}

impl Default for Redis {
    fn default() -> Self {
        Self {
            urls: vec!["redis://127.0.0.1:6379".to_owned()],
            user: String::new(),
            password: PathBuf::new(),
            ca: PathBuf::new(),
            namespace: "sealpost".to_owned(),
            durability: Durability::Disk,
            replicas: 1,
        }
    }
}

const PLAIN: &str = "redis://";
const TLS: &str = "rediss://";

impl Redis {
    /// What the store is opened with.
    #[must_use]
    pub fn options(&self, rates: redis::Rates) -> redis::Options {
        let path = |path: &PathBuf| (!path.as_os_str().is_empty()).then(|| path.clone());
        redis::Options {
            urls: self.urls.clone(),
            ca: path(&self.ca),
            user: (!self.user.is_empty()).then(|| self.user.clone()),
            password: path(&self.password),
            namespace: self.namespace.clone(),
            rates,
            durability: match self.durability {
                Durability::Disk => redis::Durability::Disk,
                Durability::Replicas => redis::Durability::Replicas(self.replicas),
                Durability::Second => redis::Durability::Second,
            },
        }
    }

    /// The paths that start at the file's directory.
    pub(super) fn paths(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        [&mut self.password, &mut self.ca].into_iter().filter(|path| !path.as_os_str().is_empty())
    }

    /// Whether what goes to a server can be read on its way, on other machines than this.
    pub(crate) fn is_exposed(&self) -> bool {
        let hosts = self.urls.iter().filter_map(|url| url.strip_prefix(PLAIN));
        hosts.map(|address| address.rsplit_once(':').map_or(address, |(host, _)| host)).any(|host| !is_loopback(host))
    }

    /// Whether servers on other machines than this are asked without a password.
    pub(crate) fn is_unprotected(&self) -> bool {
        let hosts = self.urls.iter().filter_map(|url| url.strip_prefix(PLAIN).or_else(|| url.strip_prefix(TLS)));
        let is_remote = |address: &str| !is_loopback(address.rsplit_once(':').map_or(address, |(host, _)| host));
        self.password.as_os_str().is_empty() && hosts.into_iter().any(is_remote)
    }

    /// Adds every rule that it breaks.
    pub(super) fn check(&self, rules: &mut Rules) {
        let is_url = |url: &String| [PLAIN, TLS].iter().any(|scheme| url.strip_prefix(scheme).is_some_and(is_address));
        rules.require(!self.urls.is_empty(), "redis.urls", "no server is named");
        rules.require(self.urls.iter().all(is_url), "redis.urls", "one of them is not a server's address");
        let secured = self.urls.iter().filter(|url| url.starts_with(TLS)).count();
        rules.require(secured == 0 || secured == self.urls.len(), "redis.urls", "some are with TLS and some without");
        let is_needed = self.ca.as_os_str().is_empty() || secured > 0;
        rules.require(is_needed, "redis.ca", "without rediss://, nobody looks at a certificate");
        let is_known = self.user.is_empty() || !self.password.as_os_str().is_empty();
        rules.require(is_known, "redis.user", "a user without a password");
        rules.require(is_name(&self.namespace), "redis.namespace", "it is part of every key");
        rules.within(self.replicas, 1..=16, "redis.replicas");
    }
}

/// Whether it is `HOST:PORT`, without user, password or database.
fn is_address(text: &str) -> bool {
    let host_and_port = text.rsplit_once(':');
    let is_host = |host: &str| !host.is_empty() && !host.contains(['@', '/', '?', '#', ' ']);
    host_and_port.is_some_and(|(host, port)| is_host(host) && port.parse::<u16>().is_ok_and(|port| port > 0))
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

fn is_name(text: &str) -> bool {
    (1..=32).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use sealpost_server::config::broken;

    use super::*;
    use crate::config::Config;

    fn broken_keys(change: impl FnOnce(&mut Redis)) -> Vec<String> {
        let mut config = Config::default();
        config.store.backend = Backend::Redis;
        change(&mut config.redis);
        broken(&config).into_iter().map(|broken| broken.key).collect()
    }

    fn urls(urls: &[&str]) -> Vec<String> {
        urls.iter().map(|url| (*url).to_owned()).collect()
    }

    #[test]
    fn servers_have_a_host_and_a_port_and_nothing_besides() {
        for url in ["redis://a:1", "rediss://a.example:6379", "redis://[::1]:1"] {
            assert_eq!(broken_keys(|redis| redis.urls = urls(&[url])), [""; 0], "{url}");
        }
        for url in ["a:1", "redis://a", "redis://:x@a:1", "redis://a:1/3", "unix:///a", "redis://a:0"] {
            assert_eq!(broken_keys(|redis| redis.urls = urls(&[url])), ["redis.urls"], "{url}");
        }
        assert_eq!(broken_keys(|redis| redis.urls = Vec::new()), ["redis.urls"]);
        assert_eq!(broken_keys(|redis| redis.urls = urls(&["redis://a:1", "rediss://b:1"])), ["redis.urls"]);
    }

    #[test]
    fn what_would_do_nothing_is_refused() {
        assert_eq!(broken_keys(|redis| redis.ca = "ca.pem".into()), ["redis.ca"]);
        assert_eq!(broken_keys(|redis| redis.user = "relay".to_owned()), ["redis.user"]);
        assert_eq!(broken_keys(|redis| redis.namespace = "a{b}".to_owned()), ["redis.namespace"]);
        assert_eq!(broken_keys(|redis| redis.replicas = 0), ["redis.replicas"]);
    }

    #[test]
    fn what_is_not_used_is_not_checked() {
        let mut config = Config::default();
        config.redis.urls = Vec::new();
        assert_eq!(broken(&config), []);
    }

    #[test]
    fn what_leaves_the_machine_in_the_clear_is_known() {
        let is_exposed = |url| Redis { urls: urls(&[url]), ..Redis::default() }.is_exposed();
        assert!(["redis://10.0.0.1:1", "redis://redis.example:6379"].into_iter().all(is_exposed));
        assert!(
            !["redis://127.0.0.1:1", "redis://[::1]:1", "redis://localhost:1", "rediss://a:1"]
                .into_iter()
                .any(is_exposed)
        );
    }
}
