//! Who is at the other end, as far as TLS can tell.

use std::fmt;
use std::sync::{Arc, LazyLock, OnceLock};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, PeerIncompatible, RootCertStore, SignatureScheme};
use sha2::{Digest, Sha256};

use super::TrustError;
use super::trust::KnownRelay;

static WEB_ROOTS: LazyLock<RootCertStore> = LazyLock::new(|| webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect());

/// SHA-256 of a certificate's SubjectPublicKeyInfo (RFC 5280, section 4.1).
pub(super) type KeyHash = [u8; 32];

/// What a certificate says, before anybody decides whether it is enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Presented {
    /// The key that the handshake must be signed with.
    pub(super) key: KeyHash,
    /// Whether the web's public key infrastructure vouches for it under the relay's name.
    pub(super) web_pki: bool,
}

/// The verifier of one connection.
///
/// To a relay that is known, it demands what the relay's manifest does. To one that is not, it lets any certificate pass
/// and remembers which it was: the manifest, which then comes over this very connection, must name it. In both cases the
/// handshake must be signed by the certificate's key.
pub(super) struct RelayVerifier {
    known: Option<Arc<KnownRelay>>,
    presented: OnceLock<Presented>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl RelayVerifier {
    pub(super) fn new(known: Option<Arc<KnownRelay>>, algorithms: WebPkiSupportedAlgorithms) -> Self {
        Self { known, presented: OnceLock::new(), algorithms }
    }

    /// The certificate that was shown; none before the handshake got that far.
    pub(super) fn presented(&self) -> Option<Presented> {
        self.presented.get().copied()
    }

    /// Why the certificate was turned down, if it was.
    pub(super) fn refusal(&self) -> Option<TrustError> {
        self.known.as_ref()?.accepts(&self.presented()?).err()
    }

    fn read(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<Presented, Error> {
        let certificate = ParsedCertificate::try_from(certificate)?;
        let chain = verify_server_cert_signed_by_trust_anchor(
            &certificate,
            &WEB_ROOTS,
            intermediates,
            now,
            self.algorithms.all,
        );
        let web_pki = chain.and_then(|()| verify_server_name(&certificate, name)).is_ok();
        Ok(Presented { key: Sha256::digest(certificate.subject_public_key_info()).into(), web_pki })
    }
}

impl ServerCertVerifier for RelayVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let presented = self.read(end_entity, intermediates, server_name, now)?;
        // One handshake, one certificate: what is refused or believed is the one that was shown here.
        self.presented.set(presented).map_err(|_| CertificateError::ApplicationVerificationFailure)?;
        match self.refusal() {
            None => Ok(ServerCertVerified::assertion()),
            Some(_) => Err(CertificateError::ApplicationVerificationFailure.into()),
        }
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(PeerIncompatible::Tls12NotOffered.into())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

impl fmt::Debug for RelayVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RelayVerifier(..)")
    }
}
