//! People: a profile each, with an engine that can be stopped.

use std::time::Duration;

use sealpost_client::policy::Pace;
use sealpost_client::{
    Client, CollectPolicy, Connection, ContactId, DiscoveryAccess, Message, MessageState, Options, Position, Profile,
    Running, Unlock,
};
use sealpost_identity::consent::{Consent, Messaging, Prompt};
use sealpost_wire::RelayRef;
use sealpost_wire::time::Day;
use tempfile::TempDir;
use tokio::time::{sleep, timeout};

use crate::relay::PATIENCE;

pub(crate) struct Person {
    pub(crate) client: Client,
    pub(crate) directory: TempDir,
    options: Options,
    engine: Option<Running>,
    read: Position,
}

pub(crate) const KEY: [u8; 32] = [7; 32];

pub(crate) fn options() -> Options {
    Options {
        // Relays of tests are at loopback addresses.
        private_relays: true,
        gap_wait: Duration::from_secs(2),
        leaving_spread: Duration::from_millis(300),
        lookup_pace: Duration::from_millis(1),
        ..Options::default()
    }
}

pub(crate) fn opt_in(directory: &std::path::Path, relay: &RelayRef) -> Client {
    opt_in_with(directory, relay, options())
}

fn opt_in_with(directory: &std::path::Path, relay: &RelayRef, options: Options) -> Client {
    let profile = Profile::open(directory, &Unlock::raw_key(KEY), options).unwrap();
    let Profile::Fresh(device) = profile else { panic!("not fresh") };
    device.opt_in(Consent::given(Prompt::<Messaging>::standard(), Day(20_000)), relay.clone()).unwrap()
}

impl Person {
    /// Opted in, and not online yet.
    pub(crate) fn new(relay: &RelayRef) -> Self {
        Self::with(relay, options())
    }

    pub(crate) fn with(relay: &RelayRef, options: Options) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let client = opt_in_with(directory.path(), relay, options.clone());
        Self { client, directory, options, engine: None, read: Position::START }
    }

    /// Opted in, and behind a proxy, with clocks that go fast.
    pub(crate) fn behind(proxy: &RelayRef, relay: &RelayRef, policy: CollectPolicy) -> Self {
        let [background, errand] = [Duration::from_millis(80), Duration::from_millis(20)];
        let pace = Pace { background, foreground: background / 4, door: background, drain: background / 8, errand };
        let person = Self::with(relay, Options { proxy: Some(proxy.clone()), pace, ..options() });
        person.client.set_collect_policy(policy).unwrap();
        person
    }

    pub(crate) async fn online(relay: &RelayRef) -> Self {
        let mut person = Self::new(relay);
        person.start();
        person.is(Connection::CaughtUp).await;
        person
    }

    pub(crate) fn start(&mut self) {
        self.engine = Some(self.client.start().unwrap());
    }

    pub(crate) async fn stop(&mut self) {
        self.engine.take().unwrap().stop().await;
    }

    /// Closes everything and opens the profile again, as another process would.
    pub(crate) async fn reopen(mut self) -> Self {
        if self.engine.is_some() {
            self.stop().await;
        }
        let Self { client, directory, options, read, .. } = self;
        drop(client);
        let profile = Profile::open(directory.path(), &Unlock::raw_key(KEY), options.clone()).unwrap();
        let Profile::OptedIn(client) = profile else { panic!("not opted in") };
        Self { client, directory, options, engine: None, read }
    }

    /// Consents to discovery.
    pub(crate) fn discovery(&self) -> DiscoveryAccess {
        self.client.consent_to_discovery(Consent::given(Prompt::standard(), Day(20_000))).unwrap()
    }

    pub(crate) fn add(&self, other: &Self, name: &str) -> ContactId {
        self.client.add(&other.client.card().unwrap(), name).unwrap()
    }

    pub(crate) async fn is(&self, connection: Connection) {
        let reached = async {
            while self.client.status().unwrap().connection != connection {
                sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(PATIENCE, reached).await.expect("the connection never became so");
    }

    /// Sends, and waits until the relay has accepted.
    pub(crate) async fn say(&self, to: ContactId, text: &str) {
        let id = self.client.send(to, text).unwrap();
        let message = timeout(PATIENCE, self.client.settled(id)).await.expect("never settled").unwrap();
        assert_eq!(message.state, MessageState::Accepted);
    }

    /// The next message that was received.
    pub(crate) async fn hear(&mut self) -> Message {
        let next = async {
            loop {
                if let Some(message) = self.client.messages_after(self.read, 1).unwrap().pop() {
                    return message;
                }
                sleep(Duration::from_millis(10)).await;
            }
        };
        let message = timeout(PATIENCE, next).await.expect("nothing was received");
        self.read = message.position;
        message
    }

    pub(crate) async fn hears(&mut self, text: &str) -> ContactId {
        let message = self.hear().await;
        assert_eq!(message.text.expose(), text);
        message.contact
    }

    pub(crate) async fn hears_nothing_more(&self) {
        sleep(Duration::from_millis(300)).await;
        assert_eq!(self.client.messages_after(self.read, 10).unwrap().len(), 0);
    }
}
