//! Configuration: one struct for each program, with safe defaults, read from one commented TOML file.
//!
//! A program puts its struct together from the sections here and its own, and says with [`Configuration`] what the file may
//! hold. Whatever is wrong with a file is a [`Problem`] with its place, and all of them are told at once.

pub mod expected;
mod load;
mod problem;
mod review;
mod rules;
mod sections;
mod shape;
mod template;

use std::fmt::Debug;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use bytesize::ByteSize;
use serde::Serialize;
use serde::de::DeserializeOwned;

pub use load::{ConfigError, load, parse, placed};
pub use problem::{Problem, Report};
pub use review::review;
pub use rules::{Broken, Rules};
pub use sections::{Acme, Admin, Connections, Log, LogFormat, LogLevel, Oblivious, Public, Sandbox, Tls, TlsMode};
pub use shape::{Key, Section};
pub use template::Template;

/// A program's configuration.
///
/// 1. Every option is in [`SECTIONS`](Self::SECTIONS) and in [`EXAMPLE`](Self::EXAMPLE), there with a comment, and the
///    example is the default; [`review`] says where this does not hold.
/// 2. The struct and its sections are `#[serde(default, deny_unknown_fields)]`.
pub trait Configuration: Debug + Default + PartialEq + Serialize + DeserializeOwned {
    /// The commented example file.
    const EXAMPLE: &'static str;
    /// Every option of the file.
    const SECTIONS: &'static [Section];

    /// What is about serving.
    fn serving(&self) -> Serving<'_>;

    /// Adds the rules that are broken besides those of [`serving`](Self::serving), which are looked at before.
    fn check(&self, rules: &mut Rules);

    /// Every path in it that is relative to the file's directory.
    fn paths(&mut self) -> Vec<&mut PathBuf>;

    /// The same, with every relative path made relative to `directory`: the one that the file lies in.
    #[must_use]
    fn rooted_at(mut self, directory: &Path) -> Self {
        for path in self.paths() {
            *path = directory.join(&*path);
        }
        self
    }
}

/// What of a program's configuration is about serving.
#[derive(Debug, Clone, Copy)]
pub struct Serving<'a> {
    /// Where clients connect.
    pub listen: SocketAddr,
    /// Where the operator connects.
    pub admin: Admin,
    /// The file of the operator's key.
    pub operator_key: &'a Path,
    /// What the manifest says of the server.
    pub public: &'a Public,
    /// The section that `public` is.
    pub public_section: &'static str,
    /// The certificate.
    pub tls: &'a Tls,
    /// What one connection, and all of them, may take.
    pub connections: &'a Connections,
    /// Whether it is a gateway for Oblivious HTTP; none for a server that never is.
    pub oblivious: Option<&'a Oblivious>,
    /// The longest body of a request, and the longest WebSocket message.
    pub body: ByteSize,
}

/// Every rule that `config` breaks.
pub fn broken(config: &impl Configuration) -> Vec<Broken> {
    let mut rules = Rules::default();
    rules.serving(&config.serving());
    config.check(&mut rules);
    rules.broken()
}

/// A size as a length in memory.
#[must_use]
pub fn bytes(size: ByteSize) -> usize {
    usize::try_from(size.as_u64()).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests;
