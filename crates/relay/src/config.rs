//! The one configuration file: a struct with safe defaults, read from TOML.
//!
//! `deploy/sealpost-relay.toml` is the same as [`Config::default`], option by option, with a comment on each.

mod options;
mod redis;
mod reference;
mod rules;
mod sections;
mod settings;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use bytesize::ByteSize;
use sealpost_server::config::{Configuration, Rules, Section, Serving};
use sealpost_server::sandbox::Places;
use sealpost_wire::oblivious::LONGEST_REQUEST;
use serde::{Deserialize, Serialize};

pub use redis::{Backend, Durability, Redis};
pub use sealpost_server::config::{
    Admin, ConfigError, Connections, Log, LogFormat, LogLevel, Oblivious, Problem, Public, Report, Sandbox, Template,
    Tls, TlsMode,
};
pub use sections::{Directory, KeyService, Limits, OhttpProxy, Retention, Role, Store, TicketPolicy, Tickets};

/// Everything that an operator can set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// What the server is.
    pub role: Role,
    /// Where clients connect.
    pub listen: SocketAddr,
    /// Where health, readiness, metrics and purging are served, or `"off"`.
    pub admin: Admin,
    /// The directory of a relay's store.
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
    /// Where the store lies, and what it may take of the machine.
    pub store: Store,
    /// Where it is when it is in Redis.
    pub redis: Redis,
    /// What one connection, and all of them, may take.
    pub connections: Connections,
    /// A relay's directory.
    pub directory: Directory,
    /// What a key service does, and for whom.
    pub key_service: KeyService,
    /// Who gets tickets, and how many.
    pub tickets: Tickets,
    /// Whether requests may come by Oblivious HTTP.
    pub oblivious: Oblivious,
    /// Where a proxy passes them on to.
    pub ohttp_proxy: OhttpProxy,
    /// Whether it is kept to its own files.
    pub sandbox: Sandbox,
    /// What is logged, and how.
    pub log: Log,
}

/// The longest body of a request to a key service: what one voucher is good for, or a batch of elements and a ticket.
const KEY_SERVICE_BODY: ByteSize = ByteSize::kib(4);

impl Default for Config {
    fn default() -> Self {
        Self {
            role: Role::Relay,
            listen: SocketAddr::from(([127, 0, 0, 1], 8443)),
            admin: Admin::On(SocketAddr::from(([127, 0, 0, 1], 8444))),
            data: "data".into(),
            operator_key: "operator.key".into(),
            relay: Public::default(),
            tls: Tls::default(),
            retention: Retention::default(),
            limits: Limits::default(),
            store: Store::default(),
            redis: Redis::default(),
            connections: Connections::default(),
            directory: Directory::default(),
            key_service: KeyService::default(),
            tickets: Tickets::default(),
            oblivious: Oblivious::default(),
            ohttp_proxy: OhttpProxy::default(),
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

    /// Where the files are that the server uses in its role.
    #[must_use]
    pub fn places(&self) -> Places {
        let tickets = (self.tickets.policy != TicketPolicy::Off).then_some(&self.tickets.keys);
        let (read, written): (&[&PathBuf], _) = match (self.role, self.store.backend) {
            (Role::Relay, Backend::Embedded) => (&[], [Some(&self.data), tickets]),
            (Role::Relay, Backend::Redis) => (&[&self.redis.password, &self.redis.ca], [None, tickets]),
            (Role::KeyService, _) => (&[], [Some(&self.key_service.keys), tickets]),
            (Role::OhttpProxy, _) => (&[], [None, None]),
        };
        let named = read.iter().filter(|path| !path.as_os_str().is_empty());
        let places = named.fold(Places::of(&self.serving()), |places, file| places.reading(file));
        written.into_iter().flatten().fold(places, |places, directory| places.writing(directory))
    }
}

impl Configuration for Config {
    const EXAMPLE: &'static str = include_str!("../../../deploy/sealpost-relay.toml");
    const SECTIONS: &'static [Section] = options::SECTIONS;

    fn serving(&self) -> Serving<'_> {
        Serving {
            listen: self.listen,
            admin: self.admin,
            operator_key: &self.operator_key,
            public: &self.relay,
            public_section: "relay",
            tls: &self.tls,
            connections: &self.connections,
            oblivious: (self.role != Role::OhttpProxy).then_some(&self.oblivious),
            body: match self.role {
                Role::Relay => self.limits.body,
                Role::KeyService => KEY_SERVICE_BODY,
                Role::OhttpProxy => ByteSize(LONGEST_REQUEST as u64),
            },
        }
    }

    fn check(&self, rules: &mut Rules) {
        rules::check(self, rules);
    }

    fn paths(&mut self) -> Vec<&mut PathBuf> {
        let (data, keys, days) = (&mut self.data, &mut self.key_service.keys, &mut self.oblivious.keys);
        let own = vec![data, keys, days, &mut self.tickets.keys, &mut self.operator_key];
        own.into_iter().chain(self.tls.paths()).chain(self.redis.paths()).collect()
    }
}

/// Reads a file; relative paths in it become relative to the file's directory. What it must not say beside the operator's
/// key, if that can be read, is told too.
///
/// # Errors
/// [`ConfigError`], with every problem that was found.
pub fn load(path: &Path) -> Result<Config, ConfigError> {
    let config: Config = sealpost_server::config::load(path)?;
    match rules::beside_the_key(&config).as_slice() {
        [] => Ok(config),
        broken => Err(sealpost_server::config::placed::<Config>(path, broken)),
    }
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
