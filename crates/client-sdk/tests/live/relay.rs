//! A relay that serves until its test ends, and comes back at the same address.

use std::collections::BTreeSet;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sealpost_relay::config::{Admin, Config};
use sealpost_relay::keys;
use sealpost_relay::server::Server;
use sealpost_relay::tickets::invites::InviteDirectory;
use sealpost_wire::RelayRef;
use sealpost_wire::ticket::InviteCode;
use sealpost_wire::time::Day;
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// How long anything may take before a test calls it hanging.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct TestRelay {
    pub(crate) reference: RelayRef,
    setup: Setup,
    stop: oneshot::Sender<()>,
    running: JoinHandle<()>,
}

/// What a stopped relay leaves behind.
pub(crate) struct Setup {
    config: Config,
    _directory: Arc<TempDir>,
}

/// An address that nothing listens at, and that was not given before: below the ports that systems give to outgoing connections,
/// which could take it while a server is down.
pub(crate) fn free_address() -> SocketAddr {
    static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    let mut given = GIVEN.lock().unwrap();
    loop {
        let address = SocketAddr::from(([127, 0, 0, 1], rand::random_range(10_000..32_000)));
        if TcpListener::bind(address).is_ok() && given.insert(address.port()) {
            return address;
        }
    }
}

impl TestRelay {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    pub(crate) async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        let directory = Arc::new(tempfile::tempdir().unwrap());
        let mut config = Config::default().rooted_at(directory.path());
        // The port is part of the relay's name, so it is chosen before the relay starts.
        config.listen = free_address();
        config.admin = Admin::Off;
        config.relay.host = config.listen.to_string().parse().unwrap();
        config.limits.deposits_per_minute = 1_000_000;
        config.connections.drain_timeout = Duration::from_millis(500);
        change(&mut config);
        keys::create_operator(&config.operator_key, &mut rand::rng()).unwrap();
        Setup { config, _directory: directory }.start().await
    }

    /// A fresh code of its operator, good for longer than any test takes.
    pub(crate) fn invite(&self) -> InviteCode {
        let invites = InviteDirectory::of(&self.setup.config.tickets.keys);
        invites.make(Day(u32::MAX), &mut rand::rng()).unwrap()
    }

    pub(crate) async fn stop(self) -> Setup {
        self.stop.send(()).unwrap();
        timeout(PATIENCE, self.running).await.expect("the relay hangs").expect("the relay panicked");
        self.setup
    }
}

impl Setup {
    /// With another configuration.
    pub(crate) fn with(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(&mut self.config);
        self
    }

    /// Throws away all that the relay keeps, but not its keys.
    pub(crate) fn emptied(self) -> Self {
        std::fs::remove_dir_all(&self.config.data).unwrap();
        self
    }

    pub(crate) async fn start(self) -> TestRelay {
        let operator = keys::read_operator(&self.config.operator_key).unwrap().public();
        let server = Server::bind(&self.config).await.unwrap();
        let (stop, stopped) = oneshot::channel();
        let running = tokio::spawn(async {
            let stopped = async { drop(stopped.await) };
            server.run(stopped).await.expect("the relay's store hangs");
        });
        let reference = RelayRef { host: self.config.relay.host.clone(), operator };
        TestRelay { reference, setup: self, stop, running }
    }
}
