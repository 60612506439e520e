//! TLS 1.3 and nothing older; the hybrid X25519MLKEM768 key exchange first; no resumption, whose tickets would tie one
//! connection of a client to the next.

mod certificate;
mod shown;

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::HEXLOWER;
use rustls::client::danger::ServerCertVerifier;
use rustls::client::{ClientConfig, Resumption};
use rustls::crypto::CryptoProvider;
use rustls::crypto::aws_lc_rs::{default_provider, kx_group};
use rustls::server::{NoServerSessionStorage, ServerConfig};

pub use certificate::{Certificate, CertificateError};
pub(crate) use shown::Shown;

/// The protocols that a client may choose by ALPN, the server's favourite first.
pub const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// How a listener speaks TLS with `certificate`.
///
/// # Errors
/// When the provider lacks what TLS 1.3 needs, which the one that is linked in does not.
pub fn server_config(certificate: &Certificate) -> Result<ServerConfig, rustls::Error> {
    server_config_of(Arc::new(Shown::new(certificate)), false)
}

/// What an authority asks for that is to see that a name leads here (RFC 8737).
pub(crate) const CHALLENGE: &[u8] = b"acme-tls/1";

/// The same with whatever is shown at the time, and perhaps what answers authorities.
pub(crate) fn server_config_of(shown: Arc<Shown>, answers: bool) -> Result<ServerConfig, rustls::Error> {
    let mut config = ServerConfig::builder_with_provider(Arc::new(provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_no_client_auth()
        .with_cert_resolver(shown);
    config.send_tls13_tickets = 0;
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.alpn_protocols = PROTOCOLS.into_iter().chain(answers.then_some(CHALLENGE)).map(<[u8]>::to_vec).collect();
    Ok(config)
}

/// How one of our servers asks another, by `protocol`.
pub(crate) fn client_config(
    verifier: Arc<dyn ServerCertVerifier>,
    protocol: &[u8],
) -> Result<ClientConfig, rustls::Error> {
    let mut config = ClientConfig::builder_with_provider(Arc::new(provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    config.alpn_protocols = vec![protocol.to_vec()];
    config.resumption = Resumption::disabled();
    Ok(config)
}

/// AWS-LC with the key exchanges of today, the post-quantum hybrid first.
pub(crate) fn provider() -> CryptoProvider {
    let kx_groups = vec![kx_group::X25519MLKEM768, kx_group::X25519, kx_group::SECP256R1];
    CryptoProvider { kx_groups, ..default_provider() }
}

/// SHA-256 of a SubjectPublicKeyInfo (RFC 5280, section 4.1.2.7) in hexadecimal, as manifests name it.
pub(crate) fn key_sha256(public: &[u8]) -> String {
    HEXLOWER.encode(digest(&SHA256, public).as_ref())
}
