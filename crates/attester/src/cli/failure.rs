//! How a command fails: a report for people, a code for programs.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use miette::Diagnostic;
use sealpost_server::Stuck;
use sealpost_server::keys::KeyFileError;
use sealpost_server::terminal;
use sealpost_server::tls::CertificateError;
use thiserror::Error;

use crate::config::ConfigError;
use crate::server::StartError;

/// Why a command failed.
#[derive(Debug, Error, Diagnostic)]
pub enum Failure {
    /// The configuration is wrong.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Config(#[from] ConfigError),
    /// The attester cannot start.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Start(#[from] StartError),
    /// A key cannot be written.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Key(#[from] KeyFileError),
    /// A certificate cannot be made.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Certificate(#[from] CertificateError),
    /// `init` found something that it would have to overwrite.
    #[error("{} is there already; nothing was changed", path.display())]
    #[diagnostic(help("move it away, or choose another --dir"))]
    Exists {
        /// What is there.
        path: PathBuf,
    },
    /// `init` cannot tell by which name clients reach the attester.
    #[error("clients cannot reach the attester by what it listens on")]
    #[diagnostic(help("say --host NAME:PORT, as in --host attester.example.org:8443"))]
    HostUnknown,
    /// The server hangs.
    #[error(transparent)]
    Stuck(#[from] Stuck),
    /// The system refused something.
    #[error("{doing} failed")]
    System {
        /// What was being done.
        doing: &'static str,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
}

impl Failure {
    /// A system call that failed.
    pub(super) const fn system(doing: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::System { doing, source }
    }

    /// Writes the report to standard error; the exit code is documented in `--help`.
    pub(super) fn report(&self) -> ExitCode {
        terminal::report(self);
        ExitCode::from(self.code())
    }

    const fn code(&self) -> u8 {
        match self {
            Self::Config(_) => 3,
            Self::HostUnknown => 2,
            Self::Key(_) | Self::Certificate(_) | Self::Exists { .. } => 4,
            Self::Start(StartError::Server(error)) => error.exit_code(),
            Self::Start(StartError::NoDirectory | StartError::NoUrl) => 3,
            Self::Start(StartError::Secret(_) | StartError::SecretTooShort(_) | StartError::Tls(_)) => 4,
            Self::Stuck(_) | Self::System { .. } => 1,
        }
    }
}
