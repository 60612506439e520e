//! The certificate that is shown, which may become another one while the server runs.

use std::sync::{Arc, PoisonError, RwLock};

use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::Certificate;

/// What new connections are shown; those that there are have what they were shown.
pub(crate) struct Shown(RwLock<Arc<CertifiedKey>>);

impl Shown {
    /// Shows `certificate`.
    pub(crate) fn new(certificate: &Certificate) -> Self {
        Self(RwLock::new(Arc::clone(certificate.certified())))
    }

    /// Shows another one from now on.
    pub(crate) fn show(&self, certificate: &Certificate) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(certificate.certified());
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

impl std::fmt::Debug for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self(_) = self;
        f.write_str("Shown(..)")
    }
}
