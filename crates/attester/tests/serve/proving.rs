//! Asking for codes and proving numbers, over TLS.

use std::sync::atomic::Ordering;

use sealpost_attester::server::Server;
use sealpost_server::clock::{Clock, SystemClock};
use sealpost_server::{Denial, Stuck};
use sealpost_wire::codec::V1;
use sealpost_wire::directory::Attestation;
use sealpost_wire::manifest::{Retention, Role};
use sealpost_wire::request::Refusal;
use sealpost_wire::time::Day;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::network::Network;
use crate::person::{Person, number, other_than};

/// An attester in this process.
struct Served {
    stop: oneshot::Sender<()>,
    running: JoinHandle<Result<(), Stuck>>,
}

impl Served {
    async fn start(network: &Network) -> Self {
        let server = Server::bind(&network.config).await.unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let running = tokio::spawn(server.run(async {
            let _stop_or_dropped = stopped.await;
        }));
        Self { stop, running }
    }

    async fn stop(self) {
        self.stop.send(()).unwrap();
        self.running.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_number_is_proved_and_its_place_is_the_one_that_every_client_derives() {
    let network = Network::start().await;
    let served = Served::start(&network).await;
    let mut person = Person::at(&network.attester).await;
    person.ask().await.unwrap();
    let code = network.gateway.code();
    assert_eq!(person.prove(&other_than(&code), network.epoch).await, Err(Denial::of(Refusal::Denied)));
    let attested = person.prove(&code, network.epoch).await.unwrap();
    let place = network.lookup(&number());
    let expected = Attestation {
        version: V1,
        epoch: network.epoch,
        prefix: place.prefix,
        tag: place.tag,
        entry: person.entry.hash(),
        issued: Day::of(SystemClock.now()),
    };
    assert_eq!(attested.attestations[0].verify(&network.operator()), Some(expected));
    let vouchers = attested.vouchers.iter().map(|voucher| voucher.verify(&network.operator()).unwrap().service);
    let [first, second] = network.services.each_ref().map(|service| service.reference.operator);
    assert_eq!(vouchers.collect::<Vec<_>>(), [first, second, network.relay.reference.operator]);
    assert_eq!(person.prove(&code, network.epoch).await, Err(Denial::of(Refusal::Denied)), "it was used");
    served.stop().await;
}

#[tokio::test]
async fn its_manifest_says_that_it_is_an_attester_and_keeps_nothing_for_anyone() {
    let network = Network::start().await;
    let served = Served::start(&network).await;
    let person = Person::at(&network.attester).await;
    let manifest = &person.peer.manifest().manifest;
    assert_eq!(manifest.role, Role::Attester);
    assert_eq!(manifest.retention, Retention { envelope_hours: 0, lease_days: 0 });
    assert_eq!((manifest.limits.mailbox_envelopes, manifest.limits.body_bytes), (0, 4_096));
    assert!(manifest.directory.is_none() && manifest.key_service.is_none());
    served.stop().await;
}

#[tokio::test]
async fn what_is_out_costs_nobody_a_code() {
    let network = Network::start().await;
    let served = Served::start(&network).await;
    let mut person = Person::at(&network.attester).await;
    network.gateway.state.lock().unwrap().fails = true;
    for _ in 0..6 {
        assert_eq!(person.ask().await, Err(Denial::try_later(30)));
    }
    network.gateway.state.lock().unwrap().fails = false;
    person.ask().await.unwrap();
    let code = network.gateway.code();
    network.evaluators[1].down.store(true, Ordering::Relaxed);
    for _ in 0..6 {
        assert_eq!(person.prove(&code, network.epoch).await, Err(Denial::try_later(30)));
    }
    network.evaluators[1].down.store(false, Ordering::Relaxed);
    person.prove(&code, network.epoch).await.unwrap();
    served.stop().await;
}

#[tokio::test]
async fn a_key_service_that_says_another_key_than_the_directory_is_found_before_a_code_is_sent() {
    let network = Network::start().await;
    network.services[0].manifest.change(|manifest| {
        let says = network.evaluators[1].says(network.epoch, &network.attester);
        manifest.key_service = Some(says);
    });
    let served = Served::start(&network).await;
    let mut person = Person::at(&network.attester).await;
    assert_eq!(person.ask().await, Err(Denial::try_later(30)));
    assert!(network.gateway.state.lock().unwrap().received.is_empty());
    served.stop().await;
}

#[tokio::test]
async fn a_directory_that_is_another_operators_is_not_believed() {
    let mut network = Network::start().await;
    let other = network.services[0].reference.operator;
    network.config.directory.as_mut().unwrap().operator = other;
    let served = Served::start(&network).await;
    let mut person = Person::at(&network.attester).await;
    assert_eq!(person.ask().await, Err(Denial::try_later(30)));
    served.stop().await;
}
