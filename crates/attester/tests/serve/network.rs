//! All that an attester needs around it, and a place for the attester itself.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use data_encoding::HEXLOWER;
use rand::Rng;
use sealpost_attester::config::{Admin, Config, GatewayKind};
use sealpost_blind::discovery::{EpochSalt, Hasher, KeyServices, Lookup, Parameters};
use sealpost_identity::PhoneNumber;
use sealpost_server::clock::{Clock, SystemClock};
use sealpost_server::keys;
use sealpost_wire::RelayRef;
use sealpost_wire::directory::Epoch;
use sealpost_wire::manifest::{Argon2, Directory, EpochDescriptor, Role, Tickets};
use sealpost_wire::operator::OperatorKey;
use sealpost_wire::time::Day;
use tempfile::TempDir;

use crate::gateway::Gateway;
use crate::servers::{Evaluator, Running, Silent};

const COST: Argon2 = Argon2 { memory_mib: 19, passes: 2, lanes: 1 };

pub(crate) struct Network {
    /// The attester's own.
    pub(crate) directory: TempDir,
    pub(crate) config: Config,
    pub(crate) attester: RelayRef,
    pub(crate) gateway: Gateway,
    pub(crate) relay: Running,
    pub(crate) epoch: Epoch,
    pub(crate) evaluators: [Evaluator; 2],
    pub(crate) services: [Running; 2],
}

impl Network {
    pub(crate) async fn start() -> Self {
        let (directory, gateway) = (tempfile::tempdir().unwrap(), Gateway::start().await);
        let config = config(&gateway.url).rooted_at(directory.path());
        let operator = keys::create_operator(&config.operator_key, &mut rand::rng()).unwrap();
        keys::create(&config.gateway.secret, &[b'x'; 32]).unwrap();
        let attester = RelayRef { host: config.attester.host.clone(), operator: operator.public() };
        let epoch = Epoch::of(Day::of(SystemClock.now()));
        let evaluators = [1, 2].map(|seed| Evaluator::new(seed, epoch, operator.public()));
        let services =
            [key_service(&evaluators[0], epoch, &attester).await, key_service(&evaluators[1], epoch, &attester).await];
        let relay = Running::start(Role::Relay, Silent).await;
        let says = says(epoch, &attester, &evaluators, &services);
        relay.manifest.change(|manifest| {
            manifest.directory = Some(says);
            (manifest.tickets, manifest.ticket_attester) = (Tickets::Attestation, Some(attester.to_string()));
        });
        let config = Config { directory: Some(relay.reference.clone()), ..config };
        Self { directory, config, attester, gateway, epoch, evaluators, services, relay }
    }

    /// Writes the configuration's file, for the program.
    pub(crate) fn write_config(&self) {
        let text = toml::to_string(&self.config).unwrap();
        fs::write(self.directory.path().join("sealpost-attester.toml"), text).unwrap();
    }

    pub(crate) fn operator(&self) -> OperatorKey {
        self.attester.operator
    }

    /// Where every client finds `number`.
    pub(crate) fn lookup(&self, number: &PhoneNumber) -> Lookup {
        let salt = EpochSalt::of(self.epoch, &self.evaluators.each_ref().map(|service| service.contribution()));
        let parameters = Parameters::new(COST.memory_mib, COST.passes, COST.lanes).unwrap();
        let stretched = Hasher::new(parameters).unwrap().stretch(number.expose_e164().as_bytes(), &salt);
        let outputs = self.evaluators.each_ref().map(|service| service.key().output(stretched.secret()));
        let keys = KeyServices::new(self.evaluators.iter().map(|service| service.key().public()).collect()).unwrap();
        keys.lookup(self.epoch, &stretched, &outputs.each_ref()).unwrap()
    }
}

async fn key_service(evaluator: &Evaluator, epoch: Epoch, attester: &RelayRef) -> Running {
    let running = Running::start(Role::KeyService, evaluator.clone()).await;
    running.manifest.change(|manifest| manifest.key_service = Some(evaluator.says(epoch, attester)));
    running
}

fn says(epoch: Epoch, attester: &RelayRef, evaluators: &[Evaluator; 2], services: &[Running; 2]) -> Directory {
    let descriptor = EpochDescriptor {
        epoch,
        argon2: COST,
        contributions: evaluators.iter().map(|service| HEXLOWER.encode(&service.contribution())).collect(),
        key_services: evaluators.iter().zip(services).map(|(one, running)| one.named(&running.reference)).collect(),
        bucket_bits: 0,
    };
    Directory { attester: Some(attester.to_string()), epochs: vec![descriptor] }
}

fn config(gateway: &str) -> Config {
    let port = free_port();
    let mut config = Config {
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
        admin: Admin::On(SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()))),
        ..Config::default()
    };
    config.attester.host = format!("localhost:{port}").parse().unwrap();
    config.gateway.kind = GatewayKind::Webhook;
    config.gateway.url = Some(gateway.parse().unwrap());
    config
}

/// Below the ports that systems give to outgoing connections, which could take it meanwhile.
fn free_port() -> u16 {
    let is_free = |port: &u16| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok();
    std::iter::repeat_with(|| rand::rng().random_range(10_000..32_000)).find(is_free).unwrap()
}
