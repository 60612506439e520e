//! The certificate that is shown, which may become another one while the server runs.

use std::sync::{Arc, PoisonError, RwLock};

use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::{CHALLENGE, Certificate};

/// What new connections are shown; those that there are have what they were shown.
pub(crate) struct Shown {
    certificate: RwLock<Arc<CertifiedKey>>,
    /// What an authority is shown that asks for it.
    answer: RwLock<Option<Arc<CertifiedKey>>>,
}

impl Shown {
    /// Shows `certificate`.
    pub(crate) fn new(certificate: &Certificate) -> Self {
        Self { certificate: RwLock::new(Arc::clone(certificate.certified())), answer: RwLock::default() }
    }

    /// Shows another one from now on.
    pub(crate) fn show(&self, certificate: &Certificate) {
        *self.certificate.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(certificate.certified());
    }

    /// Shows this one to authorities that ask for an answer to their challenge, or none.
    pub(crate) fn answer(&self, answer: Option<Arc<CertifiedKey>>) {
        *self.answer.write().unwrap_or_else(PoisonError::into_inner) = answer;
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        if hello.alpn().is_some_and(|mut protocols| protocols.any(|protocol| protocol == CHALLENGE)) {
            return self.answer.read().unwrap_or_else(PoisonError::into_inner).clone();
        }
        Some(Arc::clone(&self.certificate.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

impl std::fmt::Debug for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { certificate: _, answer: _ } = self;
        f.write_str("Shown(..)")
    }
}
