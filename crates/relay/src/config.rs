//! The one configuration file: a struct with safe defaults, read from TOML.
//!
//! `deploy/sealpost-relay.toml` is the same as [`Config::default`], option by option, with a comment on each.

mod expected;
mod load;
mod problem;
mod rules;
mod sections;
mod settings;
mod shape;
mod template;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub use load::{ConfigError, load, parse};
pub use problem::{Problem, Report};
pub use sections::{Admin, Connections, Limits, Log, LogFormat, LogLevel, Public, Retention, Store, Tls, TlsMode};
pub(crate) use settings::bytes;
pub use template::Template;

/// Everything that an operator can set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where clients connect.
    pub listen: SocketAddr,
    /// Where health, readiness, metrics and purging are served, or `"off"`.
    pub admin: Admin,
    /// The store's directory.
    pub data: PathBuf,
    /// The file of the operator's key.
    pub operator_key: PathBuf,
    /// What the manifest says of the relay.
    pub relay: Public,
    /// The certificate.
    pub tls: Tls,
    /// How long things are kept.
    pub retention: Retention,
    /// How much of them.
    pub limits: Limits,
    /// What the store may take of the machine.
    pub store: Store,
    /// What one connection, and all of them, may take.
    pub connections: Connections,
    /// What is logged, and how.
    pub log: Log,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8443)),
            admin: Admin::On(SocketAddr::from(([127, 0, 0, 1], 8444))),
            data: "data".into(),
            operator_key: "operator.key".into(),
            relay: Public::default(),
            tls: Tls::default(),
            retention: Retention::default(),
            limits: Limits::default(),
            store: Store::default(),
            connections: Connections::default(),
            log: Log::default(),
        }
    }
}

impl Config {
    /// The same, with every relative path made relative to `directory`: the one that the file lies in.
    #[must_use]
    pub fn rooted_at(mut self, directory: &Path) -> Self {
        for path in [&mut self.data, &mut self.operator_key, &mut self.tls.certificate, &mut self.tls.key] {
            *path = directory.join(&*path);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = include_str!("../../../deploy/sealpost-relay.toml");

    #[test]
    fn the_example_file_is_the_default() {
        assert_eq!(parse(EXAMPLE, "sealpost-relay.toml").unwrap(), Config::default());
    }

    #[test]
    fn the_example_file_sets_every_option_and_comments_on_each() {
        let set = |line: &&str| line.contains(" = ") && !line.starts_with('#');
        assert_eq!(EXAMPLE.lines().filter(set).count(), expected::KEYS.iter().filter(|key| !key.is_section()).count());
        for (comment, option) in EXAMPLE.lines().zip(EXAMPLE.lines().skip(1)).filter(|(_, option)| set(option)) {
            assert!(comment.starts_with("# "), "no comment above: {option}");
        }
    }

    #[test]
    fn relative_paths_lie_beside_the_file() {
        let config = Config { data: "/elsewhere".into(), ..Config::default() }.rooted_at(Path::new("/etc/relay"));
        assert_eq!(config.operator_key, Path::new("/etc/relay/operator.key"));
        assert_eq!(config.data, Path::new("/elsewhere"));
    }
}
