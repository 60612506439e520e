//! Several relays on one store.

mod cut;

use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use rustix::process::Signal;
use sealpost_redis_stage::{Cluster, Server};
use sealpost_relay::config::{Backend, Config, Durability};
use sealpost_wire::frame::{COLLECT_SOCKET, DeliveryFrame};
use sealpost_wire::oblivious::KEYS_PATH;
use sealpost_wire::operator::OperatorSecret;
use sealpost_wire::request::{Outcome, Refusal};
use tempfile::TempDir;

use crate::objects::{Mailbox, Shelf, envelope_id, item};
use crate::peer::{Http, Peer, Socket};
use crate::program::{Running, edit, initialized, program, spellings, talk, text};
use crate::relay::TestRelay;
use crate::sockets::{collect, subscribe};

const SYNCED: &[&str] = &["--appendonly", "yes", "--appendfsync", "always", "--slowlog-log-slower-than", "-1"];

fn on(servers: Vec<SocketAddr>) -> impl Fn(&mut Config) {
    move |config| {
        config.store.backend = Backend::Redis;
        config.redis.urls = servers.iter().map(|server| format!("redis://{server}")).collect();
    }
}

/// Two relays of one operator on these servers.
async fn two(servers: Vec<SocketAddr>) -> (TestRelay, TestRelay) {
    let (operator, config) = (OperatorSecret::random(&mut rand::rng()), on(servers));
    (TestRelay::start_by(&operator, &config).await, TestRelay::start_by(&operator, &config).await)
}

async fn deposit(relay: &TestRelay, mailbox: &Mailbox) -> sealpost_wire::EnvelopeId {
    let id = envelope_id();
    let deposited = Peer::connect(relay, Http::Two).await.call(&mailbox.deposit(id)).await;
    assert_eq!(deposited.outcome, Outcome::Accepted);
    id
}

async fn collector(relay: &TestRelay, mailbox: &Mailbox) -> Socket {
    let mut collector = Socket::open(relay, COLLECT_SOCKET).await;
    collector.say(&subscribe(1, mailbox)).await;
    while collector.hear::<DeliveryFrame>().await.caught_up.is_empty() {}
    collector
}

async fn a_deposit_wakes(servers: Vec<SocketAddr>) {
    let (one, other) = two(servers).await;
    let mailbox = Mailbox::random();
    Peer::connect(&one, Http::Two).await.call(&mailbox.open()).await;
    let mut collector = collector(&other, &mailbox).await;
    for _ in 0..20 {
        let id = deposit(&one, &mailbox).await;
        assert_eq!(collect(&mut collector, 1).await, [id]);
    }
    // At either one, in whatever order they come.
    let (at_one, at_other) = (deposit(&one, &mailbox).await, deposit(&other, &mailbox).await);
    assert_eq!(collect(&mut collector, 2).await, [at_one, at_other]);
    one.stop().await;
    other.stop().await;
}

#[tokio::test]
async fn a_deposit_at_one_wakes_a_collector_at_the_other() {
    let server = Server::start(SYNCED).unwrap();
    a_deposit_wakes(vec![server.address()]).await;
}

#[tokio::test]
async fn a_deposit_at_one_wakes_a_collector_at_the_other_through_a_cluster() {
    let cluster = Cluster::start(3, SYNCED).unwrap();
    a_deposit_wakes(vec![cluster.addresses()[0]]).await;
}

#[tokio::test]
async fn what_is_closed_at_one_ends_at_the_other() {
    let server = Server::start(SYNCED).unwrap();
    let (one, other) = two(vec![server.address()]).await;
    let mailbox = Mailbox::random();
    Peer::connect(&one, Http::Two).await.call(&mailbox.open()).await;
    let mut collector = collector(&other, &mailbox).await;
    Peer::connect(&one, Http::Two).await.call(&mailbox.close()).await;
    let ended = collector.hear::<DeliveryFrame>().await.ended;
    assert_eq!(ended.iter().map(|ended| ended.reason).collect::<Vec<_>>(), [Refusal::Denied]);
    assert_eq!(Peer::connect(&other, Http::Two).await.ask(&mailbox.collect()).await.refused().1, Refusal::Denied);
    one.stop().await;
    other.stop().await;
}

#[tokio::test]
async fn every_object_is_the_same_at_both() {
    let server = Server::start(SYNCED).unwrap();
    let (one, other) = two(vec![server.address()]).await;
    let shelf = Shelf::random();
    Peer::connect(&one, Http::Two).await.call(&shelf.open()).await;
    Peer::connect(&other, Http::Two).await.call(&shelf.stock(vec![item(1), item(2)], Some(item(9)))).await;
    for (relay, expected) in [(&one, 1), (&other, 2), (&one, 9), (&other, 9)] {
        assert_eq!(Peer::connect(relay, Http::Two).await.call(&shelf.take()).await.item, item(expected));
    }
    assert_eq!(Peer::connect(&one, Http::Two).await.call(&shelf.count()).await.items, 0);
    one.stop().await;
    other.stop().await;
}

/// What is lost is said before anybody relies on it.
#[tokio::test]
async fn a_relay_that_accepts_before_anything_is_synced_says_so_in_its_manifest() {
    let server = Server::start(&["--appendonly", "yes"]).unwrap();
    let operator = OperatorSecret::random(&mut rand::rng());
    let hasty = |config: &mut Config| {
        on(vec![server.address()])(config);
        config.redis.durability = Durability::Second;
    };
    let relay = TestRelay::start_by(&operator, hasty).await;
    assert_eq!(crate::evaluating::told(&relay, &operator.public(), "localhost:8443").await.may_lose_seconds, 2);
    relay.stop().await;
}

/// A directory whose relay's store is on that server.
fn initialized_on(server: &Server) -> TempDir {
    let directory = initialized();
    edit(directory.path(), "backend = \"embedded\"", "backend = \"redis\"");
    edit(directory.path(), "redis://127.0.0.1:6379", &format!("redis://{}", server.address()));
    edit(directory.path(), "deposits_per_minute = 600", "deposits_per_minute = 60000");
    directory
}

/// The one is told to end while it is deposited at; then the other goes on. Fails when anything that was accepted is not
/// collected.
#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_is_told_to_end_lets_go_of_nothing_that_it_accepted() {
    let server = Server::start(SYNCED).unwrap();
    let other = Running::start(initialized_on(&server));
    let directory = initialized_on(&server);
    let (code, text_of_stranger) = said(directory.path());
    assert_eq!(code, Some(1));
    assert!(text_of_stranger.contains("a relay of another operator"), "{text_of_stranger}");
    fs::copy(other.directory.path().join("operator.key"), directory.path().join("operator.key")).unwrap();
    let (one, address) = (Running::start(directory), other.config().listen);
    let mailbox = Mailbox::random();
    Peer::connect(&address, Http::Two).await.call(&mailbox.open()).await;
    let mut collector = Socket::open(&address, COLLECT_SOCKET).await;
    collector.say(&subscribe(1, &mailbox)).await;
    let first = one.config().listen;
    let mut sender = Peer::connect(&first, Http::One).await;
    assert_eq!(sender.call(&mailbox.deposit(envelope_id())).await.outcome, Outcome::Accepted);
    let ending = tokio::task::spawn_blocking(move || one.end(Signal::TERM));
    let (mut accepted, mut at) = (1, Some(sender));
    while let Some(mut sender) = at.take() {
        if ending.is_finished() && accepted > 20 {
            break;
        }
        let sent = http::Request::post("/v1/deposit").header("content-type", "application/cbor");
        let body = sealpost_wire::to_bytes(&mailbox.deposit(envelope_id()));
        let answer = sender.try_send(sent.body(bytes::Bytes::from(body).into()).unwrap()).await;
        accepted += usize::from(answer.as_ref().is_ok_and(is_accepted));
        at = Some(if answer.is_ok() { sender } else { Peer::connect(&address, Http::One).await });
    }
    let output = ending.await.unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    // What was asked and not answered may have come, too.
    assert!(collect(&mut collector, accepted).await.len() >= accepted);
    other.end(Signal::TERM);
}

fn is_accepted(answer: &crate::peer::Answer) -> bool {
    let deposited = sealpost_wire::from_bytes::<sealpost_wire::request::Deposited>(&answer.body);
    deposited.is_ok_and(|deposited| deposited.outcome == Outcome::Accepted)
}

fn said(directory: &Path) -> (Option<i32>, String) {
    let output = program(directory, &["serve"]);
    (output.status.code(), text(&output.stderr))
}

#[test]
fn a_start_on_a_server_that_does_not_keep_things_says_what_to_set() {
    let server = Server::start(&["--appendonly", "yes"]).unwrap();
    let directory = initialized_on(&server);
    let (code, text) = said(directory.path());
    assert_eq!(code, Some(1));
    assert!(text.contains("appendfsync is everysec") && text.contains("set `appendfsync always`"), "{text}");
    server.tell(&[b"CONFIG", b"SET", b"appendfsync", b"always"]).unwrap();
    server.tell(&[b"CONFIG", b"SET", b"maxmemory-policy", b"allkeys-lfu"]).unwrap();
    let (code, text) = said(directory.path());
    assert_eq!(code, Some(1));
    assert!(text.contains("allkeys-lfu") && text.contains("maxmemory-policy noeviction"), "{text}");
    drop(server);
    let (code, text) = said(directory.path());
    assert_eq!(code, Some(1));
    assert!(text.contains("no Redis server answers at redis://127.0.0.1:"), "{text}");
}

#[test]
fn a_wrong_section_is_placed_and_a_password_that_others_may_read_refused() {
    let server = Server::start(SYNCED).unwrap();
    let directory = initialized_on(&server);
    edit(directory.path(), "namespace = \"sealpost\"", "namespace = \"{a}\"");
    let (code, text) = said(directory.path());
    let line = fs::read_to_string(directory.path().join(crate::program::CONFIG)).unwrap();
    let line = line.lines().position(|line| line.starts_with("namespace")).unwrap() + 1;
    assert_eq!(code, Some(3));
    assert!(text.contains(&format!("{}:{line}:", crate::program::CONFIG)), "{text}");
    edit(directory.path(), "namespace = \"{a}\"", "namespace = \"sealpost\"");
    edit(directory.path(), "password = \"\"", "password = \"redis.password\"");
    fs::write(directory.path().join("redis.password"), "secret").unwrap();
    let (code, text) = said(directory.path());
    assert_eq!(code, Some(4));
    assert!(text.contains("chmod 600"), "{text}");
}

/// Of all that was sent, Redis has the ids of mailboxes and shelves, and no key; its log of what is slow, and the relay's own
/// log, have neither.
#[tokio::test(flavor = "multi_thread")]
async fn neither_the_log_nor_redis_itself_says_who_asked() {
    let server = Server::start(SYNCED).unwrap();
    let directory = initialized_on(&server);
    edit(directory.path(), "level = \"info\"", "level = \"trace\"");
    let running = Running::start(directory);
    let secrets = talk(running.config().listen).await;
    let clients = server.tell(&[b"CLIENT", b"LIST"]).unwrap();
    let slow = server.tell(&[b"SLOWLOG", b"GET", b"-1"]).unwrap();
    let channels = server.tell(&[b"PUBSUB", b"SHARDCHANNELS"]).unwrap();
    let log = text(&running.end(Signal::TERM).stderr);
    for secret in secrets.iter().flat_map(|secret| spellings(secret)) {
        for said in [&log, &clients, &slow, &channels] {
            assert!(!said.contains(&secret), "{secret} in\n{said}");
        }
    }
    assert!(!log.contains("127.0.0.1") && !log.contains("redis://"), "{log}");
    assert_eq!(channels.lines().count(), 16);
    let files = fs::read_dir(server.directory().join("appendonlydir")).unwrap().flatten();
    let files: Vec<u8> = files.flat_map(|file| fs::read(file.path()).unwrap()).collect();
    for key in [&secrets[0], &secrets[1], &secrets[3], &secrets[4]] {
        assert!(!files.windows(key.len()).any(|window| window == key.as_slice()));
    }
}

/// Whoever has one relay's manifest may come to the other, by Oblivious HTTP or with tickets.
#[tokio::test]
async fn both_say_the_same_of_the_keys_that_change_every_day() {
    let server = Server::start(SYNCED).unwrap();
    let (operator, on) = (OperatorSecret::random(&mut rand::rng()), on(vec![server.address()]));
    let with_tickets = |config: &mut Config| {
        on(config);
        config.tickets.policy = sealpost_relay::config::TicketPolicy::Open;
    };
    let one = TestRelay::start_by(&operator, with_tickets).await;
    let other = TestRelay::start_by(&operator, with_tickets).await;
    let mut told = Vec::new();
    for relay in [&one, &other] {
        let keys = Peer::connect(relay, Http::Two).await.get(KEYS_PATH).await.body;
        let manifest = crate::evaluating::told(relay, &operator.public(), "localhost:8443").await;
        told.push((keys, manifest.ticket_keys.clone(), manifest.ohttp_keys.map(|ohttp| ohttp.keys)));
    }
    assert!(told[0] == told[1] && !told[0].1.is_empty() && !told[0].0.is_empty());
    one.stop().await;
    other.stop().await;
}
