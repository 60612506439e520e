//! The tap's two ends of TLS: towards clients it has the relay's key, towards the relay it accepts that key alone.

use std::path::Path;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls13_signature};
use rustls::version::TLS13;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, ServerConfig, SignatureScheme};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use thiserror::Error;
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::Keys;

const HTTP1: &[u8] = b"http/1.1";
const HTTP2: &[u8] = b"h2";

/// A tap cannot stand there.
#[derive(Debug, Error)]
pub enum TapError {
    /// It cannot listen.
    #[error("the tap cannot listen")]
    Listen(#[source] std::io::Error),
    /// The certificate or its key cannot be read.
    #[error("the relay's certificate or its key cannot be read")]
    Certificate(#[from] rustls_pki_types::pem::Error),
    /// They do not go together.
    #[error("the relay's certificate and its key do not go together")]
    Tls(#[from] Error),
}

/// Both ends.
#[derive(Clone)]
pub struct Ends {
    server: Arc<ServerConfig>,
    client: Arc<ClientConfig>,
}

impl Ends {
    /// Reads a certificate and its key; `keys` gets the secrets of connections that clients make.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn of(certificate: &Path, key: &Path, keys: Option<Keys>) -> Result<Self, TapError> {
        let certificate = CertificateDer::from_pem_file(certificate)?;
        let key = PrivateKeyDer::from_pem_file(key)?;
        let provider = Arc::new(aws_lc_rs::default_provider());
        let server = ServerConfig::builder_with_provider(Arc::clone(&provider)).with_protocol_versions(&[&TLS13])?;
        let mut server = server.with_no_client_auth().with_single_cert(vec![certificate.clone()], key)?;
        server.alpn_protocols = vec![HTTP1.to_vec()];
        if let Some(keys) = keys {
            server.key_log = Arc::new(keys);
        }
        let client = ClientConfig::builder_with_provider(Arc::clone(&provider)).with_protocol_versions(&[&TLS13])?;
        let only = Arc::new(Only { certificate, provider });
        let mut client = client.dangerous().with_custom_certificate_verifier(only).with_no_client_auth();
        client.alpn_protocols = vec![HTTP1.to_vec()];
        Ok(Self { server: Arc::new(server), client: Arc::new(client) })
    }

    /// Takes what clients speak, and what servers speak to each other.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        let mut server = ServerConfig::clone(&self.server);
        server.alpn_protocols.push(HTTP2.to_vec());
        TlsAcceptor::from(Arc::new(server))
    }

    /// Accepts the relay's certificate, and no other.
    #[must_use]
    pub fn client(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.client)
    }

    /// Shows the relay's certificate.
    #[must_use]
    pub fn server(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.server)
    }

    /// Speaks what was chosen on the other side.
    pub(super) fn connector(&self, protocol: Option<&[u8]>) -> TlsConnector {
        let mut client = ClientConfig::clone(&self.client);
        client.alpn_protocols = vec![protocol.unwrap_or(HTTP1).to_vec()];
        TlsConnector::from(Arc::new(client))
    }

    /// The name that the relay is asked for; it has one certificate, whatever the name.
    #[must_use]
    pub fn name(&self) -> ServerName<'static> {
        ServerName::IpAddress(std::net::IpAddr::from(std::net::Ipv4Addr::LOCALHOST).into())
    }
}

/// Accepts one certificate, whatever it says of itself.
#[derive(Debug)]
struct Only {
    certificate: CertificateDer<'static>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Only {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if *end_entity == self.certificate {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure))
        }
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("TLS 1.3 only".to_owned()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
