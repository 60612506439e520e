//! A server's certificate: its own, made once and kept, or the operator's files.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use sealpost_wire::RelayHost;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::keys::{self, KeyFileError};
use crate::succession;

/// A certificate chain with its private key, and the hash that the manifest names.
#[derive(Clone)]
pub struct Certificate {
    certified: Arc<CertifiedKey>,
    key_sha256: String,
}

/// Why there is no certificate.
#[derive(Debug, Error, miette::Diagnostic)]
pub enum CertificateError {
    /// The private key cannot be used.
    #[error("the TLS key cannot be used")]
    Key(
        #[source]
        #[diagnostic_source]
        KeyFileError,
    ),
    /// The chain cannot be read or written.
    #[error("the TLS certificate {} cannot be used", path.display())]
    #[diagnostic(help(
        "`init` writes one; with `mode = \"files\"` in [tls] it is yours, and the server's own account must read it"
    ))]
    Chain {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file is there, but not PEM of what it should be.
    #[error("{} holds no {expected}", path.display())]
    #[diagnostic(help(
        "`certificate` and `key` in [tls] are files in PEM; the relay's own are made by `sealpost-relay keys rotate tls`"
    ))]
    NotPem {
        /// The file.
        path: PathBuf,
        /// What should be in it.
        expected: &'static str,
    },
    /// The two files do not belong together, or the key is of a kind that TLS 1.3 has no use for.
    #[error("the TLS certificate and its key do not make a pair for TLS 1.3")]
    #[diagnostic(help("put certificate and key in place together: Ed25519, ECDSA on P-256 or P-384, or RSA"))]
    Pair(#[source] rustls::Error),
    /// No certificate could be made.
    #[error("a certificate could not be made")]
    Make(#[source] rcgen::Error),
}

impl Certificate {
    /// Reads a chain and its key.
    ///
    /// # Errors
    /// [`CertificateError`], also when others than its owner may read the key.
    pub fn load(chain: &Path, key: &Path) -> Result<Self, CertificateError> {
        let pem = keys::read(key).map_err(CertificateError::Key)?;
        let secret = PrivateKeyDer::from_pem_slice(&pem).map_err(|_| not_pem(key, "private key"))?;
        let certified =
            CertifiedKey::from_der(read_chain(chain)?, secret, &super::provider()).map_err(CertificateError::Pair)?;
        let key_sha256 = key_sha256(&certified).ok_or_else(|| not_pem(key, "key with a public half"))?;
        Ok(Self { certified: Arc::new(certified), key_sha256 })
    }

    /// Makes a self-signed certificate for `host` and writes it and its key to files that are not there yet.
    ///
    /// It carries no date of its making and does not expire: what it is worth, the signed manifest says.
    ///
    /// # Errors
    /// [`CertificateError`], also when a file is there already.
    pub fn create(chain: &Path, key: &Path, host: &RelayHost) -> Result<Self, CertificateError> {
        let pair = rcgen::KeyPair::generate().map_err(CertificateError::Make)?;
        let params = rcgen::CertificateParams::new([host.host().to_owned()]).map_err(CertificateError::Make)?;
        let made = params.self_signed(&pair).map_err(CertificateError::Make)?;
        keys::create(key, Zeroizing::new(pair.serialize_pem()).as_bytes()).map_err(CertificateError::Key)?;
        keys::create_with_mode(chain, made.pem().as_bytes(), 0o644).map_err(|source| chain_error(chain, source))?;
        Self::load(chain, key)
    }

    /// Makes a self-signed certificate in the place of the one in these files, which is erased. Killed in between, there may be
    /// no pair: then it is to be done again.
    ///
    /// # Errors
    /// [`CertificateError`].
    pub fn renew(chain: &Path, key: &Path, host: &RelayHost) -> Result<Self, CertificateError> {
        let [next_chain, next_key] = [chain, key].map(|path| succession::beside(path, "next"));
        let of_key = |source| CertificateError::Key(KeyFileError::Io { path: key.to_owned(), source });
        keys::erase(&next_key).map_err(of_key)?;
        keys::remove(&next_chain).map_err(|source| chain_error(&next_chain, source))?;
        Self::create(&next_chain, &next_key, host)?;
        keys::erase(key).map_err(of_key)?;
        succession::replace(&next_key, key).map_err(of_key)?;
        succession::replace(&next_chain, chain).map_err(|source| chain_error(chain, source))?;
        Self::load(chain, key)
    }

    /// What an authority is shown that challenged whoever is behind `host` with this digest (RFC 8737, section 3).
    pub(crate) fn answer(host: &RelayHost, digest: &[u8]) -> Result<Arc<CertifiedKey>, CertificateError> {
        let pair = rcgen::KeyPair::generate().map_err(CertificateError::Make)?;
        let mut params = rcgen::CertificateParams::new([host.host().to_owned()]).map_err(CertificateError::Make)?;
        params.custom_extensions = vec![rcgen::CustomExtension::new_acme_identifier(digest)];
        let made = params.self_signed(&pair).map_err(CertificateError::Make)?;
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(pair.serialize_der()));
        let key = super::provider().key_provider.load_private_key(key).map_err(CertificateError::Pair)?;
        // Not checked as a pair: that would stumble over the challenge's extension, which is critical and of no use elsewhere.
        Ok(Arc::new(CertifiedKey::new(vec![made.der().clone()], key)))
    }

    /// SHA-256 of the SubjectPublicKeyInfo (RFC 5280, section 4.1.2.7) in hexadecimal, as the manifest names it.
    #[must_use]
    pub fn key_sha256(&self) -> &str {
        &self.key_sha256
    }

    /// Chain and key, for TLS.
    pub(super) fn certified(&self) -> &Arc<CertifiedKey> {
        &self.certified
    }
}

impl std::fmt::Debug for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { certified: _, key_sha256: _ } = self;
        f.write_str("Certificate(..)")
    }
}

fn read_chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, CertificateError> {
    let text = std::fs::read(path).map_err(|source| chain_error(path, source))?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    chain.ok().filter(|chain| !chain.is_empty()).ok_or_else(|| not_pem(path, "certificate"))
}

fn key_sha256(certified: &CertifiedKey) -> Option<String> {
    certified.key.public_key().map(|public| super::key_sha256(&public))
}

fn chain_error(path: &Path, source: io::Error) -> CertificateError {
    CertificateError::Chain { path: path.to_owned(), source }
}

fn not_pem(path: &Path, expected: &'static str) -> CertificateError {
    CertificateError::NotPem { path: path.to_owned(), expected }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(directory: &Path, name: &str) -> Certificate {
        let (chain, key) = (directory.join(format!("{name}.pem")), directory.join(format!("{name}.key")));
        Certificate::create(&chain, &key, &"relay.example:8443".parse().unwrap()).unwrap()
    }

    #[test]
    fn a_certificate_is_made_once_and_read_back() {
        let directory = tempfile::tempdir().unwrap();
        let first = made(directory.path(), "a");
        let again = Certificate::load(&directory.path().join("a.pem"), &directory.path().join("a.key")).unwrap();
        assert_eq!(first.key_sha256(), again.key_sha256());
        assert_eq!(first.key_sha256().len(), 64);
    }

    #[test]
    fn a_renewed_certificate_has_another_key_and_takes_the_place_of_both_files() {
        let directory = tempfile::tempdir().unwrap();
        let former = made(directory.path(), "a");
        let (chain, key) = (directory.path().join("a.pem"), directory.path().join("a.key"));
        let next = Certificate::renew(&chain, &key, &"relay.example:8443".parse().unwrap()).unwrap();
        assert_ne!(former.key_sha256(), next.key_sha256());
        assert_eq!(Certificate::load(&chain, &key).unwrap().key_sha256(), next.key_sha256());
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_certificate_with_the_key_of_another_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        made(directory.path(), "a");
        made(directory.path(), "b");
        let mixed = Certificate::load(&directory.path().join("a.pem"), &directory.path().join("b.key"));
        assert!(matches!(mixed, Err(CertificateError::Pair(_))));
    }

    #[test]
    fn files_of_something_else_are_refused() {
        let directory = tempfile::tempdir().unwrap();
        made(directory.path(), "a");
        let (chain, key) = (directory.path().join("a.pem"), directory.path().join("a.key"));
        assert!(matches!(Certificate::load(&key, &key), Err(CertificateError::NotPem { .. })));
        assert!(matches!(Certificate::load(&directory.path().join("no"), &key), Err(CertificateError::Chain { .. })));
        std::fs::remove_file(&key).unwrap();
        assert!(matches!(Certificate::load(&chain, &key), Err(CertificateError::Key(_))));
    }
}
