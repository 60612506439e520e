//! What the relay says of itself, signed once when it starts.

use bytes::Bytes;
use sealpost_wire::manifest::{Manifest, Role, SignedManifest, Tickets, Tls};
use sealpost_wire::operator::{OperatorKey, OperatorSecret};
use sealpost_wire::time::Day;
use sealpost_wire::{SizeClass, VERSION};

use crate::config::Config;
use crate::tls::Certificate;

/// The signed manifest as `GET /v1/relay` answers it.
///
/// # Errors
/// When it cannot be written as JSON.
pub fn signed(
    config: &Config,
    certificate: Option<&Certificate>,
    operator: &OperatorSecret,
    today: Day,
) -> Result<Bytes, serde_json::Error> {
    let manifest = manifest(config, certificate, &operator.public(), today);
    Ok(serde_json::to_vec(&SignedManifest::sign(&manifest, operator)?)?.into())
}

/// What the relay says of itself. Without TLS there is no certificate to name.
fn manifest(config: &Config, certificate: Option<&Certificate>, operator: &OperatorKey, issued: Day) -> Manifest {
    let relay = &config.relay;
    Manifest {
        versions: vec![VERSION],
        issued,
        host: relay.host.to_string(),
        name: relay.name.clone(),
        region: relay.region.clone(),
        operator: data_encoding::HEXLOWER.encode(operator.as_bytes()),
        tls: Tls {
            keys_sha256: certificate.into_iter().map(|certificate| certificate.key_sha256().to_owned()).collect(),
            web_pki: config.tls.web_pki,
        },
        retention: config.manifest_retention(),
        limits: config.manifest_limits(),
        envelope_lengths: SizeClass::ALL.map(SizeClass::envelope_length).to_vec(),
        tickets: Tickets::Off,
        source: relay.source.clone(),
        succession: Vec::new(),
        role: Role::Relay,
        directory: None,
        key_service: None,
    }
}
