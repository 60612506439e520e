//! What kind of server it is: which program, and where things are below its directory.

use std::path::{Path, PathBuf};

/// What a server is to be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Role {
    /// It keeps mailboxes and shelves, and maybe a directory.
    #[default]
    Relay,
    /// It evaluates blinded elements.
    KeyService,
    /// It proves who holds a number.
    Attester,
    /// It passes sealed requests on to gateways.
    Proxy,
}

impl Role {
    pub(super) const fn program(&self) -> &'static str {
        match self {
            Self::Relay | Self::KeyService | Self::Proxy => "sealpost-relay",
            Self::Attester => "sealpost-attester",
        }
    }

    /// The arguments of `init` that make it what it is.
    pub(super) const fn arguments(&self) -> &'static [&'static str] {
        match self {
            Self::KeyService => &["--role", "key-service"],
            Self::Proxy => &["--role", "ohttp-proxy"],
            Self::Relay | Self::Attester => &[],
        }
    }

    /// The directory of what it keeps. An attester or a proxy keeps nothing but what is beside its configuration.
    pub(super) fn data(&self, directory: &Path) -> PathBuf {
        match self {
            Self::Relay => directory.join("data"),
            Self::KeyService => directory.join("epochs"),
            Self::Attester | Self::Proxy => directory.to_owned(),
        }
    }
}
