//! What an operator is told of a machine, and of a configuration on it: findings, each with its mend.
//!
//! Nothing is changed, and nothing is asked of another machine. A program adds what it alone has.

mod certificate;
mod clock;
mod disk;
mod listening;
mod machine;
mod permissions;

use std::error::Error;
use std::fmt;

use miette::Diagnostic;
use serde::Serialize;

pub use certificate::certificate;
pub use clock::clock;
pub use disk::disk;
pub use listening::listeners;
pub use machine::machine;
pub use permissions::{config_file, directories, operator_key};

/// What was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Check {
    /// The configuration file.
    Configuration,
    /// A listener's address.
    Port,
    /// The time of day.
    Clock,
    /// The certificate and its key.
    Tls,
    /// Who may read and write what.
    Permissions,
    /// Where the data lies.
    Disk,
    /// The Redis servers.
    Redis,
    /// Whether memory is written to a disk.
    Swap,
    /// Whether it is when a program crashes.
    CoreDumps,
    /// How many files may be open.
    OpenFiles,
    /// How much memory there is.
    Memory,
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Configuration => "configuration",
            Self::Port => "port",
            Self::Clock => "clock",
            Self::Tls => "tls",
            Self::Permissions => "permissions",
            Self::Disk => "disk",
            Self::Redis => "redis",
            Self::Swap => "swap",
            Self::CoreDumps => "core dumps",
            Self::OpenFiles => "open files",
            Self::Memory => "memory",
        })
    }
}

/// How a finding bears on the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// It is as it should be.
    Ok,
    /// The server runs, and not as its operator would want.
    Warning,
    /// The server does not start, or breaks a promise.
    Problem,
}

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at.
    pub check: Check,
    /// How it bears on the server.
    pub level: Level,
    /// What was found.
    pub finding: String,
    /// What mends it: a command, or a line of the configuration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mend: Option<String>,
}

impl Finding {
    /// It is as it should be.
    #[must_use]
    pub fn ok(check: Check, finding: impl fmt::Display) -> Self {
        Self { check, level: Level::Ok, finding: finding.to_string(), mend: None }
    }

    /// It is not as it should be, and the server runs.
    #[must_use]
    pub fn warning(check: Check, finding: impl fmt::Display, mend: impl Into<String>) -> Self {
        Self { check, level: Level::Warning, finding: finding.to_string(), mend: Some(mend.into()) }
    }

    /// The server does not start, or breaks a promise.
    #[must_use]
    pub fn problem(check: Check, finding: impl fmt::Display, mend: impl Into<String>) -> Self {
        Self { check, level: Level::Problem, finding: finding.to_string(), mend: Some(mend.into()) }
    }

    /// What keeps a server from starting, in the words that it would say itself.
    #[must_use]
    pub fn of_error(check: Check, error: &(impl Diagnostic + 'static)) -> Self {
        let chain = std::iter::successors(Some(error as &dyn Error), |error| (*error).source());
        let finding = chain.map(ToString::to_string).collect::<Vec<_>>().join(": ");
        let within = std::iter::successors(Some(error as &dyn Diagnostic), |error| error.diagnostic_source());
        let mend = within.filter_map(Diagnostic::help).map(|help| help.to_string()).next();
        Self { check, level: Level::Problem, finding, mend }
    }
}
