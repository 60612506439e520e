//! From a configuration to keys and open listeners.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use miette::Diagnostic;
use rustls::ServerConfig;
use sealpost_wire::manifest::{Manifest, Role, Succession};
use sealpost_wire::operator::OperatorSecret;
use thiserror::Error;
use tokio::net::TcpListener;

use super::reload::Material;
use crate::clock::Clock;
use crate::config::{Serving, TlsMode};
use crate::keys::{self, KeyFileError};
use crate::manifest::{self, ManifestCell};
use crate::metrics::Registry;
use crate::oblivious::{DayKeys, KeysError};
use crate::succession::{self, SuccessionError};
use crate::tls::{self, Certificate, CertificateError};

/// Why a server cannot start.
#[derive(Debug, Error, Diagnostic)]
pub enum StartError {
    /// The operator's key cannot be used.
    #[error("the operator's key cannot be used")]
    OperatorKey(
        #[source]
        #[diagnostic_source]
        KeyFileError,
    ),
    /// Who knows a former key of the operator's could not follow.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Succession(SuccessionError),
    /// There is no certificate.
    #[error("there is no TLS certificate")]
    Certificate(
        #[source]
        #[diagnostic_source]
        CertificateError,
    ),
    /// The certificate does for no TLS that the server speaks.
    #[error("TLS cannot be set up")]
    #[diagnostic(help("the certificate's key must be of a kind for TLS 1.3; `openssl x509 -text` shows it"))]
    Tls(#[source] rustls::Error),
    /// The keys of Oblivious HTTP cannot be used.
    #[error("the keys of Oblivious HTTP cannot be used")]
    Oblivious(
        #[source]
        #[diagnostic_source]
        KeysError,
    ),
    /// The manifest cannot be written.
    #[error("the manifest cannot be written")]
    Manifest(#[source] serde_json::Error),
    /// A listener cannot be opened.
    #[error("nothing can listen on {address}")]
    #[diagnostic(help("is another server running, or is the address not one of this machine?"))]
    Listen {
        /// Where it should have been.
        address: SocketAddr,
        /// Why not.
        #[source]
        source: io::Error,
    },
}

impl StartError {
    /// What a program exits with: 4 when a key or certificate is missing, exposed or unusable, else 1.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::OperatorKey(_) | Self::Succession(_) | Self::Certificate(_) | Self::Tls(_) | Self::Oblivious(_) => 4,
            Self::Manifest(_) | Self::Listen { .. } => 1,
        }
    }
}

/// What a server has before it listens: keys, a clock, and a place for its numbers.
pub struct Foundation {
    pub(super) tls: Option<Arc<ServerConfig>>,
    pub(super) material: Option<Material>,
    pub(super) registry: Registry,
    pub(super) keys: Option<Arc<DayKeys>>,
    certificate: Option<Certificate>,
    operator: Arc<OperatorSecret>,
    succession: Vec<Succession>,
    pub(super) clock: Arc<dyn Clock>,
}

impl Foundation {
    /// Reads the keys that the configuration names; the server's own certificate is made when neither of its files is
    /// there, and so are keys of Oblivious HTTP.
    ///
    /// # Errors
    /// [`StartError`], but for those of manifest and listeners.
    pub fn open(serving: &Serving<'_>, clock: Arc<dyn Clock>) -> Result<Self, StartError> {
        let certificate = certificate(serving).map_err(StartError::Certificate)?;
        let material =
            certificate.as_ref().map(|certificate| Material::of(serving.tls, &serving.public.host, certificate));
        let tls = material
            .as_ref()
            .map(|material| tls::server_config_of(Arc::clone(&material.shown), material.acme.is_some()));
        let tls = tls.transpose().map_err(StartError::Tls)?;
        let operator = keys::read_operator(serving.operator_key).map_err(StartError::OperatorKey)?;
        let succession = succession::read(serving.operator_key, &operator.public()).map_err(StartError::Succession)?;
        let keys = directory(serving).map(|directory| DayKeys::open(directory, Arc::clone(&clock)));
        let keys = keys.transpose().map_err(StartError::Oblivious)?.map(Arc::new);
        let (tls, registry) = (tls.map(Arc::new), Registry::new());
        let operator = Arc::new(operator);
        Ok(Self { tls, material, registry, keys, certificate, operator, succession, clock })
    }

    /// The operator's key.
    #[must_use]
    pub const fn operator(&self) -> &Arc<OperatorSecret> {
        &self.operator
    }

    /// The clock.
    #[must_use]
    pub const fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// Where a program registers its numbers.
    #[must_use]
    pub const fn registry(&self) -> &Registry {
        &self.registry
    }

    /// What the server says of itself, as one that keeps nothing for anyone: the program adds the rest.
    #[must_use]
    pub fn manifest(&self, serving: &Serving<'_>, role: Role) -> Manifest {
        let told = manifest::manifest(serving, self.certificate.as_ref(), &self.operator.public(), role);
        Manifest { succession: self.succession.clone(), ..told }
    }

    /// Signs what the server says of itself, as of today.
    ///
    /// # Errors
    /// [`StartError::Manifest`].
    pub fn sign(&self, manifest: Manifest) -> Result<ManifestCell, StartError> {
        let (operator, clock) = (Arc::clone(&self.operator), Arc::clone(&self.clock));
        ManifestCell::telling(self.keys.clone(), manifest, operator, clock).map_err(StartError::Manifest)
    }
}

/// Reads the keys that the configuration names, as a start would, and makes none.
///
/// # Errors
/// [`StartError::OperatorKey`], [`StartError::Succession`], [`StartError::Certificate`], [`StartError::Oblivious`].
pub fn check_keys(serving: &Serving<'_>) -> Result<(), StartError> {
    let operator = keys::read_operator(serving.operator_key).map_err(StartError::OperatorKey)?;
    succession::read(serving.operator_key, &operator.public()).map_err(StartError::Succession)?;
    if !makes_its_own(serving) {
        certificate(serving).map_err(StartError::Certificate)?;
    }
    directory(serving).map_or(Ok(()), DayKeys::check).map_err(StartError::Oblivious)
}

/// Where the keys of Oblivious HTTP lie, if the server is to be a gateway.
fn directory<'a>(serving: &Serving<'a>) -> Option<&'a Path> {
    serving.oblivious.filter(|oblivious| oblivious.enabled).map(|oblivious| &*oblivious.keys)
}

/// Binds a listener.
pub(super) async fn listen(address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|source| StartError::Listen { address, source })
}

/// The certificate that the configuration names; the server's own is made when neither of its files is there.
fn certificate(serving: &Serving<'_>) -> Result<Option<Certificate>, CertificateError> {
    let (chain, key) = (&serving.tls.certificate, &serving.tls.key);
    match serving.tls.mode {
        TlsMode::Off => Ok(None),
        TlsMode::Own | TlsMode::Acme if makes_its_own(serving) => {
            Certificate::create(chain, key, &serving.public.host).map(Some)
        }
        TlsMode::Own | TlsMode::Files | TlsMode::Acme => Certificate::load(chain, key).map(Some),
    }
}

fn makes_its_own(serving: &Serving<'_>) -> bool {
    serving.tls.makes_its_own() && !serving.tls.certificate.exists() && !serving.tls.key.exists()
}
