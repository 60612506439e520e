//! A relay behind real TLS: it records each connection's decrypted bytes and answers as a test tells it to.

use std::sync::{Arc, Mutex};

use data_encoding::HEXLOWER;
use rustls::crypto::aws_lc_rs::{default_provider, sign::any_supported_type};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::version::TLS13;
use rustls::{HandshakeKind, NamedGroup, ProtocolVersion, ServerConnection};
use sealpost_wire::manifest::{self, Limits, Manifest, Retention, Role, SignedManifest, Succession, Tickets, Tls};
use sealpost_wire::operator::{OperatorKey, OperatorSecret};
use sealpost_wire::time::Day;
use sealpost_wire::{RelayHost, RelayRef, SizeClass};
use sha2::{Digest, Sha256};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::task::AbortOnDropHandle;

use super::{answer, read_request};

/// A certificate and the key that it shows.
#[derive(Clone)]
pub(crate) struct Certificate {
    shown: CertificateDer<'static>,
    signing: Arc<CertifiedKey>,
    hash: String,
}

impl Certificate {
    pub(crate) fn fresh() -> Self {
        use rcgen::PublicKeyData;
        let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
        let hash = HEXLOWER.encode(&Sha256::digest(made.signing_key.subject_public_key_info()));
        let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()).into();
        let shown: CertificateDer<'static> = made.cert.into();
        let signing = Arc::new(CertifiedKey::new(vec![shown.clone()], any_supported_type(&key).unwrap()));
        Self { shown, signing, hash }
    }

    /// This certificate in the hands of someone who has only another key.
    pub(crate) fn stolen_by(&self, thief: &Self) -> Self {
        let signing = CertifiedKey::new(vec![self.shown.clone()], thief.signing.key.clone());
        Self { signing: Arc::new(signing), ..self.clone() }
    }

    /// Another's certificate and key, with this certificate behind it as if it had issued it.
    pub(crate) fn claimed_by(&self, impostor: &Self) -> Self {
        let chain = vec![impostor.shown.clone(), self.shown.clone()];
        let signing = CertifiedKey::new(chain, impostor.signing.key.clone());
        Self { signing: Arc::new(signing), ..impostor.clone() }
    }
}

/// The day on which manifests are signed, unless a test says another.
pub(crate) const ISSUED: Day = Day(20_000);

/// Answers one request, given whole, other than one for the manifest. With nothing to say, the connection is cut.
type Handler = Arc<dyn Fn(&[u8]) -> Vec<u8> + Send + Sync>;

struct State {
    certificate: Certificate,
    signed_manifest: Vec<u8>,
    /// The decrypted bytes that came in, of each connection that got through its handshake.
    connections: Vec<Vec<u8>>,
    handshakes: Vec<Handshake>,
}

/// What a handshake showed and came to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Handshake {
    pub(crate) name: Option<String>,
    pub(crate) kind: Option<HandshakeKind>,
    pub(crate) group: Option<NamedGroup>,
    pub(crate) version: Option<ProtocolVersion>,
    pub(crate) protocol: Option<Vec<u8>>,
}

impl Handshake {
    fn of(connection: &ServerConnection) -> Self {
        Self {
            name: connection.server_name().map(str::to_owned),
            kind: connection.handshake_kind(),
            group: connection.negotiated_key_exchange_group().map(|group| group.name()),
            version: connection.protocol_version(),
            protocol: connection.alpn_protocol().map(<[u8]>::to_vec),
        }
    }
}

/// The server. It changes under its clients as a test wants.
pub(crate) struct RelayServer {
    host: RelayHost,
    state: Arc<Mutex<State>>,
    _task: AbortOnDropHandle<()>,
}

impl RelayServer {
    /// Listens with `certificate`, and serves no manifest that anyone would believe yet.
    pub(crate) async fn start(
        certificate: &Certificate,
        handler: impl Fn(&[u8]) -> Vec<u8> + Send + Sync + 'static,
    ) -> Self {
        let handler: Handler = Arc::new(handler);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = listener.local_addr().unwrap().to_string().parse().unwrap();
        let state = State {
            certificate: certificate.clone(),
            signed_manifest: b"{}".to_vec(),
            connections: vec![],
            handshakes: vec![],
        };
        let state = Arc::new(Mutex::new(state));
        let task = tokio::spawn(listen(listener, state.clone(), handler));
        Self { host, state, _task: AbortOnDropHandle::new(task) }
    }

    /// The reference to it under an operator's key.
    pub(crate) fn reference(&self, operator: &OperatorSecret) -> RelayRef {
        RelayRef { host: self.host.clone(), operator: operator.public() }
    }

    /// The same under a DNS name.
    pub(crate) fn named_reference(&self, operator: &OperatorSecret) -> RelayRef {
        let host = format!("localhost:{}", self.host.port()).parse().unwrap();
        RelayRef { host, operator: operator.public() }
    }

    /// Shows `certificate` from now on.
    pub(crate) fn show(&self, certificate: &Certificate) {
        self.state.lock().unwrap().certificate = certificate.clone();
    }

    /// Serves a manifest that names the keys of `certificates` and is signed by `operator`.
    pub(crate) fn publish(&self, operator: &OperatorSecret, certificates: &[&Certificate]) {
        self.publish_as(operator, certificates, |_| {});
    }

    /// As [`RelayServer::publish`], changed before it is signed.
    pub(crate) fn publish_as(
        &self,
        operator: &OperatorSecret,
        certificates: &[&Certificate],
        change: impl FnOnce(&mut Manifest),
    ) {
        let mut manifest = manifest_of(&self.host, &operator.public(), certificates);
        change(&mut manifest);
        let signed = SignedManifest::sign(&manifest, operator).unwrap();
        self.state.lock().unwrap().signed_manifest = serde_json::to_vec(&signed).unwrap();
    }

    /// The operator `from` hands over to `to`, who signs.
    pub(crate) fn hand_over(&self, from: &OperatorSecret, to: &OperatorSecret, certificate: &Certificate) {
        let step = Succession::sign(from, &to.public());
        self.publish_as(to, &[certificate], |manifest| manifest.succession = vec![step]);
    }

    /// The first line of each request of each connection that got through its handshake.
    pub(crate) fn requests(&self) -> Vec<String> {
        let first_line = |bytes: &[u8]| String::from_utf8_lossy(bytes).lines().next().unwrap_or_default().to_owned();
        self.received().iter().map(|bytes| first_line(bytes)).filter(|line| !line.is_empty()).collect()
    }

    /// Each handshake that was got through.
    pub(crate) fn handshakes(&self) -> Vec<Handshake> {
        self.state.lock().unwrap().handshakes.clone()
    }

    /// All application bytes that came in, by connection.
    pub(crate) fn received(&self) -> Vec<Vec<u8>> {
        self.state.lock().unwrap().connections.clone()
    }
}

async fn listen(listener: TcpListener, state: Arc<Mutex<State>>, handler: Handler) {
    loop {
        let (tcp, _) = listener.accept().await.unwrap();
        tokio::spawn(serve(tcp, state.clone(), handler.clone()));
    }
}

async fn serve(tcp: TcpStream, state: Arc<Mutex<State>>, handler: Handler) {
    let mut config = rustls::ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(&[&TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(Shows(state.lock().unwrap().certificate.signing.clone())));
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    if let Ok(stream) = TlsAcceptor::from(Arc::new(config)).accept(tcp).await {
        converse(stream, &state, handler).await;
    }
}

async fn converse(mut stream: TlsStream<TcpStream>, state: &Mutex<State>, handler: Handler) {
    let number = {
        let mut state = state.lock().unwrap();
        state.connections.push(Vec::new());
        state.handshakes.push(Handshake::of(stream.get_ref().1));
        state.connections.len() - 1
    };
    loop {
        let request = read_request(&mut stream).await;
        state.lock().unwrap().connections[number].extend_from_slice(&request);
        if request.is_empty() {
            return;
        }
        if request.starts_with(format!("GET {} ", manifest::PATH).as_bytes()) {
            let manifest = state.lock().unwrap().signed_manifest.clone();
            answer(&mut stream, "200 OK", &manifest).await;
        } else {
            let answer = handler(&request);
            if answer.is_empty() {
                return;
            }
            let _client_may_be_gone = stream.write_all(&answer).await;
        }
    }
}

#[derive(Debug)]
struct Shows(Arc<CertifiedKey>);

impl ResolvesServerCert for Shows {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.clone())
    }
}

/// What a relay says of itself that is in order.
pub(crate) fn manifest_of(host: &RelayHost, operator: &OperatorKey, certificates: &[&Certificate]) -> Manifest {
    Manifest {
        versions: vec![1],
        issued: ISSUED,
        host: host.to_string(),
        name: "A relay for tests".to_owned(),
        region: "here".to_owned(),
        operator: HEXLOWER.encode(operator.as_bytes()),
        tls: Tls { keys_sha256: certificates.iter().map(|one| one.hash.clone()).collect(), web_pki: false },
        retention: Retention { envelope_hours: 336, lease_days: 90 },
        limits: Limits {
            mailbox_envelopes: 1_000,
            mailbox_bytes: 16 << 20,
            deposits_per_minute: 600,
            takes_per_hour: 60,
            shelf_items: 100,
            subscriptions: 256,
            body_bytes: 1 << 20,
        },
        envelope_lengths: SizeClass::ALL.map(SizeClass::envelope_length).to_vec(),
        tickets: Tickets::Off,
        source: "https://example.org".to_owned(),
        succession: vec![],
        role: Role::Relay,
        directory: None,
        key_service: None,
        ohttp_keys: None,
        ticket_keys: vec![],
        ticket_attester: None,
        may_lose_seconds: 0,
        moved_to: None,
    }
}
