//! From a configuration to an open store and open listeners.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use miette::Diagnostic;
use rustls::ServerConfig;
use sealpost_wire::time::Day;
use thiserror::Error;
use tokio::net::TcpListener;

use super::Shared;
use crate::clock::Clock;
use crate::config::{Config, TlsMode};
use crate::keys::{self, KeyFileError};
use crate::manifest;
use crate::service::{OpenError, Relay};
use crate::tls::{self, Certificate, CertificateError};

/// Why a relay cannot start.
#[derive(Debug, Error, Diagnostic)]
pub enum StartError {
    /// The operator's key cannot be used.
    #[error("the operator's key cannot be used")]
    #[diagnostic(help("`sealpost-relay init` makes one"))]
    OperatorKey(#[source] KeyFileError),
    /// There is no certificate.
    #[error("there is no TLS certificate")]
    Certificate(#[source] CertificateError),
    /// The certificate does for no TLS that the relay speaks.
    #[error("TLS cannot be set up")]
    Tls(#[source] rustls::Error),
    /// The manifest cannot be written.
    #[error("the manifest cannot be written")]
    Manifest(#[source] serde_json::Error),
    /// The store cannot be opened.
    #[error("the relay's data cannot be opened")]
    Store(#[source] OpenError),
    /// A listener cannot be opened.
    #[error("nothing can listen on {address}")]
    #[diagnostic(help("is another relay running, or is the address not one of this machine?"))]
    Listen {
        /// Where it should have been.
        address: SocketAddr,
        /// Why not.
        #[source]
        source: io::Error,
    },
}

/// Opens the store and reads or makes what TLS and the manifest need.
pub(super) fn open(config: &Config, clock: Arc<dyn Clock>) -> Result<(Shared, Option<Arc<ServerConfig>>), StartError> {
    let certificate = certificate(config).map_err(StartError::Certificate)?;
    let tls = certificate.as_ref().map(tls::server_config).transpose().map_err(StartError::Tls)?;
    let operator = keys::read_operator(&config.operator_key).map_err(StartError::OperatorKey)?;
    let manifest = manifest::signed(config, certificate.as_ref(), &operator, Day::of(clock.now()))
        .map_err(StartError::Manifest)?;
    let relay = Relay::open(config.settings(), Arc::new(operator), clock).map_err(StartError::Store)?;
    super::warnings(config).into_iter().for_each(super::Warning::log);
    Ok((Shared::new(config, relay, manifest), tls.map(Arc::new)))
}

/// Reads the keys that `config` names, as a start would, and makes none.
///
/// # Errors
/// [`StartError::OperatorKey`], [`StartError::Certificate`].
pub fn check_keys(config: &Config) -> Result<(), StartError> {
    keys::read_operator(&config.operator_key).map_err(StartError::OperatorKey)?;
    if !makes_its_own(config) {
        certificate(config).map_err(StartError::Certificate)?;
    }
    Ok(())
}

/// Opens the store alone.
pub(super) fn open_relay(config: &Config, clock: Arc<dyn Clock>) -> Result<Relay, StartError> {
    let operator = keys::read_operator(&config.operator_key).map_err(StartError::OperatorKey)?;
    Relay::open(config.settings(), Arc::new(operator), clock).map_err(StartError::Store)
}

/// Binds a listener.
pub(super) async fn listen(address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|source| StartError::Listen { address, source })
}

/// The certificate that the configuration names; the relay's own is made when neither of its files is there.
fn certificate(config: &Config) -> Result<Option<Certificate>, CertificateError> {
    let (chain, key) = (&config.tls.certificate, &config.tls.key);
    match config.tls.mode {
        TlsMode::Off => Ok(None),
        TlsMode::Own if makes_its_own(config) => Certificate::create(chain, key, &config.relay.host).map(Some),
        TlsMode::Own | TlsMode::Files => Certificate::load(chain, key).map(Some),
    }
}

fn makes_its_own(config: &Config) -> bool {
    config.tls.mode == TlsMode::Own && !config.tls.certificate.exists() && !config.tls.key.exists()
}
