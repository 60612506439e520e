//! A server that runs until its test ends.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytesize::ByteSize;
use sealpost_server::clock::{Clock, SystemClock};
use sealpost_server::config::{Acme, Admin, Connections, Oblivious, Public, Serving, Tls, TlsMode};
use sealpost_server::manifest::ManifestCell;
use sealpost_server::{Foundation, Reloader, Server, Stuck, keys};
use sealpost_wire::RelayRef;
use sealpost_wire::manifest::Role;
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::program::{Sample, Seen};

/// How long anything may take before a test calls it hanging.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Running {
    /// What names it.
    pub(crate) reference: RelayRef,
    pub(crate) address: SocketAddr,
    pub(crate) admin: SocketAddr,
    pub(crate) manifest: ManifestCell,
    pub(crate) seen: Seen,
    pub(crate) reloader: Reloader,
    stop: oneshot::Sender<()>,
    running: JoinHandle<Result<(), Stuck>>,
    pub(crate) directory: TempDir,
}

/// How it is to run.
pub(crate) struct Wishes {
    pub(crate) tls: TlsMode,
    pub(crate) acme: Acme,
    pub(crate) public: Public,
    pub(crate) listen: SocketAddr,
    pub(crate) is_gateway: bool,
    pub(crate) connections: Connections,
    pub(crate) body: ByteSize,
    pub(crate) clock: Arc<dyn Clock>,
    /// The directory of another server, whose operator is its own too.
    pub(crate) operator_of: Option<PathBuf>,
}

impl Default for Wishes {
    fn default() -> Self {
        Self {
            tls: TlsMode::Own,
            acme: Acme::default(),
            public: Public::default(),
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            is_gateway: true,
            connections: Connections::default(),
            body: ByteSize::kib(4),
            clock: Arc::new(SystemClock),
            operator_of: None,
        }
    }
}

impl Running {
    pub(crate) async fn start() -> Self {
        Self::start_with(Wishes::default()).await
    }

    pub(crate) async fn start_with(wishes: Wishes) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let [certificate, key, operator_key] = ["tls.pem", "tls.key", "operator.key"].map(|n| directory.path().join(n));
        let tls = Tls { mode: wishes.tls, certificate, key, acme: wishes.acme, ..Tls::default() };
        let oblivious = Oblivious { enabled: wishes.is_gateway, keys: directory.path().join("ohttp") };
        match wishes.operator_of {
            Some(other) => drop(fs::copy(other.join("operator.key"), &operator_key).unwrap()),
            None => drop(keys::create_operator(&operator_key, &mut rand::rng()).unwrap()),
        }
        let serving = Serving {
            listen: wishes.listen,
            admin: Admin::On("127.0.0.1:0".parse().unwrap()),
            operator_key: &operator_key,
            public: &wishes.public,
            public_section: "server",
            tls: &tls,
            connections: &wishes.connections,
            oblivious: Some(&oblivious),
            body: wishes.body,
        };
        let foundation = Foundation::open(&serving, wishes.clock).unwrap();
        let manifest = foundation.sign(foundation.manifest(&serving, Role::KeyService)).unwrap();
        let (operator, seen) = (foundation.operator().public(), Seen::default());
        let server = Server::bind(&serving, foundation, manifest.clone(), Sample(seen.clone())).await.unwrap();
        let host = format!("localhost:{}", server.address().unwrap().port());
        manifest.change(|manifest| manifest.host.clone_from(&host));
        let reference = RelayRef { host: host.parse().unwrap(), operator };
        let (address, admin) = (server.address().unwrap(), server.admin_address().unwrap().unwrap());
        let reloader = server.reloader();
        let (stop, stopped) = oneshot::channel();
        let running = tokio::spawn(server.run(async {
            let _stop_or_dropped = stopped.await;
        }));
        Self { reference, address, admin, manifest, seen, reloader, stop, running, directory }
    }

    /// Another server of the same operator.
    pub(crate) async fn start_beside(&self) -> Self {
        Self::start_with(Wishes { operator_of: Some(self.directory.path().to_owned()), ..Wishes::default() }).await
    }

    /// Has it say that it has moved there.
    pub(crate) fn move_to(&self, there: &Self) {
        self.manifest.change(|manifest| manifest.moved_to = Some(there.reference.host.to_string()));
    }

    /// Stops it and waits until it has.
    pub(crate) async fn stop(self) {
        self.stop.send(()).unwrap();
        timeout(PATIENCE, self.running).await.expect("the server hangs").expect("the server panicked").unwrap();
    }
}
