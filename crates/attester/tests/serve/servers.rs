//! A directory that has nothing but a manifest, and key services that evaluate for whoever has a voucher.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use bytesize::ByteSize;
use data_encoding::HEXLOWER;
use sealpost_blind::{BlindedBatch, Purpose, ServerKey};
use sealpost_server::clock::SystemClock;
use sealpost_server::config::{Admin, Connections, Public, Serving, Tls};
use sealpost_server::http::{Cbor, Reply};
use sealpost_server::manifest::ManifestCell;
use sealpost_server::{Denial, Foundation, Program, Server, keys, labels};
use sealpost_wire::codec::V1;
use sealpost_wire::directory::{Epoch, EvaluatedElements};
use sealpost_wire::manifest::{KeyService, KeyServiceEpoch, KeyServiceKey, Role};
use sealpost_wire::operator::OperatorKey;
use sealpost_wire::request::{Evaluate, Evaluated, Refusal, Request};
use sealpost_wire::{RelayRef, Secret};
use tempfile::TempDir;
use tokio::sync::oneshot;

labels! {
    /// What is asked for.
    Kind "kind" { Evaluate "evaluate" }
}

/// A server that runs until it is dropped.
pub(crate) struct Running {
    pub(crate) reference: RelayRef,
    pub(crate) manifest: ManifestCell,
    _stop: oneshot::Sender<()>,
    _directory: TempDir,
}

impl Running {
    pub(crate) async fn start(role: Role, program: impl Program) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let [certificate, key, operator_key] = ["tls.pem", "tls.key", "operator.key"].map(|n| directory.path().join(n));
        let tls = Tls { certificate, key, ..Tls::default() };
        keys::create_operator(&operator_key, &mut rand::rng()).unwrap();
        let serving = Serving {
            listen: "127.0.0.1:0".parse().unwrap(),
            admin: Admin::Off,
            operator_key: &operator_key,
            public: &Public::default(),
            public_section: "server",
            tls: &tls,
            connections: &Connections::default(),
            oblivious: None,
            body: ByteSize::kib(4),
        };
        let foundation = Foundation::open(&serving, Arc::new(SystemClock)).unwrap();
        let manifest = foundation.sign(foundation.manifest(&serving, role)).unwrap();
        let operator = foundation.operator().public();
        let server = Server::bind(&serving, foundation, manifest.clone(), program).await.unwrap();
        let host = format!("localhost:{}", server.address().unwrap().port());
        manifest.change(|manifest| manifest.host.clone_from(&host));
        let (stop, stopped) = oneshot::channel::<()>();
        tokio::spawn(server.run(async {
            let _dropped = stopped.await;
        }));
        Self {
            reference: RelayRef { host: host.parse().unwrap(), operator },
            manifest,
            _stop: stop,
            _directory: directory,
        }
    }
}

/// Answers nothing but its manifest.
pub(crate) struct Silent;

impl Program for Silent {
    type Kind = Kind;

    fn kind(_: &str) -> Option<Kind> {
        None
    }

    fn routes(self: &Arc<Self>) -> Router {
        Router::new()
    }
}

/// A key service with the key of one epoch.
#[derive(Clone)]
pub(crate) struct Evaluator {
    key: Arc<ServerKey>,
    contribution: [u8; 32],
    attester: OperatorKey,
    pub(crate) down: Arc<AtomicBool>,
}

impl Evaluator {
    pub(crate) fn new(seed: u8, epoch: Epoch, attester: OperatorKey) -> Self {
        let key = ServerKey::derive(&Secret::new([seed; 32]), Purpose::Discovery(epoch));
        Self { key: Arc::new(key), contribution: [seed; 32], attester, down: Arc::default() }
    }

    pub(crate) fn key(&self) -> &ServerKey {
        &self.key
    }

    pub(crate) const fn contribution(&self) -> [u8; 32] {
        self.contribution
    }

    /// What its manifest says.
    pub(crate) fn says(&self, epoch: Epoch, attester: &RelayRef) -> KeyService {
        let epoch = KeyServiceEpoch {
            epoch,
            public_key: HEXLOWER.encode(&self.key.public().to_bytes()),
            contribution: HEXLOWER.encode(&self.contribution),
        };
        KeyService { attester: Some(attester.to_string()), epochs: vec![epoch] }
    }

    /// What the directory says of it.
    pub(crate) fn named(&self, reference: &RelayRef) -> KeyServiceKey {
        KeyServiceKey { reference: reference.to_string(), public_key: HEXLOWER.encode(&self.key.public().to_bytes()) }
    }

    fn evaluate(&self, request: &Evaluate) -> Result<Evaluated, Denial> {
        if self.down.load(Ordering::Relaxed) {
            return Err(Denial::try_later(9));
        }
        let voucher = request.voucher.as_ref().and_then(|voucher| voucher.verify(&self.attester));
        voucher.filter(|voucher| voucher.epoch == request.epoch).ok_or(Denial::of(Refusal::TicketNeeded))?;
        let batch =
            BlindedBatch::from_bytes(request.elements.as_bytes()).map_err(|_| Denial::of(Refusal::Malformed))?;
        let elements = self.key.evaluate(&batch, &mut rand::rng()).to_bytes();
        Ok(Evaluated { version: V1, elements: EvaluatedElements::from_bytes(&elements).unwrap() })
    }
}

impl Program for Evaluator {
    type Kind = Kind;

    fn kind(path: &str) -> Option<Kind> {
        (path == Evaluate::PATH).then_some(Kind::Evaluate)
    }

    fn routes(self: &Arc<Self>) -> Router {
        Router::new().route(Evaluate::PATH, post(evaluate)).with_state(Arc::clone(self))
    }
}

async fn evaluate(State(service): State<Arc<Evaluator>>, Cbor(request): Cbor<Evaluate>) -> Reply<Evaluate> {
    service.evaluate(&request).into()
}
