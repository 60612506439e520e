//! The one configuration file: a struct with safe defaults, read from TOML.
//!
//! `deploy/sealpost-attester.toml` is the same as [`Config::default`], option by option, with a comment on each.

mod options;
mod public;
mod rules;
mod sections;
mod text;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use bytesize::ByteSize;
use sealpost_server::config::{Configuration, Rules, Section, Serving};
use sealpost_server::sandbox::Places;
use sealpost_wire::RelayRef;
use serde::{Deserialize, Serialize};

pub use sealpost_server::config::{
    Admin, ConfigError, Connections, Log, LogFormat, LogLevel, Problem, Public, Report, Sandbox, Template, Tls, TlsMode,
};
pub use sections::{Gateway, GatewayKind, Limits};

/// The longest body of a request: of those there are, none has 300 bytes.
const BODY: ByteSize = ByteSize::kib(4);

/// Everything that an operator can set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where clients connect.
    pub listen: SocketAddr,
    /// Where health, readiness and metrics are served, or `"off"`.
    pub admin: Admin,
    /// The file of the operator's key, which signs attestations and vouchers.
    pub operator_key: PathBuf,
    /// The relay in whose directory numbers are listed. The attester does not start without one.
    #[serde(with = "text::or_empty")]
    pub directory: Option<RelayRef>,
    /// What the manifest says of the attester.
    #[serde(deserialize_with = "public::attesters")]
    pub attester: Public,
    /// The certificate.
    pub tls: Tls,
    /// What sends SMS.
    pub gateway: Gateway,
    /// How much is done.
    pub limits: Limits,
    /// What one connection, and all of them, may take.
    pub connections: Connections,
    /// Whether it is kept to its own files.
    pub sandbox: Sandbox,
    /// What is logged, and how.
    pub log: Log,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8443)),
            admin: Admin::On(SocketAddr::from(([127, 0, 0, 1], 8444))),
            operator_key: "operator.key".into(),
            directory: None,
            attester: public::default(),
            tls: Tls::default(),
            gateway: Gateway::default(),
            limits: Limits::default(),
            connections: Connections::default(),
            sandbox: Sandbox::default(),
            log: Log::default(),
        }
    }
}

impl Config {
    /// The same, with every relative path made relative to `directory`: the one that the file lies in.
    #[must_use]
    pub fn rooted_at(self, directory: &Path) -> Self {
        Configuration::rooted_at(self, directory)
    }

    /// Where the files are that it uses.
    #[must_use]
    pub fn places(&self) -> Places {
        let places = Places::of(&self.serving());
        match self.gateway.kind {
            GatewayKind::File => places.writing_beside(&self.gateway.file),
            GatewayKind::Webhook => places.reading(&self.gateway.secret),
        }
    }
}

impl Configuration for Config {
    const EXAMPLE: &'static str = include_str!("../../../deploy/sealpost-attester.toml");
    const SECTIONS: &'static [Section] = options::SECTIONS;

    fn serving(&self) -> Serving<'_> {
        Serving {
            listen: self.listen,
            admin: self.admin,
            operator_key: &self.operator_key,
            public: &self.attester,
            public_section: "attester",
            tls: &self.tls,
            connections: &self.connections,
            oblivious: None,
            body: BODY,
        }
    }

    fn check(&self, rules: &mut Rules) {
        rules::check(self, rules);
    }

    fn paths(&mut self) -> Vec<&mut PathBuf> {
        let Gateway { file, secret, .. } = &mut self.gateway;
        [&mut self.operator_key, file, secret].into_iter().chain(self.tls.paths()).collect()
    }
}

/// Reads a file; relative paths in it become relative to the file's directory.
///
/// # Errors
/// [`ConfigError`], with every problem that was found.
pub fn load(path: &Path) -> Result<Config, ConfigError> {
    sealpost_server::config::load(path)
}

/// Reads the text of a file called `name`.
///
/// # Errors
/// [`ConfigError::Invalid`].
pub fn parse(text: &str, name: &str) -> Result<Config, ConfigError> {
    sealpost_server::config::parse(text, name)
}

#[cfg(test)]
mod tests;
