//! A relay that serves until its test ends.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use sealpost_relay::config::{Admin, Config};
use sealpost_relay::keys;
use sealpost_relay::server::{Server, Stuck};
use sealpost_wire::operator::{OperatorKey, OperatorSecret};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// How long anything may take before a test calls it hanging.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct TestRelay {
    pub(crate) config: Config,
    pub(crate) address: SocketAddr,
    pub(crate) admin: SocketAddr,
    pub(crate) operator: OperatorKey,
    stop: Option<oneshot::Sender<()>>,
    running: JoinHandle<Result<(), Stuck>>,
    _directory: Arc<TempDir>,
}

impl TestRelay {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    pub(crate) async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        Self::start_by(&OperatorSecret::random(&mut rand::rng()), change).await
    }

    pub(crate) async fn start_by(operator: &OperatorSecret, change: impl FnOnce(&mut Config)) -> Self {
        let directory = Arc::new(tempfile::tempdir().unwrap());
        let mut config = Config::default().rooted_at(directory.path());
        config.listen = "127.0.0.1:0".parse().unwrap();
        config.admin = Admin::On(config.listen);
        config.limits.deposits_per_minute = 1_000_000;
        change(&mut config);
        let line = format!("{}\n", data_encoding::HEXLOWER.encode(operator.expose_seed()));
        keys::create(&config.operator_key, line.as_bytes()).unwrap();
        Self::serve(config, directory).await
    }

    async fn serve(config: Config, directory: Arc<TempDir>) -> Self {
        let operator = keys::read_operator(&config.operator_key).unwrap().public();
        let server = Server::bind(&config).await.unwrap();
        let (address, admin) = (server.address().unwrap(), server.admin_address().unwrap().unwrap());
        let (stop, stopped) = oneshot::channel();
        let running = tokio::spawn(server.run(async {
            let _stop_or_dropped = stopped.await;
        }));
        Self { config, address, admin, operator, stop: Some(stop), running, _directory: directory }
    }

    /// Asks the relay to stop, without waiting for it.
    pub(crate) fn ask_to_stop(&mut self) {
        let _asked_before = self.stop.take().map(|stop| stop.send(()));
    }

    /// Stops it and waits until it has.
    pub(crate) async fn stop(mut self) -> Stopped {
        self.ask_to_stop();
        timeout(PATIENCE, self.running).await.expect("the relay hangs").expect("the relay panicked").unwrap();
        Stopped { config: self.config, directory: self._directory }
    }
}

pub(crate) struct Stopped {
    config: Config,
    directory: Arc<TempDir>,
}

impl Stopped {
    /// Starts it again on the same data.
    pub(crate) async fn start(self) -> TestRelay {
        TestRelay::serve(self.config, self.directory).await
    }
}
