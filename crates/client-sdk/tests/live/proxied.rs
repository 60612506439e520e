//! People behind a proxy. What fails these tests: a connection to the relay that is not the proxy's.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::StreamExt;
use sealpost_client::{CollectPolicy, Connection, ErrorKind, Event, MessageState, WaitReason};
use sealpost_relay::config::{Config, Role};
use sealpost_wire::RelayRef;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::neighbourhood::Neighbourhood;
use crate::people::Person;
use crate::relay::{PATIENCE, TestRelay, free_address};

/// A door in front of a server, which counts who comes in.
struct Door {
    address: SocketAddr,
    came_in: Arc<AtomicUsize>,
    _task: JoinHandle<()>,
}

impl Door {
    async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, came_in) = (listener.local_addr().unwrap(), Arc::<AtomicUsize>::default());
        let count = Arc::clone(&came_in);
        let task = tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(async move {
                    let mut far = TcpStream::connect(server).await.unwrap();
                    let _either_end_may_break_off = copy_bidirectional(&mut near, &mut far).await;
                });
            }
        });
        Self { address, came_in, _task: task }
    }

    fn came_in(&self) -> usize {
        self.came_in.load(Ordering::SeqCst)
    }
}

/// A relay behind a door, and a proxy that keeps one connection to it.
struct Scene {
    door: Door,
    relay: TestRelay,
    proxy: TestRelay,
}

/// A proxy that may keep one connection to a gateway opens one.
const OF_THE_PROXY: usize = 1;

impl Scene {
    async fn start() -> Self {
        let listen = free_address();
        let door = Door::to(listen).await;
        let relay = TestRelay::start_with(|config| {
            (config.listen, config.relay.host) = (listen, door.address.to_string().parse().unwrap());
        })
        .await;
        let proxy = proxy_to(&[&relay.reference]).await;
        Self { door, relay, proxy }
    }

    fn person(&self, policy: CollectPolicy) -> Person {
        Person::behind(&self.proxy.reference, &self.relay.reference, policy)
    }

    async fn online(&self) -> Person {
        let mut person = self.person(CollectPolicy::Apart);
        person.start();
        person.is(Connection::CaughtUp).await;
        person
    }
}

async fn proxy_to(gateways: &[&RelayRef]) -> TestRelay {
    let gateways: Vec<_> = gateways.iter().map(|gateway| (*gateway).clone()).collect();
    TestRelay::start_with(move |config: &mut Config| {
        config.role = Role::OhttpProxy;
        (config.ohttp_proxy.gateways, config.ohttp_proxy.connections) = (gateways, 1);
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn apart_the_relay_sees_nobody_but_the_proxy() {
    let scene = Scene::start().await;
    let (mut alice, mut bob) = (scene.online().await, scene.online().await);
    let to_bob = alice.add(&bob, "Bob");
    alice.say(to_bob, "through walls").await;
    let to_alice = bob.hears("through walls").await;
    bob.say(to_alice, "and back").await;
    alice.hears("and back").await;
    for n in 0..5 {
        alice.client.send(to_bob, &format!("message {n}")).unwrap();
    }
    for n in 0..5 {
        bob.hears(&format!("message {n}")).await;
    }
    bob.hears_nothing_more().await;
    assert_eq!(scene.door.came_in(), OF_THE_PROXY);
    // Leaving shows no more of them than staying.
    for mut person in [alice, bob] {
        person.stop().await;
        let report = person.client.opt_out().unwrap().finish().await.unwrap();
        assert!(report.wiped && report.confirmed.len() >= 5, "{report:?}");
    }
    assert_eq!(scene.door.came_in(), OF_THE_PROXY);
}

#[tokio::test(flavor = "multi_thread")]
async fn together_the_relay_sees_who_collects_and_not_who_deposits() {
    let scene = Scene::start().await;
    let mut bob = scene.person(CollectPolicy::Together);
    bob.start();
    bob.is(Connection::CaughtUp).await;
    let mut alice = scene.online().await;
    let before = scene.door.came_in();
    let to_bob = alice.add(&bob, "Bob");
    alice.say(to_bob, "hello").await;
    bob.hears("hello").await;
    assert_eq!(scene.door.came_in(), before);
    alice.stop().await;
    bob.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_proxy_is_away_everything_waits_and_nothing_goes_around_it() {
    let Scene { door, relay: _relay, proxy } = Scene::start().await;
    let reference = proxy.reference.clone();
    let mut people = Vec::new();
    for _ in 0..2 {
        let mut person = Person::behind(&reference, &_relay.reference, CollectPolicy::Apart);
        person.start();
        person.is(Connection::CaughtUp).await;
        people.push(person);
    }
    let [mut alice, mut bob] = <[Person; 2]>::try_from(people).ok().unwrap();
    let to_bob = alice.add(&bob, "Bob");
    alice.say(to_bob, "before").await;
    let to_alice = bob.hears("before").await;
    bob.say(to_alice, "answer").await;
    alice.hears("answer").await;
    let (before, mut events) = (door.came_in(), alice.client.events());
    let setup = proxy.stop().await;
    let id = alice.client.send(to_bob, "meanwhile").unwrap();
    bob.client.send(to_alice, "me too").unwrap();
    let told = async { while events.next().await != Some(Event::Waiting(to_bob, WaitReason::NoProxy)) {} };
    timeout(PATIENCE, told).await.expect("it was never told");
    alice.is(Connection::NoProxy).await;
    bob.is(Connection::NoProxy).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(alice.client.message(id).unwrap().state, MessageState::Queued);
    assert_eq!(door.came_in(), before);
    let _proxy = setup.start().await;
    bob.hears("meanwhile").await;
    alice.hears("me too").await;
    alice.is(Connection::CaughtUp).await;
    for person in [&alice, &bob] {
        person.hears_nothing_more().await;
    }
    // The proxy has found its way to the relay anew, and nobody else has.
    assert!(door.came_in() <= before + OF_THE_PROXY);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_engine_goes_over_to_another_policy_and_loses_nothing() {
    let scene = Scene::start().await;
    let mut alice = scene.online().await;
    let mut bob = Person::online(&scene.relay.reference).await;
    let to_bob = alice.add(&bob, "Bob");
    alice.say(to_bob, "one").await;
    let to_alice = bob.hears("one").await;
    for (policy, text) in [(CollectPolicy::Together, "two"), (CollectPolicy::Apart, "three")] {
        alice.client.set_collect_policy(policy).unwrap();
        bob.say(to_alice, text).await;
        alice.hears(text).await;
        assert_eq!(alice.client.status().unwrap().policy, policy);
    }
    alice.is(Connection::CaughtUp).await;
    alice.hears_nothing_more().await;
    assert_eq!(alice.client.set_proxy(None).unwrap_err().kind(), ErrorKind::ProxyNeeded);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_remembered_holds_when_nobody_names_it_again() {
    let scene = Scene::start().await;
    let alice = scene.person(CollectPolicy::Apart);
    let directory = alice.directory.path();
    let profile = sealpost_client::Profile::open(
        directory,
        &sealpost_client::Unlock::raw_key(crate::people::KEY),
        crate::people::options(),
    );
    let sealpost_client::Profile::OptedIn(again) = profile.unwrap() else { panic!("not opted in") };
    let status = again.status().unwrap();
    assert_eq!((status.policy, status.proxy), (CollectPolicy::Apart, Some(scene.proxy.reference.clone())));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_does_not_pass_on_to_the_relay_is_told_from_one_that_is_away() {
    let relay = TestRelay::start().await;
    let proxy = proxy_to(&[]).await;
    let mut alice = Person::behind(&proxy.reference, &relay.reference, CollectPolicy::Apart);
    alice.start();
    alice.is(Connection::NoProxy).await;
    let refused = alice.discovery().terms().await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ProxyUnfit);
    let own = RelayRef { host: proxy.reference.host.clone(), operator: relay.reference.operator };
    assert_eq!(alice.client.set_proxy(Some(own)).unwrap_err().kind(), ErrorKind::ProxyUnfit);
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_are_looked_up_through_the_proxy() {
    let around = Neighbourhood::start().await;
    let gateways: Vec<_> = around.services.iter().chain([&around.relay]).map(|server| &server.reference).collect();
    let proxy = proxy_to(&gateways).await;
    let mut bob = Person::online(&around.relay.reference).await;
    let number = sealpost_client::PhoneNumber::parse("+4915123456789", None).unwrap();
    let discovery = bob.discovery();
    around.prove(&discovery, &number).await;
    let mut events = bob.client.events();
    discovery.publish_number(&number).unwrap();
    let listed = async { while events.next().await != Some(Event::Listed) {} };
    timeout(PATIENCE, listed).await.expect("never listed");
    let mut alice = Person::behind(&proxy.reference, &around.relay.reference, CollectPolicy::Apart);
    alice.start();
    alice.is(Connection::CaughtUp).await;
    let discovery = alice.discovery();
    around.prove(&discovery, &sealpost_client::PhoneNumber::parse("+4915123456780", None).unwrap()).await;
    let mut book = sealpost_client::AddressBook::new();
    book.add("Bob", number);
    let report = timeout(PATIENCE, discovery.discover(book).unwrap().finish()).await.unwrap().unwrap();
    assert_eq!(report.found.len(), 1);
    bob.stop().await;
    alice.stop().await;
}
