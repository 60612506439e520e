//! TLS as every connection uses it: version 1.3 alone, the hybrid key exchange first, nothing kept from one connection
//! to the next.

use std::sync::{Arc, LazyLock};

use rustls::client::Resumption;
use rustls::crypto::aws_lc_rs::{default_provider, kx_group};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms};
use rustls::pki_types::ServerName;
use rustls::version::TLS13;
use rustls::{ClientConfig, Error};
use sealpost_wire::RelayHost;

use super::verifier::RelayVerifier;

/// The one application protocol that is offered. HTTP/2 would compress header fields and cut bodies into frames, and the
/// tripwire could not read along.
const ALPN: &[u8] = b"http/1.1";

static PROVIDER: LazyLock<Arc<CryptoProvider>> = LazyLock::new(|| {
    let kx_groups = vec![kx_group::X25519MLKEM768, kx_group::X25519, kx_group::SECP256R1];
    Arc::new(CryptoProvider { kx_groups, ..default_provider() })
});

/// The signatures that certificates and handshakes may have.
pub(super) fn algorithms() -> WebPkiSupportedAlgorithms {
    PROVIDER.signature_verification_algorithms
}

/// The configuration of one connection.
///
/// # Errors
/// When the provider has no suite of TLS 1.3, which the one built in has.
pub(super) fn config(verifier: Arc<RelayVerifier>) -> Result<ClientConfig, Error> {
    let mut config = ClientConfig::builder_with_provider(Arc::clone(&PROVIDER))
        .with_protocol_versions(&[&TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    config.alpn_protocols = vec![ALPN.to_vec()];
    // A ticket would let the relay tell that two connections come from one client.
    config.resumption = Resumption::disabled();
    Ok(config)
}

/// The name that the certificate is checked for; only a DNS name is also sent (RFC 6066, section 3).
pub(super) fn server_name(host: &RelayHost) -> Option<ServerName<'static>> {
    ServerName::try_from(host.host().to_owned()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(host: &str) -> ServerName<'static> {
        server_name(&host.parse().unwrap()).unwrap()
    }

    #[test]
    fn only_a_dns_name_is_shown_in_the_handshake() {
        assert!(matches!(of("relay.example.org:443"), ServerName::DnsName(_)));
        assert!(matches!(of("127.0.0.1:443"), ServerName::IpAddress(_)));
        assert!(matches!(of("[::1]:443"), ServerName::IpAddress(_)));
    }

    #[test]
    fn the_hybrid_key_exchange_is_preferred_and_only_tls_1_3_spoken() {
        let config = config(Arc::new(RelayVerifier::new(None, algorithms()))).unwrap();
        let provider = config.crypto_provider();
        assert_eq!(provider.kx_groups[0].name(), rustls::NamedGroup::X25519MLKEM768);
        assert!(!config.enable_early_data);
    }
}
