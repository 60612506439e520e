//! The running server, in one of its roles: it opens what it keeps, serves, and stops without losing anything.

mod warnings;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use miette::Diagnostic;
use sealpost_server::clock::{Clock, SystemClock};
use sealpost_server::config::Configuration;
use sealpost_server::{Foundation, Moved, Reloader};
use sealpost_wire::manifest::{self, Manifest};
use sealpost_wire::time::Day;
use thiserror::Error;

pub(crate) use warnings::free_space;
pub use warnings::{Warning, warnings};

use crate::config::{self, Config, Role};
use crate::key_service::epochs::EpochDirectory;
use crate::key_service::{KeepError, KeyService, KeyServiceProgram};
use crate::keys;
use crate::log::Event;
use crate::metrics::Metrics;
use crate::ohttp_proxy::{self, OhttpProxy, OhttpProxyProgram};
use crate::program::RelayProgram;
use crate::service::{Denial, OpenError, Relay};
use crate::shared_keys::{SharedKeys, SharedKeysError};
use crate::store::NobodyWaits;
use crate::store::redis::{self, Redis};
use crate::tickets::KeysError;

/// Why a relay cannot start.
#[derive(Debug, Error, Diagnostic)]
pub enum StartError {
    /// What every server needs is not there.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Server(#[from] sealpost_server::StartError),
    /// The store cannot be opened.
    #[error("the relay's data cannot be opened")]
    Store(
        #[source]
        #[diagnostic_source]
        OpenError,
    ),
    /// Redis cannot be used.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Redis(redis::OpenError),
    /// Relays that share a store do not agree on their keys.
    #[error(transparent)]
    #[diagnostic(transparent)]
    SharedKeys(SharedKeysError),
    /// The keys of tickets cannot be used.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Tickets(KeysError),
    /// The keys of epochs cannot be used.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Epochs(KeepError),
    /// A proxy and one of its gateways would be of one operator.
    #[error("a gateway of this proxy has the proxy's own operator key")]
    #[diagnostic(help("a proxy is of use to gateways of others alone: one operator of both sees who asks what"))]
    OwnGateway,
}

/// The store hangs for good. Nothing that was accepted is lost, but only another process can open it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the relay's store hangs")]
pub struct Stuck;

/// A relay, key service or proxy that has opened what it keeps and its listeners, and waits for [`Server::run`].
pub struct Server(Served);

enum Served {
    Relay(sealpost_server::Server<RelayProgram>),
    KeyService(sealpost_server::Server<KeyServiceProgram>),
    OhttpProxy(sealpost_server::Server<OhttpProxyProgram>),
    /// Whatever it was.
    Moved(sealpost_server::Server<Moved>),
}

impl Server {
    /// Reads the keys, opens what is kept and binds the listeners that `config` names.
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
        if config.relay.moved_to.is_some() {
            let serving = config.serving();
            let foundation = Foundation::open(&serving, clock)?;
            return Ok(Self(Served::Moved(Moved::bind(&serving, foundation, role(config.role)).await?)));
        }
        Ok(Self(match config.role {
            Role::Relay => Served::Relay(bind_relay(config, clock).await?),
            Role::KeyService => Served::KeyService(bind_key_service(config, clock).await?),
            Role::OhttpProxy => Served::OhttpProxy(bind_ohttp_proxy(config, clock).await?),
        }))
    }

    /// Where clients connect: the port is the real one when the configuration's is 0.
    ///
    /// # Errors
    /// The system's.
    pub fn address(&self) -> io::Result<SocketAddr> {
        match &self.0 {
            Served::Relay(server) => server.address(),
            Served::KeyService(server) => server.address(),
            Served::OhttpProxy(server) => server.address(),
            Served::Moved(server) => server.address(),
        }
    }

    /// Where the operator connects, if anywhere.
    ///
    /// # Errors
    /// The system's.
    pub fn admin_address(&self) -> io::Result<Option<SocketAddr>> {
        match &self.0 {
            Served::Relay(server) => server.admin_address(),
            Served::KeyService(server) => server.admin_address(),
            Served::OhttpProxy(server) => server.admin_address(),
            Served::Moved(server) => server.admin_address(),
        }
    }

    /// What reads the TLS certificate anew while the server runs.
    #[must_use]
    pub fn reloader(&self) -> Reloader {
        match &self.0 {
            Served::Relay(server) => server.reloader(),
            Served::KeyService(server) => server.reloader(),
            Served::OhttpProxy(server) => server.reloader(),
            Served::Moved(server) => server.reloader(),
        }
    }

    /// Serves until `stop` is ready; then takes no new connection, lets the others end, cuts off what is left after the
    /// configured time, and closes what is kept.
    ///
    /// # Errors
    /// [`Stuck`], at any time.
    pub async fn run(self, stop: impl Future<Output = ()>) -> Result<(), Stuck> {
        let ran = match self.0 {
            Served::Relay(server) => server.run(stop).await,
            Served::KeyService(server) => server.run(stop).await,
            Served::OhttpProxy(server) => server.run(stop).await,
            Served::Moved(server) => server.run(stop).await,
        };
        ran.map_err(|sealpost_server::Stuck| {
            Event::StoreStuck {}.log();
            Stuck
        })
    }
}

async fn bind_relay(
    config: &Config,
    clock: Arc<dyn Clock>,
) -> Result<sealpost_server::Server<RelayProgram>, StartError> {
    let serving = config.serving();
    let shared = agree(config, &*clock).await?;
    let foundation = Foundation::open(&serving, Arc::clone(&clock))?;
    let mut manifest = of_relay(config, foundation.manifest(&serving, manifest::Role::Relay));
    let operator = Arc::clone(foundation.operator());
    let relay = Relay::open(config.settings(), operator, Arc::clone(&clock))?;
    // What is in the store is told from the first request on; what is missing is seen to while the relay serves.
    let _out = relay.read_epochs().await;
    manifest.directory = relay.directory_told().map(|told| told.borrow().clone());
    relay.tell_tickets(&mut manifest);
    let manifest = foundation.sign(manifest)?;
    warnings(config).into_iter().for_each(Warning::log);
    let program =
        RelayProgram { relay, shared, clock, metrics: Metrics::new(foundation.registry()), manifest: manifest.clone() };
    Ok(sealpost_server::Server::bind(&serving, foundation, manifest, program).await?)
}

/// What a relay says of itself besides what every server says.
fn of_relay(config: &Config, manifest: Manifest) -> Manifest {
    Manifest {
        may_lose_seconds: config.may_lose_seconds(),
        retention: config.manifest_retention(),
        limits: config.manifest_limits(),
        ..manifest
    }
}

/// What a manifest calls a role.
const fn role(role: Role) -> manifest::Role {
    match role {
        Role::Relay => manifest::Role::Relay,
        Role::KeyService => manifest::Role::KeyService,
        Role::OhttpProxy => manifest::Role::OhttpProxy,
    }
}

/// The manifest that configuration and keys make, signed: without what only a running server knows.
///
/// # Errors
/// [`StartError::Server`].
pub fn signed_manifest(config: &Config, clock: Arc<dyn Clock>) -> Result<Bytes, StartError> {
    let serving = config.serving();
    let foundation = Foundation::open(&serving, clock)?;
    let told = foundation.manifest(&serving, role(config.role));
    let manifest = if config.role == Role::Relay { of_relay(config, told) } else { told };
    Ok(foundation.sign(manifest)?.bytes())
}

/// Takes out of a shared store what is sealed with the operator's key: relays put it there again, sealed with the next one.
///
/// # Errors
/// [`StartError`].
pub async fn forget_shared_keys(config: &Config) -> Result<(), StartError> {
    let Some(options) = config.settings().redis.filter(|_| config.role == Role::Relay) else { return Ok(()) };
    let store = Redis::open(options, config.settings().quota(), Arc::new(NobodyWaits)).map_err(StartError::Redis)?;
    SharedKeys::forget(&store).await.map_err(StartError::SharedKeys)
}

/// Before any key is made or read, agrees on them with other relays of the same store, if there may be any.
async fn agree(config: &Config, clock: &dyn Clock) -> Result<Option<SharedKeys>, StartError> {
    let operator = keys::read_operator(&config.operator_key).map_err(sealpost_server::StartError::OperatorKey)?;
    let Some((shared, options)) = SharedKeys::of(config, &operator).zip(config.settings().redis) else {
        return Ok(None);
    };
    let store = Redis::open(options, config.settings().quota(), Arc::new(NobodyWaits)).map_err(StartError::Redis)?;
    shared.agree(&store, Day::of(clock.now())).await.map_err(StartError::SharedKeys)?;
    Ok(Some(shared))
}

async fn bind_key_service(
    config: &Config,
    clock: Arc<dyn Clock>,
) -> Result<sealpost_server::Server<KeyServiceProgram>, StartError> {
    let serving = config.serving();
    let foundation = Foundation::open(&serving, Arc::clone(&clock))?;
    let (settings, operator) = (config.key_service_settings(), foundation.operator().public());
    let service = KeyService::open(settings, operator, clock).map_err(StartError::Epochs)?;
    let mut manifest = foundation.manifest(&serving, manifest::Role::KeyService);
    manifest.key_service = Some(service.told());
    service.tell_tickets(&mut manifest);
    let manifest = foundation.sign(manifest)?;
    warnings(config).into_iter().for_each(Warning::log);
    let program = KeyServiceProgram::new(service, manifest.clone(), foundation.registry());
    Ok(sealpost_server::Server::bind(&serving, foundation, manifest, program).await?)
}

async fn bind_ohttp_proxy(
    config: &Config,
    clock: Arc<dyn Clock>,
) -> Result<sealpost_server::Server<OhttpProxyProgram>, StartError> {
    let serving = config.serving();
    let foundation = Foundation::open(&serving, clock)?;
    let (settings, own) = (config.ohttp_proxy_settings(), foundation.operator().public());
    if !ohttp_proxy::run_by(&own, &settings).is_empty() {
        return Err(StartError::OwnGateway);
    }
    let manifest = foundation.sign(foundation.manifest(&serving, manifest::Role::OhttpProxy))?;
    warnings(config).into_iter().for_each(Warning::log);
    let program = OhttpProxyProgram::new(OhttpProxy::new(&settings, own), foundation.registry());
    Ok(sealpost_server::Server::bind(&serving, foundation, manifest, program).await?)
}

impl From<OpenError> for StartError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Tickets(error) => Self::Tickets(error),
            OpenError::Redis(error) => Self::Redis(error),
            error @ OpenError::Store(_) => Self::Store(error),
        }
    }
}

/// Reads the keys that `config` names, as a start would, and makes none.
///
/// # Errors
/// [`StartError::Server`], [`StartError::Epochs`].
pub fn check_keys(config: &Config) -> Result<(), StartError> {
    sealpost_server::server::check_keys(&config.serving())?;
    match config.role {
        Role::Relay | Role::OhttpProxy => Ok(()),
        Role::KeyService => check_epochs(&config.key_service).map_err(StartError::Epochs),
    }
}

fn check_epochs(config: &config::KeyService) -> Result<(), KeepError> {
    EpochDirectory::new(config.keys.clone()).keys().map(drop).map_err(KeepError::Epochs)
}

/// Opens the store of a relay that is not running, for as long as `work` takes.
///
/// # Errors
/// [`StartError`].
pub async fn with_relay<T>(config: &Config, work: impl AsyncFnOnce(&Relay) -> T) -> Result<T, StartError> {
    let operator = keys::read_operator(&config.operator_key).map_err(sealpost_server::StartError::OperatorKey)?;
    let clock = Arc::new(SystemClock);
    let relay = Relay::open(config.settings(), Arc::new(operator), clock)?;
    let done = work(&relay).await;
    relay.shutdown().await;
    Ok(done)
}

/// Opens the store of a relay that is not running, and rewrites it without what was erased.
///
/// # Errors
/// [`StartError`], or the service's own inside.
pub async fn purge(config: &Config) -> Result<Result<(), Denial>, StartError> {
    with_relay(config, async |relay| relay.purge().await).await
}
