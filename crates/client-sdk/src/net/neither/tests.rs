//! Over real TLS on loopback: what is asked of whom, and what is not.

use std::sync::{Arc, Mutex};

use sealpost_identity::attester::DisclosedNumber;
use sealpost_identity::consent::{Consent, Prompt};
use sealpost_identity::tripwire::{NumberKind, OwnNumber, Tripped, Tripwire};
use sealpost_identity::{Imei, PhoneNumber};
use sealpost_wire::codec::V1;
use sealpost_wire::directory::{BucketBits, Epoch};
use sealpost_wire::operator::{OperatorKey, OperatorSecret};
use sealpost_wire::request::{Done, Refusal, Refused};
use sealpost_wire::time::Day;
use sealpost_wire::to_bytes;

use super::super::test_relay::{CANARY, Certificate, RelayServer, timeouts};
use super::super::{Pins, TrustError, Way};
use super::*;
use crate::permit::NetworkPermit;

struct NoPins;

impl Pins for NoPins {
    fn load(&self, _: &RelayRef) -> Option<Vec<u8>> {
        None
    }

    fn store(&self, _: &RelayRef, _: &[u8], _: &OperatorKey) {}
}

const NUMBER: &str = "+4915123456789";

fn number(text: &str) -> PhoneNumber {
    PhoneNumber::parse(text, None).unwrap()
}

/// A server of a role, and a device that has an IMEI and two numbers.
struct Scene {
    server: RelayServer,
    operator: OperatorSecret,
    network: Network,
    raised: Arc<Mutex<Vec<Tripped>>>,
}

impl Scene {
    async fn new(role: Role, handler: fn(&[u8]) -> Vec<u8>) -> Self {
        let (certificate, operator) = (Certificate::fresh(), OperatorSecret::from_seed(&[1; 32]));
        let server = RelayServer::start(&certificate, handler).await;
        server.publish_as(&operator, &[&certificate], |manifest| manifest.role = role);
        let tripwire = Tripwire::new([
            OwnNumber::Imei(Imei::parse(CANARY).unwrap()),
            OwnNumber::Phone(number(NUMBER)),
            OwnNumber::Phone(number("+12025550123")),
        ]);
        let raised = Arc::<Mutex<Vec<Tripped>>>::default();
        let alarm = raised.clone();
        let alarm = Arc::new(move |tripped: &Tripped| alarm.lock().unwrap().push(*tripped));
        let network =
            Network::new(&NetworkPermit::for_tests(), tripwire, alarm, Arc::new(NoPins), timeouts(), Way::default());
        Self { server, operator, network, raised }
    }

    fn reference(&self) -> RelayRef {
        self.server.reference(&self.operator)
    }

    /// Asks for a code for `asked` on a connection on which `allowed` may pass.
    async fn ask(&self, allowed: &str, asked: &str) -> Result<Done, NetError> {
        let permit = DiscoveryPermit::for_tests();
        let mut connection =
            self.network.attester(&permit, &self.reference(), Reach::Anywhere, &number(allowed)).await?;
        let consent = Consent::given(Prompt::standard(), Day(20_000));
        let number = DisclosedNumber::of(&number(asked), &consent);
        connection.call(&AskCode { version: V1, number }).await
    }
}

fn answered(status: &str, body: &[u8]) -> Vec<u8> {
    [format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n", body.len()).as_bytes(), body].concat()
}

fn done(_: &[u8]) -> Vec<u8> {
    answered("200 OK", &to_bytes(&Done { version: V1 }))
}

#[tokio::test]
async fn the_number_that_is_disclosed_reaches_the_attester() {
    let scene = Scene::new(Role::Attester, done).await;
    assert_eq!(scene.ask(NUMBER, NUMBER).await, Ok(Done { version: V1 }));
    assert!(scene.raised.lock().unwrap().is_empty());
    let received = scene.server.received().concat();
    assert!(received.windows(NUMBER.len()).any(|window| window == NUMBER.as_bytes()));
}

#[tokio::test]
async fn another_number_of_ones_own_does_not_pass_there() {
    let scene = Scene::new(Role::Attester, done).await;
    let outcome = scene.ask("+12025550123", NUMBER).await;
    assert!(matches!(outcome, Err(NetError::Tripwire(tripped)) if tripped.kind == NumberKind::Phone), "{outcome:?}");
    assert_eq!(scene.raised.lock().unwrap().len(), 1);
    assert!(scene.server.received().iter().all(|bytes| bytes.is_empty() || bytes.starts_with(b"GET /v1/relay ")));
}

#[tokio::test]
async fn the_number_goes_to_no_server_that_is_no_attester() {
    for role in [Role::Relay, Role::KeyService] {
        let scene = Scene::new(role, done).await;
        assert_eq!(scene.ask(NUMBER, NUMBER).await, Err(NetError::Trust(TrustError::Role)));
        assert_eq!(scene.server.requests(), ["GET /v1/relay HTTP/1.1"]);
    }
}

#[tokio::test]
async fn nothing_of_a_relays_is_asked_of_a_key_service_and_the_other_way_round() {
    let (scene, permit) = (Scene::new(Role::KeyService, done).await, DiscoveryPermit::for_tests());
    let (network, service) = (&scene.network, scene.reference());
    let other = Some(NetError::Trust(TrustError::Role));
    assert_eq!(network.owner(&service).await.err(), other);
    assert_eq!(network.sender(&service, Reach::Anywhere).await.err(), other);
    assert_eq!(network.collect_socket(&service).await.err(), other);
    assert_eq!(network.deposit_socket(&service, Reach::Anywhere).await.err(), other);
    assert_eq!(network.directory(&permit, &service).await.err(), other);
    assert_eq!(network.withdrawal(&service).await.err(), other);
    assert!(network.key_service(&permit, &service, Reach::Anywhere).await.is_ok());
    let relay = Scene::new(Role::Relay, done).await;
    let outcome = relay.network.key_service(&permit, &relay.reference(), Reach::Anywhere).await;
    assert_eq!(outcome.err(), other);
}

fn read() -> BucketRead {
    BucketRead { epoch: Epoch(230), bits: BucketBits::new(3).unwrap(), number: 5 }
}

async fn bucket_from(handler: fn(&[u8]) -> Vec<u8>) -> Result<usize, NetError> {
    let scene = Scene::new(Role::Relay, handler).await;
    let mut connection = scene.network.directory(&DiscoveryPermit::for_tests(), &scene.reference()).await?;
    let outcome = connection.read(read()).await.map(|bucket| bucket.as_bytes().len());
    assert_eq!(scene.server.requests()[1], "GET /v1/bucket/230/3/5 HTTP/1.1");
    outcome
}

#[tokio::test]
async fn a_bucket_is_read_whole_or_not_at_all() {
    assert_eq!(bucket_from(|_| answered("200 OK", &[7; BUCKET_LENGTH])).await, Ok(BUCKET_LENGTH));
    let short = bucket_from(|_| answered("200 OK", &[7; BUCKET_LENGTH - 1])).await;
    assert_eq!(short, Err(NetError::Protocol(ProtocolError::Body)));
    let long = bucket_from(|_| answered("200 OK", &[7; BUCKET_LENGTH + 1])).await;
    assert_eq!(long, Err(NetError::Protocol(ProtocolError::TooLong)));
}

#[tokio::test]
async fn a_refused_read_says_why() {
    let refused = Refused { version: V1, reason: Refusal::OtherBits, retry_after: None };
    let outcome = bucket_from(|_| {
        let refused = Refused { version: V1, reason: Refusal::OtherBits, retry_after: None };
        answered("409 Conflict", &to_bytes(&refused))
    });
    assert_eq!(outcome.await, Err(NetError::Refused(refused)));
}
