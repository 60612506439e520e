//! A server of ours as far as anyone can tell, which writes down all that it is asked and answers as it is told.

use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use sealpost_relay::tls::{Certificate, server_config};
use sealpost_wire::manifest::{Limits, Manifest, Retention, Role, SignedManifest, Tickets, Tls};
use sealpost_wire::operator::OperatorSecret;
use sealpost_wire::time::Day;
use sealpost_wire::{RelayRef, SizeClass, manifest};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

/// What it answers to all but the manifest.
#[derive(Clone)]
pub(super) enum Behaviour {
    /// This, at once.
    Answer(StatusCode, &'static str, Bytes),
    /// This, with one field more.
    Field(StatusCode, &'static str, String),
    /// Nothing.
    Hang,
}

impl Behaviour {
    pub(super) fn sealed(length: usize) -> Self {
        Self::Answer(StatusCode::OK, "message/ohttp-res", vec![9; length].into())
    }
}

/// One request, as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) connection: usize,
    pub(super) method: Method,
    pub(super) uri: String,
    pub(super) fields: Vec<(String, String)>,
    pub(super) body: Bytes,
}

pub(super) struct Origin {
    pub(super) reference: RelayRef,
    pub(super) manifest: Arc<Mutex<Bytes>>,
    state: Arc<State>,
    certificate: Certificate,
    running: CancellationToken,
}

struct State {
    behaviour: Mutex<Behaviour>,
    seen: Mutex<Vec<Seen>>,
    connections: AtomicUsize,
    manifest: Arc<Mutex<Bytes>>,
}

impl Origin {
    pub(super) async fn start() -> Self {
        Self::start_of(&OperatorSecret::random(&mut rand::rng())).await
    }

    /// One whose manifest a successor of `pinned` signs.
    pub(super) async fn start_succeeded(pinned: &OperatorSecret, successor: &OperatorSecret) -> Self {
        let origin = Self::start_of(pinned).await;
        let mut manifest = manifest_of(&origin.reference, &origin.certificate, successor);
        manifest.succession = vec![manifest::Succession::sign(pinned, &successor.public())];
        *origin.manifest.lock().unwrap() = signed(&manifest, successor);
        origin
    }

    pub(super) async fn start_of(operator: &OperatorSecret) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = format!("localhost:{}", listener.local_addr().unwrap().port()).parse().unwrap();
        let directory = tempfile::tempdir().unwrap();
        let [chain, key] = ["tls.pem", "tls.key"].map(|name| directory.path().join(name));
        let certificate = Certificate::create(&chain, &key, &host).unwrap();
        let reference = RelayRef { host, operator: operator.public() };
        let manifest = signed(&manifest_of(&reference, &certificate, operator), operator);
        let manifest = Arc::new(Mutex::new(manifest));
        let state = State {
            behaviour: Mutex::new(Behaviour::sealed(4_592 + 32)),
            seen: Mutex::default(),
            connections: AtomicUsize::new(0),
            manifest: Arc::clone(&manifest),
        };
        let mut origin =
            Self { reference, manifest, state: Arc::new(state), certificate, running: CancellationToken::new() };
        origin.listen(listener);
        origin
    }

    /// Has it say that it has moved, when it is listened to again.
    pub(super) fn move_to(&self, next: &RelayRef, operator: &OperatorSecret) {
        let mut manifest = manifest_of(&self.reference, &self.certificate, operator);
        manifest.moved_to = Some(next.host.to_string());
        *self.manifest.lock().unwrap() = signed(&manifest, operator);
    }

    /// Ends all connections, and takes none any more.
    pub(super) async fn stop(&self) {
        self.running.cancel();
        while tokio::net::TcpStream::connect(("127.0.0.1", self.reference.host.port())).await.is_ok() {
            sleep(Duration::from_millis(5)).await;
        }
    }

    /// Listens again where it did.
    pub(super) async fn start_again(&mut self) {
        self.running = CancellationToken::new();
        let listener = TcpListener::bind(("127.0.0.1", self.reference.host.port())).await.unwrap();
        self.listen(listener);
    }

    pub(super) fn behave(&self, behaviour: Behaviour) {
        *self.state.behaviour.lock().unwrap() = behaviour;
    }

    /// All that came, but for manifests.
    pub(super) fn seen(&self) -> Vec<Seen> {
        self.all_seen().into_iter().filter(|seen| seen.method != Method::GET).collect()
    }

    pub(super) fn all_seen(&self) -> Vec<Seen> {
        self.state.seen.lock().unwrap().clone()
    }

    /// Waits until so many requests have come, manifests apart.
    pub(super) async fn until_seen(&self, count: usize) {
        while self.seen().len() < count {
            sleep(Duration::from_millis(5)).await;
        }
    }

    fn listen(&mut self, listener: TcpListener) {
        let tls = TlsAcceptor::from(Arc::new(server_config(&self.certificate).unwrap()));
        let state = Arc::clone(&self.state);
        let accepting = async move {
            let mut connections = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (tls, state) = (tls.clone(), Arc::clone(&state));
                connections.spawn(async move {
                    let Ok(stream) = tls.accept(stream).await else { return };
                    let number = state.connections.fetch_add(1, Ordering::Relaxed);
                    let service = service_fn(move |request| answer(Arc::clone(&state), number, request));
                    let _ended =
                        http2::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await;
                });
            }
        };
        tokio::spawn(self.running.clone().run_until_cancelled_owned(accepting));
    }
}

async fn answer(
    state: Arc<State>,
    connection: usize,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let field =
        |(name, value): (&http::HeaderName, &http::HeaderValue)| (name.to_string(), value.to_str().unwrap().to_owned());
    let fields = head.headers.iter().map(field).collect();
    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let seen = Seen { connection, method: head.method, uri: head.uri.to_string(), fields, body };
    let is_manifest = seen.method == Method::GET;
    state.seen.lock().unwrap().push(seen);
    let behaviour = state.behaviour.lock().unwrap().clone();
    let response = Response::builder();
    Ok(match behaviour {
        _ if is_manifest => response.body(state.manifest.lock().unwrap().clone().into()),
        Behaviour::Answer(status, content_type, body) => {
            response.status(status).header("content-type", content_type).body(body.into())
        }
        Behaviour::Field(status, name, value) => response.status(status).header(name, value).body(Full::default()),
        Behaviour::Hang => std::future::pending().await,
    }
    .unwrap())
}

fn signed(manifest: &Manifest, operator: &OperatorSecret) -> Bytes {
    serde_json::to_vec(&SignedManifest::sign(manifest, operator).unwrap()).unwrap().into()
}

fn manifest_of(reference: &RelayRef, certificate: &Certificate, operator: &OperatorSecret) -> Manifest {
    Manifest {
        versions: vec![sealpost_wire::VERSION],
        issued: Day(20_000),
        host: reference.host.to_string(),
        name: "An origin".into(),
        region: "here".into(),
        operator: data_encoding::HEXLOWER.encode(operator.public().as_bytes()),
        tls: Tls { keys_sha256: vec![certificate.key_sha256().to_owned()], web_pki: false },
        retention: Retention { envelope_hours: 1, lease_days: 1 },
        limits: Limits {
            mailbox_envelopes: 1,
            mailbox_bytes: 1,
            deposits_per_minute: 1,
            takes_per_hour: 1,
            shelf_items: 1,
            subscriptions: 1,
            body_bytes: 1,
        },
        envelope_lengths: SizeClass::ALL.map(SizeClass::envelope_length).to_vec(),
        tickets: Tickets::Off,
        source: String::new(),
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
