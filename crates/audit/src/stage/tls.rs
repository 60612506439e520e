//! TLS 1.3 between two ends in memory.

use std::io::{self, Write};
use std::ops::DerefMut;
use std::sync::Arc;

use rustls::crypto::{CryptoProvider, SupportedKxGroup, aws_lc_rs};
use rustls::version::TLS13;
use rustls::{
    CipherSuite, ClientConfig, ClientConnection, ConnectionCommon, RootCertStore, ServerConfig, ServerConnection,
    SideData,
};
use rustls_pki_types::{PrivateKeyDer, ServerName};

use super::Lines;
use crate::Trouble;
use crate::capture::Who;
use crate::tap::Keys;

/// How TLS is spoken.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tls {
    /// The cipher suite.
    pub(crate) suite: CipherSuite,
    /// Whether the server asks the client to say hello again.
    pub(crate) retry: bool,
    /// Whether both change their keys behind every line.
    pub(crate) update: bool,
}

impl Default for Tls {
    fn default() -> Self {
        Self { suite: CipherSuite::TLS13_AES_256_GCM_SHA384, retry: false, update: false }
    }
}

type Wire<'a> = &'a mut dyn FnMut(Who, &[u8]) -> io::Result<()>;

/// Says all lines, and hands on what goes over the wire.
pub(super) fn speak(lines: &Lines, tls: &Tls, keys: &Keys, wire: Wire<'_>) -> Result<(), Trouble> {
    let (mut client, mut server) = ends(tls, keys)?;
    while client.is_handshaking() || server.is_handshaking() {
        exchange(&mut client, &mut server, wire)?;
    }
    for (who, bytes) in lines {
        match who {
            Who::Client => client.writer().write_all(bytes)?,
            Who::Server => server.writer().write_all(bytes)?,
        }
        exchange(&mut client, &mut server, wire)?;
        if tls.update {
            client.refresh_traffic_keys()?;
            server.refresh_traffic_keys()?;
        }
    }
    client.send_close_notify();
    server.send_close_notify();
    exchange(&mut client, &mut server, wire)
}

/// Carries over what each has to say, until neither has.
fn exchange(client: &mut ClientConnection, server: &mut ServerConnection, wire: Wire<'_>) -> Result<(), Trouble> {
    while client.wants_write() || server.wants_write() {
        carry(client, server, &mut |bytes| wire(Who::Client, bytes))?;
        carry(server, client, &mut |bytes| wire(Who::Server, bytes))?;
    }
    Ok(())
}

/// Carries over what one has to say. What the other reads of it is thrown away: it is known.
fn carry<A, B, C, D>(from: &mut A, to: &mut B, wire: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> Result<(), Trouble>
where
    A: DerefMut<Target = ConnectionCommon<C>>,
    B: DerefMut<Target = ConnectionCommon<D>>,
    C: SideData,
    D: SideData,
{
    let mut flight = Vec::new();
    while from.wants_write() {
        from.write_tls(&mut flight)?;
    }
    wire(&flight)?;
    let mut rest = flight.as_slice();
    while !rest.is_empty() {
        to.read_tls(&mut rest)?;
        to.process_new_packets()?;
        match io::copy(&mut to.reader(), &mut io::sink()) {
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => return Err(error.into()),
            _ => {}
        }
    }
    Ok(())
}

/// A client that trusts the server's certificate, which was made for this.
fn ends(tls: &Tls, keys: &Keys) -> Result<(ClientConnection, ServerConnection), Trouble> {
    let made = rcgen::generate_simple_self_signed(vec!["stage.invalid".to_owned()])?;
    let key = PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
    let certificate = made.cert.der().clone();
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone())?;
    let groups: &[&'static dyn SupportedKxGroup] = &[aws_lc_rs::kx_group::X25519, aws_lc_rs::kx_group::SECP256R1];
    let client = ClientConfig::builder_with_provider(provider(tls, groups)).with_protocol_versions(&[&TLS13])?;
    let mut client = client.with_root_certificates(roots).with_no_client_auth();
    client.key_log = Arc::new(keys.clone());
    // The client guesses the first group.
    let groups = if tls.retry { groups.get(1..).unwrap_or_default() } else { groups };
    let server = ServerConfig::builder_with_provider(provider(tls, groups)).with_protocol_versions(&[&TLS13])?;
    let server = server.with_no_client_auth().with_single_cert(vec![certificate], key)?;
    let name = ServerName::try_from("stage.invalid")?;
    Ok((ClientConnection::new(Arc::new(client), name)?, ServerConnection::new(Arc::new(server))?))
}

fn provider(tls: &Tls, groups: &[&'static dyn SupportedKxGroup]) -> Arc<CryptoProvider> {
    let mut provider = aws_lc_rs::default_provider();
    provider.cipher_suites.retain(|suite| suite.suite() == tls.suite);
    Arc::new(CryptoProvider { kx_groups: groups.to_vec(), ..provider })
}
