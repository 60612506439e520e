//! The running attester: it opens its gateway, serves, and stops.

mod open;
mod warnings;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use miette::Diagnostic;
use sealpost_server::clock::{Clock, SystemClock};
use sealpost_server::config::Configuration;
use sealpost_server::keys::KeyFileError;
use sealpost_server::{Foundation, Moved, Reloader, Stuck};
use sealpost_wire::manifest::Role;
use thiserror::Error;

use crate::config::Config;
use crate::gateway::SecretTooShort;
use crate::program::AttesterProgram;
pub use warnings::{Warning, warnings};

/// Why an attester cannot start.
#[derive(Debug, Error, Diagnostic)]
pub enum StartError {
    /// What every server needs is not there.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Server(#[from] sealpost_server::StartError),
    /// No directory is named.
    #[error("no directory is named, so there is nothing to attest for")]
    #[diagnostic(help(
        "set `directory` to the reference that `sealpost-relay init` printed for the directory's relay"
    ))]
    NoDirectory,
    /// The gateway has no URL.
    #[error("the SMS gateway is a webhook without a URL")]
    #[diagnostic(help("set `gateway.url`"))]
    NoUrl,
    /// What the gateway knows us by cannot be used.
    #[error("the secret of the SMS gateway cannot be used")]
    Secret(#[source] KeyFileError),
    /// It is no secret.
    #[error("the secret of the SMS gateway cannot be used")]
    #[diagnostic(help("`openssl rand -hex 32` makes one"))]
    SecretTooShort(#[source] SecretTooShort),
    /// The gateway cannot be spoken to.
    #[error("TLS to the SMS gateway cannot be set up")]
    Tls(#[source] rustls::Error),
}

/// An attester that has opened its listeners, and waits for [`Server::run`].
pub struct Server(Served);

enum Served {
    Attester(sealpost_server::Server<AttesterProgram>),
    Moved(sealpost_server::Server<Moved>),
}

impl Server {
    /// Reads the keys and binds the listeners that `config` names.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn bind(config: &Config) -> Result<Self, StartError> {
        Self::bind_with(config, Arc::new(SystemClock)).await
    }

    /// The same with another clock. Codes do not go by it.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn bind_with(config: &Config, clock: Arc<dyn Clock>) -> Result<Self, StartError> {
        let serving = config.serving();
        let foundation = Foundation::open(&serving, clock)?;
        if serving.public.moved_to.is_some() {
            return Ok(Self(Served::Moved(Moved::bind(&serving, foundation, Role::Attester).await?)));
        }
        let manifest = foundation.sign(foundation.manifest(&serving, Role::Attester))?;
        let program = AttesterProgram { attester: open::attester(config, &foundation)? };
        warnings(config).into_iter().for_each(Warning::log);
        Ok(Self(Served::Attester(sealpost_server::Server::bind(&serving, foundation, manifest, program).await?)))
    }

    /// Where clients connect: the port is the real one when the configuration's is 0.
    ///
    /// # Errors
    /// The system's.
    pub fn address(&self) -> io::Result<SocketAddr> {
        match &self.0 {
            Served::Attester(server) => server.address(),
            Served::Moved(server) => server.address(),
        }
    }

    /// Where the operator connects, if anywhere.
    ///
    /// # Errors
    /// The system's.
    pub fn admin_address(&self) -> io::Result<Option<SocketAddr>> {
        match &self.0 {
            Served::Attester(server) => server.admin_address(),
            Served::Moved(server) => server.admin_address(),
        }
    }

    /// What reads the TLS certificate anew while the server runs.
    #[must_use]
    pub fn reloader(&self) -> Reloader {
        match &self.0 {
            Served::Attester(server) => server.reloader(),
            Served::Moved(server) => server.reloader(),
        }
    }

    /// Serves until `stop` is ready; then takes no new connection, lets the others end, and cuts off what is left after the
    /// configured time. Codes that were sent are good no more.
    ///
    /// # Errors
    /// None that an attester has: it never hangs for good.
    pub async fn run(self, stop: impl Future<Output = ()>) -> Result<(), Stuck> {
        match self.0 {
            Served::Attester(server) => server.run(stop).await,
            Served::Moved(server) => server.run(stop).await,
        }
    }
}

/// Reads the keys that `config` names, as a start would, and makes none.
///
/// # Errors
/// [`StartError`], but for those of listeners.
pub fn check(config: &Config) -> Result<(), StartError> {
    open::check(config)?;
    Ok(sealpost_server::server::check_keys(&config.serving())?)
}
