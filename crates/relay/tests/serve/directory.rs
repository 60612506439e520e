//! A served directory.

use std::time::Duration;

use http::{Method, StatusCode};
use sealpost_relay::config::{Config, Role};
use sealpost_wire::RelayRef;
use sealpost_wire::codec::V1;
use sealpost_wire::directory::{
    Attestation, BUCKET_LENGTH, BucketBits, BucketPrefix, BucketRead, SignedAttestation, Slot,
};
use sealpost_wire::manifest;
use sealpost_wire::request::{CloseMailbox, Listing, Publish, Published, Refusal, Withdraw};
use sealpost_wire::statement::Closed;
use sealpost_wire::time::Day;
use sealpost_wire::{CollectKey, EntryKey, MailboxId};
use tokio::time::{sleep, timeout};

use crate::admin::admin;
use crate::evaluating::{attester, attester_reference, today, told};
use crate::peer::{BOTH, Http, Peer};
use crate::program::{free_port, program, text};
use crate::relay::{PATIENCE, TestRelay};

const HOST: &str = "localhost:8443";

fn attested(config: &mut Config) {
    (config.directory.enabled, config.directory.attester) = (true, Some(attester_reference()));
}

/// Publishing in today's epoch, proved on its first day or today, whichever is later.
fn entry(n: u8) -> Publish {
    #[expect(clippy::disallowed_methods, reason = "the program under test reads the same clock")]
    let issued = Day::of(std::time::SystemTime::now());
    let (epoch, prefix, entry) = (today(), BucketPrefix(u32::from(n) << 24), EntryKey::new([n; 32]));
    let slot = Slot::new([n; Slot::LENGTH]);
    let said = Attestation { version: V1, epoch, prefix, tag: slot.tag(), entry: entry.hash(), issued };
    Publish {
        version: V1,
        epoch,
        prefix,
        slot,
        entry,
        attestation: Some(SignedAttestation::of(&said, &attester())),
        ticket: None,
    }
}

fn withdrawal(of: &Publish) -> Withdraw {
    let Publish { epoch, prefix, slot, entry, .. } = of.clone();
    Withdraw { version: V1, epoch, prefix, tag: slot.tag(), entry }
}

pub(crate) fn bucket(number: u32, bits: u8) -> String {
    BucketRead { epoch: today(), bits: BucketBits::new(bits).unwrap(), number }.path()
}

/// Waits until the manifest tells what `is` wants.
async fn until_told(relay: &TestRelay, is: impl Fn(&manifest::Directory) -> bool) -> manifest::Directory {
    let look = async {
        loop {
            let told = told(relay, &relay.operator, HOST).await.directory.unwrap();
            if is(&told) {
                return told;
            }
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, look).await.expect("the manifest does not tell it")
}

pub(crate) async fn open(change: impl FnOnce(&mut Config)) -> TestRelay {
    let relay = TestRelay::start_with(|config| {
        attested(config);
        change(config);
    })
    .await;
    until_told(&relay, |told| told.epochs.iter().any(|epoch| epoch.epoch == today())).await;
    relay
}

#[tokio::test]
async fn an_entry_is_in_its_bucket_until_it_is_withdrawn() {
    let relay = open(|_| {}).await;
    for (http, n) in BOTH.into_iter().zip(1..) {
        let (mut peer, entry) = (Peer::connect(&relay, http).await, entry(n));
        let published = peer.call(&entry).await;
        assert_eq!(published, Published { version: V1, listing: Listing::Listed, day: None });
        let has = |body: &[u8]| body.chunks(Slot::LENGTH).any(|slot| slot == entry.slot.as_bytes());
        let read = peer.get(&bucket(0, 0)).await;
        assert_eq!((read.status, read.body.len()), (StatusCode::OK, BUCKET_LENGTH));
        assert_eq!(
            (&read.headers["content-type"], &read.headers["cache-control"]),
            (&"application/octet-stream".parse().unwrap(), &"public, max-age=60".parse().unwrap())
        );
        assert!(has(&read.body) && peer.get(&bucket(0, 0)).await.body == read.body);
        let closed = peer.call(&withdrawal(&entry)).await.statement.verify(&relay.operator).unwrap();
        assert_eq!(closed.closed, Closed::Entry(today(), entry.slot.tag()));
        assert!(!has(&peer.get(&bucket(0, 0)).await.body));
    }
    relay.stop().await;
}

#[tokio::test]
async fn entries_outlive_a_restart_and_are_told_of_from_the_first_request_on() {
    let relay = open(|_| {}).await;
    let entry = entry(1);
    Peer::connect(&relay, Http::Two).await.call(&entry).await;
    let before = told(&relay, &relay.operator, HOST).await.directory.unwrap();
    let relay = relay.stop().await.start().await;
    let after = told(&relay, &relay.operator, HOST).await.directory.unwrap();
    // In an epoch's last days, the next one may have been opened meanwhile.
    assert!(after.epochs.starts_with(&before.epochs), "{after:?} after {before:?}");
    assert_eq!(after.attester, before.attester);
    let read = Peer::connect(&relay, Http::Two).await.get(&bucket(0, 0)).await;
    assert!(read.body.chunks(Slot::LENGTH).any(|slot| slot == entry.slot.as_bytes()));
    relay.stop().await;
}

#[tokio::test]
async fn a_bucket_that_is_not_there_is_refused_with_the_reason() {
    let relay = open(|_| {}).await;
    for http in BOTH {
        let mut peer = Peer::connect(&relay, http).await;
        assert_eq!(peer.get(&bucket(1, 1)).await.refused(), (410, Refusal::OtherBits));
        assert_eq!(peer.get("/v1/bucket/0/0/0").await.refused(), (404, Refusal::NoEpoch));
        for path in [
            "/v1/bucket",
            "/v1/bucket/0/0",
            "/v1/bucket/a/0/0",
            "/v1/bucket/0/0/1",
            "/v1/bucket/00/0/0",
            "/v1/bucket/0/25/0",
            "/v1/bucket/0/0/0/0",
        ] {
            assert_eq!(peer.get(path).await.refused(), (404, Refusal::NoSuchRequest), "{path}");
        }
    }
    relay.stop().await;
}

#[tokio::test]
async fn without_its_attestation_nobody_is_listed() {
    let relay = open(|_| {}).await;
    let mut peer = Peer::connect(&relay, Http::Two).await;
    let none = Publish { attestation: None, ..entry(1) };
    let others = Publish { attestation: entry(2).attestation, ..entry(1) };
    for request in [none, others] {
        assert_eq!(peer.ask(&request).await.refused(), (403, Refusal::NotAttested));
    }
    assert_eq!(peer.ask(&withdrawal(&entry(1))).await.refused(), (403, Refusal::Denied));
    relay.stop().await;
}

#[tokio::test]
async fn discovery_is_on_connections_of_its_own() {
    let relay = open(|_| {}).await;
    let collect = CollectKey::new([1; 32]);
    let close = CloseMailbox { version: V1, mailbox: MailboxId::from_bytes([1; 32]), collect };
    for http in BOTH {
        let mut peer = Peer::connect(&relay, http).await;
        peer.get(&bucket(0, 0)).await;
        assert_eq!(peer.ask(&close).await.refused(), (409, Refusal::WrongSide));
        let mut peer = Peer::connect(&relay, http).await;
        peer.ask(&close).await;
        assert_eq!(peer.get(&bucket(0, 0)).await.refused(), (409, Refusal::WrongSide));
        assert_eq!(peer.ask(&entry(1)).await.refused(), (409, Refusal::WrongSide));
    }
    relay.stop().await;
}

#[tokio::test]
async fn a_relay_without_a_directory_has_no_buckets_and_tells_of_none() {
    let relay = TestRelay::start().await;
    let mut peer = Peer::connect(&relay, Http::Two).await;
    assert_eq!(peer.get(&bucket(0, 0)).await.refused(), (404, Refusal::NoSuchRequest));
    assert_eq!(peer.ask(&entry(1)).await.refused(), (404, Refusal::NoSuchRequest));
    assert_eq!(told(&relay, &relay.operator, HOST).await.directory, None);
    assert_eq!(admin(&relay, Method::GET, "/epochs", None).await.0, StatusCode::NOT_FOUND);
    relay.stop().await;
}

#[tokio::test]
async fn epochs_are_of_the_key_services_that_are_asked_for_them() {
    let services = [service().await, service().await];
    let references = services.each_ref().map(reference);
    let relay = open(|config| config.directory.key_services = references.to_vec()).await;
    let directory = told(&relay, &relay.operator, HOST).await.directory.unwrap();
    let epoch = directory.epochs.iter().find(|epoch| epoch.epoch == today()).unwrap();
    for (place, service) in services.iter().enumerate() {
        let said = told(service, &service.operator, service.config.relay.host.as_str()).await.key_service.unwrap();
        let said = said.epochs.into_iter().find(|said| said.epoch == today()).unwrap();
        assert_eq!(epoch.key_services[place].reference, references[place].to_string());
        assert_eq!(
            (&epoch.key_services[place].public_key, &epoch.contributions[place]),
            (&said.public_key, &said.contribution)
        );
    }
    relay.stop().await;
}

async fn service() -> TestRelay {
    let port = free_port();
    TestRelay::start_with(|config| {
        (config.role, config.relay.host) = (Role::KeyService, format!("127.0.0.1:{port}").parse().unwrap());
        config.listen.set_port(port);
    })
    .await
}

fn reference(service: &TestRelay) -> RelayRef {
    RelayRef { host: service.config.relay.host.clone(), operator: service.operator }
}

#[tokio::test]
async fn counts_of_all_together_are_shown() {
    let relay = open(|_| {}).await;
    let mut peer = Peer::connect(&relay, Http::Two).await;
    peer.call(&entry(1)).await;
    peer.get(&bucket(0, 0)).await;
    peer.call(&withdrawal(&entry(1))).await;
    let metrics = admin(&relay, Method::GET, "/metrics", None).await.1;
    for line in [
        "sealpost_entries_published_total 1",
        "sealpost_entries_withdrawn_total 1",
        "sealpost_buckets_read_total 1",
        "sealpost_requests_total{kind=\"bucket\",answer=\"done\"} 1",
    ] {
        assert!(metrics.lines().any(|found| found == line), "no {line} in\n{metrics}");
    }
    relay.stop().await;
}

#[tokio::test]
async fn its_operator_sees_opens_and_retires_epochs_while_it_runs_and_while_it_does_not() {
    let relay = open(|_| {}).await;
    let file = relay.config.data.with_file_name("sealpost-relay.toml");
    std::fs::write(&file, written(&relay)).unwrap();
    let directory = file.parent().unwrap().to_owned();
    let states = || async {
        let output = command(&directory, &["epoch", "list", "--json"]).await;
        let listed: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let rows = listed["epochs"].as_array().unwrap().clone();
        rows.iter()
            .map(|row| (row["epoch"].as_u64().unwrap(), row["state"].as_str().unwrap().to_owned()))
            .collect::<Vec<_>>()
    };
    let (now, next) = (u64::from(today().0), u64::from(today().0) + 1);
    assert!(states().await.contains(&(now, "current".into())));
    assert!(command(&directory, &["epoch", "next"]).await.status.success());
    assert!(states().await.iter().any(|(epoch, _)| *epoch == next));
    until_told(&relay, |told| told.epochs.iter().any(|epoch| u64::from(epoch.epoch.0) == next)).await;
    let stopped = relay.stop().await;
    let retire = command(&directory, &["epoch", "retire", &next.to_string(), "--force", "--yes"]).await;
    assert!(retire.status.success(), "{}", text(&retire.stderr));
    assert!(states().await.contains(&(next, "retired".into())));
    let again = command(&directory, &["epoch", "next"]).await;
    assert!(text(&again.stderr).contains("retired"), "{}", text(&again.stderr));
    let relay = stopped.start().await;
    until_told(&relay, |told| told.epochs.iter().all(|epoch| u64::from(epoch.epoch.0) != next)).await;
    relay.stop().await;
}

/// A command beside the relay of this process, which must go on serving meanwhile.
async fn command(directory: &std::path::Path, arguments: &[&str]) -> std::process::Output {
    let directory = directory.to_owned();
    let arguments: Vec<_> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
    tokio::task::spawn_blocking(move || program(&directory, &arguments.iter().map(String::as_str).collect::<Vec<_>>()))
        .await
        .unwrap()
}

/// The configuration of a relay that is running, for a command beside it.
fn written(relay: &TestRelay) -> String {
    let Config { data, operator_key, .. } = &relay.config;
    format!(
        "admin = \"{}\"\ndata = \"{}\"\noperator_key = \"{}\"\n[directory]\nenabled = true\nattester = \"{}\"\n",
        relay.admin,
        data.display(),
        operator_key.display(),
        attester_reference()
    )
}
