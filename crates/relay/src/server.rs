//! The running relay: it opens its store, serves, and stops without losing anything.

mod warnings;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use miette::Diagnostic;
use sealpost_server::Foundation;
use sealpost_server::clock::{Clock, SystemClock};
use sealpost_server::config::Configuration;
use sealpost_wire::manifest::Role;
use thiserror::Error;

pub use warnings::{Warning, warnings};

use crate::config::Config;
use crate::keys;
use crate::log::Event;
use crate::metrics::Metrics;
use crate::program::RelayProgram;
use crate::service::{Denial, OpenError, Relay};

/// Why a relay cannot start.
#[derive(Debug, Error, Diagnostic)]
pub enum StartError {
    /// What every server needs is not there.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Server(#[from] sealpost_server::StartError),
    /// The store cannot be opened.
    #[error("the relay's data cannot be opened")]
    Store(#[source] OpenError),
}

/// The store hangs for good. Nothing that was accepted is lost, but only another process can open it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the relay's store hangs")]
pub struct Stuck;

/// A relay that has opened its store and its listeners, and waits for [`Server::run`].
pub struct Server(sealpost_server::Server<RelayProgram>);

impl Server {
    /// Reads the keys, opens the store and binds the listeners that `config` names.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn bind(config: &Config) -> Result<Self, StartError> {
        Self::bind_with(config, Arc::new(SystemClock)).await
    }

    /// The same with another clock.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn bind_with(config: &Config, clock: Arc<dyn Clock>) -> Result<Self, StartError> {
        let serving = config.serving();
        let foundation = Foundation::open(&serving, Arc::clone(&clock))?;
        let mut manifest = foundation.manifest(&serving, Role::Relay);
        (manifest.retention, manifest.limits) = (config.manifest_retention(), config.manifest_limits());
        let manifest = foundation.sign(manifest)?;
        let operator = Arc::clone(foundation.operator());
        let relay = Relay::open(config.settings(), operator, clock).map_err(StartError::Store)?;
        warnings(config).into_iter().for_each(Warning::log);
        let program = RelayProgram { relay, metrics: Metrics::new(foundation.registry()) };
        Ok(Self(sealpost_server::Server::bind(&serving, foundation, manifest, program).await?))
    }

    /// Where clients connect: the port is the real one when the configuration's is 0.
    ///
    /// # Errors
    /// The system's.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.0.address()
    }

    /// Where the operator connects, if anywhere.
    ///
    /// # Errors
    /// The system's.
    pub fn admin_address(&self) -> io::Result<Option<SocketAddr>> {
        self.0.admin_address()
    }

    /// Serves until `stop` is ready; then takes no new connection, lets the others end, cuts off what is left after the
    /// configured time, and closes the store.
    ///
    /// # Errors
    /// [`Stuck`], at any time.
    pub async fn run(self, stop: impl Future<Output = ()>) -> Result<(), Stuck> {
        self.0.run(stop).await.map_err(|sealpost_server::Stuck| {
            Event::StoreStuck {}.log();
            Stuck
        })
    }
}

/// Reads the keys that `config` names, as a start would, and makes none.
///
/// # Errors
/// [`StartError::Server`].
pub fn check_keys(config: &Config) -> Result<(), StartError> {
    Ok(sealpost_server::server::check_keys(&config.serving())?)
}

/// Opens the store of a relay that is not running, and rewrites it without what was erased.
///
/// # Errors
/// [`StartError`], or the service's own inside.
pub async fn purge(config: &Config) -> Result<Result<(), Denial>, StartError> {
    let operator = keys::read_operator(&config.operator_key).map_err(sealpost_server::StartError::OperatorKey)?;
    let clock = Arc::new(SystemClock);
    let relay = Relay::open(config.settings(), Arc::new(operator), clock).map_err(StartError::Store)?;
    let purged = relay.purge().await;
    relay.shutdown().await;
    Ok(purged)
}
