//! All that discovery takes: a relay with a directory, two key services, an attester, each of an operator of its own.

use std::path::PathBuf;
use std::time::Duration;

use bytesize::ByteSize;
use sealpost_attester::config::{Admin, Config};
use sealpost_attester::server::Server;
use sealpost_client::{DiscoveryAccess, PhoneNumber};
use sealpost_relay::config::{Config as RelayConfig, Role, TicketPolicy};
use sealpost_relay::keys;
use sealpost_wire::RelayRef;
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};

use crate::people::Person;
use crate::relay::{PATIENCE, TestRelay, free_address};

pub(crate) struct Neighbourhood {
    pub(crate) relay: TestRelay,
    pub(crate) services: Vec<TestRelay>,
    attester: Option<TestAttester>,
}

/// An attester that writes down what it would send.
struct TestAttester {
    config: Config,
    _stop: oneshot::Sender<()>,
    _directory: TempDir,
}

impl Neighbourhood {
    /// With everything.
    pub(crate) async fn start() -> Self {
        Self::start_with(2, Some(Attester::prepare()), TicketPolicy::Off).await
    }

    /// The same; relay and key services ask for tickets, and give them on the attester's word.
    pub(crate) async fn by_attestation() -> Self {
        Self::start_with(2, Some(Attester::prepare()), TicketPolicy::Attestation).await
    }

    /// A directory alone, in which anyone may list any number.
    pub(crate) async fn bare() -> Self {
        Self::start_with(0, None, TicketPolicy::Off).await
    }

    async fn start_with(count: usize, attester: Option<Attester>, policy: TicketPolicy) -> Self {
        let word = attester.as_ref().map(|attester| attester.reference.clone());
        let mut services = Vec::new();
        for _ in 0..count {
            let change = |config: &mut RelayConfig| {
                (config.role, config.key_service.attester) = (Role::KeyService, word.clone());
                config.tickets.policy = policy;
            };
            services.push(TestRelay::start_with(change).await);
        }
        let change = |config: &mut RelayConfig| {
            let directory = &mut config.directory;
            (directory.enabled, directory.attester) = (true, word.clone());
            directory.key_services = services.iter().map(|service| service.reference.clone()).collect();
            (directory.hash_memory, directory.hash_passes) = (ByteSize::mib(19), 2);
            config.tickets.policy = policy;
        };
        let relay = TestRelay::start_with(change).await;
        is_open(&relay.reference).await;
        let attester = match attester {
            Some(attester) => Some(attester.start(&relay.reference).await),
            None => None,
        };
        Self { relay, services, attester }
    }

    /// The code that was sent to a number last.
    pub(crate) fn code(&self, number: &PhoneNumber) -> String {
        let file: PathBuf = self.attester.as_ref().unwrap().config.gateway.file.clone();
        let messages = std::fs::read_to_string(file).unwrap();
        let last = messages.lines().rfind(|line| line.contains(number.expose_e164())).unwrap();
        let message: serde_json::Value = serde_json::from_str(last).unwrap();
        message.get("text").and_then(serde_json::Value::as_str).unwrap().chars().filter(char::is_ascii_digit).collect()
    }

    /// Asks for a code, reads it, and proves the number.
    pub(crate) async fn prove(&self, discovery: &DiscoveryAccess, number: &PhoneNumber) {
        discovery.ask_code(number).await.unwrap();
        discovery.prove_number(number, &self.code(number)).await.unwrap();
    }
}

/// Waits until the directory has asked its key services what it has to know of them: an attester that asks before waits too.
async fn is_open(relay: &RelayRef) {
    let person = Person::new(relay);
    let discovery = person.discovery();
    let open = async {
        while discovery.terms().await.is_err() {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(PATIENCE, open).await.expect("the directory never opened an epoch");
}

/// An attester that has a name and a key, and does not run yet.
pub(crate) struct Attester {
    config: Config,
    reference: RelayRef,
    directory: TempDir,
}

impl Attester {
    fn prepare() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut config = Config::default().rooted_at(directory.path());
        config.listen = free_address();
        config.admin = Admin::Off;
        config.attester.host = config.listen.to_string().parse().unwrap();
        let operator = keys::create_operator(&config.operator_key, &mut rand::rng()).unwrap().public();
        let reference = RelayRef { host: config.attester.host.clone(), operator };
        Self { config, reference, directory }
    }

    async fn start(mut self, relay: &RelayRef) -> TestAttester {
        self.config.directory = Some(relay.clone());
        let server = Server::bind(&self.config).await.unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        tokio::spawn(server.run(async { drop(stopped.await) }));
        let Self { config, directory, .. } = self;
        TestAttester { config, _stop: stop, _directory: directory }
    }
}
