//! Real TLS on loopback. What fails these tests: one application byte, other than the request for the manifest, to a
//! relay that has not shown that it is the pinned one.

use sealpost_identity::tripwire::Tripwire;
use sealpost_wire::codec::V1;
use sealpost_wire::operator::OperatorSecret;
use sealpost_wire::request::{CountItems, ItemCount};
use sealpost_wire::{ShelfId, StockKey, to_bytes};

use super::super::test_relay::{CANARY, Certificate, Handshake, ISSUED, RelayServer, timeouts, tripwire};
use super::super::{Network, Stage, Way};
use super::*;
use crate::permit::NetworkPermit;

mod moved;

const MANIFEST: &str = "GET /v1/relay HTTP/1.1";
const COUNT: &str = "POST /v1/count-items HTTP/1.1";

#[derive(Default)]
struct MemoryPins {
    stored: Mutex<Vec<(RelayRef, Vec<u8>, OperatorKey)>>,
}

impl Pins for MemoryPins {
    fn load(&self, relay: &RelayRef) -> Option<Vec<u8>> {
        let stored = self.stored.lock().unwrap();
        stored.iter().rev().find(|(of, ..)| of == relay).map(|(_, bytes, _)| bytes.clone())
    }

    fn store(&self, relay: &RelayRef, signed_manifest: &[u8], operator: &OperatorKey) {
        self.stored.lock().unwrap().push((relay.clone(), signed_manifest.to_vec(), *operator));
    }
}

struct Scene {
    server: RelayServer,
    certificate: Certificate,
    operator: OperatorSecret,
    pins: Arc<MemoryPins>,
    network: Network,
}

impl Scene {
    /// A relay that is in order, and a client that has never met it.
    async fn new() -> Self {
        let (certificate, operator) = (Certificate::fresh(), OperatorSecret::from_seed(&[1; 32]));
        let server = RelayServer::start(&certificate, three_items).await;
        server.publish(&operator, &[&certificate]);
        let pins = Arc::new(MemoryPins::default());
        let network = network(&pins, tripwire());
        Self { server, certificate, operator, pins, network }
    }

    fn relay(&self) -> RelayRef {
        self.server.reference(&self.operator)
    }

    /// Connects as an owner and asks one thing.
    async fn ask(&self) -> Result<u16, NetError> {
        let mut connection = self.network.owner(&self.relay()).await?;
        connection.call(&count_items()).await.map(|count| count.items)
    }

    /// The client starts anew, with what it stored.
    fn restart(&mut self) {
        self.network = network(&self.pins, tripwire());
    }
}

fn network(pins: &Arc<MemoryPins>, tripwire: Tripwire) -> Network {
    Network::new(&NetworkPermit::for_tests(), tripwire, Arc::new(|_| {}), pins.clone(), timeouts(), Way::default())
}

fn count_items() -> CountItems {
    CountItems { version: V1, shelf: ShelfId::from_bytes([1; 32]), stock: StockKey::new([2; 32]) }
}

fn three_items(_: &[u8]) -> Vec<u8> {
    let body = to_bytes(&ItemCount { version: V1, items: 3 });
    [format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len()).into_bytes(), body].concat()
}

fn other_operator() -> OperatorSecret {
    OperatorSecret::from_seed(&[2; 32])
}

#[tokio::test]
async fn the_first_connection_asks_for_the_manifest_and_for_nothing_else() {
    let scene = Scene::new().await;
    assert_eq!(scene.ask().await, Ok(3));
    assert_eq!(scene.ask().await, Ok(3));
    assert_eq!(scene.server.requests(), [MANIFEST, COUNT, COUNT]);
    assert_eq!(scene.pins.stored.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn nothing_in_a_handshake_ties_it_to_another() {
    use rustls::{HandshakeKind, NamedGroup, ProtocolVersion};
    let scene = Scene::new().await;
    scene.ask().await.unwrap();
    scene.ask().await.unwrap();
    let plain = Handshake {
        name: None,
        kind: Some(HandshakeKind::Full),
        group: Some(NamedGroup::X25519MLKEM768),
        version: Some(ProtocolVersion::TLSv1_3),
        protocol: Some(b"http/1.1".to_vec()),
    };
    assert_eq!(scene.server.handshakes(), vec![plain; 3]);
}

#[tokio::test]
async fn a_dns_name_is_shown_in_the_handshake_and_an_address_is_not() {
    let scene = Scene::new().await;
    let relay = scene.server.named_reference(&scene.operator);
    let named = relay.host.to_string();
    scene.server.publish_as(&scene.operator, &[&scene.certificate], |manifest| manifest.host = named);
    scene.network.owner(&relay).await.unwrap();
    assert_eq!(scene.server.handshakes()[0].name.as_deref(), Some("localhost"));
}

#[tokio::test]
async fn what_was_stored_is_believed_after_a_restart_without_asking() {
    let mut scene = Scene::new().await;
    scene.ask().await.unwrap();
    scene.restart();
    scene.ask().await.unwrap();
    assert_eq!(scene.server.requests(), [MANIFEST, COUNT, COUNT]);
}

#[tokio::test]
async fn what_was_stored_for_another_operator_is_not_believed() {
    let mut scene = Scene::new().await;
    scene.ask().await.unwrap();
    let stored = scene.pins.stored.lock().unwrap()[0].1.clone();
    let other = scene.server.reference(&other_operator());
    scene.pins.store(&other, &stored, &other.operator);
    scene.restart();
    let outcome = scene.network.owner(&other).await;
    assert_eq!(outcome.err(), Some(NetError::Trust(TrustError::Manifest(ManifestError::Signature))));
}

#[tokio::test]
async fn a_certificate_that_the_manifest_does_not_name_gets_no_request() {
    let scene = Scene::new().await;
    scene.server.show(&Certificate::fresh());
    assert_eq!(scene.ask().await, Err(NetError::Trust(TrustError::Key)));
    assert_eq!(scene.server.requests(), [MANIFEST]);
    assert!(scene.pins.stored.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_manifest_of_another_operator_is_refused() {
    let scene = Scene::new().await;
    scene.server.publish(&other_operator(), &[&scene.certificate]);
    let refused = NetError::Trust(TrustError::Manifest(ManifestError::Signature));
    assert_eq!(scene.ask().await, Err(refused));
    assert_eq!(scene.server.requests(), [MANIFEST]);
}

#[tokio::test]
async fn a_manifest_of_another_relay_of_the_same_operator_is_refused() {
    let scene = Scene::new().await;
    scene.server.publish_as(&scene.operator, &[&scene.certificate], |manifest| manifest.host = "127.0.0.1:1".into());
    assert_eq!(scene.ask().await, Err(NetError::Trust(TrustError::Manifest(ManifestError::Host))));
}

#[tokio::test]
async fn who_shows_the_relays_certificate_without_its_key_gets_not_a_byte() {
    let scene = Scene::new().await;
    scene.server.show(&scene.certificate.stolen_by(&Certificate::fresh()));
    assert_eq!(scene.ask().await, Err(NetError::Tls));
    assert!(scene.server.received().concat().is_empty());
}

#[tokio::test]
async fn the_key_that_counts_is_the_one_that_signs_the_handshake() {
    let scene = Scene::new().await;
    scene.server.show(&scene.certificate.claimed_by(&Certificate::fresh()));
    assert_eq!(scene.ask().await, Err(NetError::Trust(TrustError::Key)));
    assert_eq!(scene.server.requests(), [MANIFEST]);
}

#[tokio::test]
async fn a_new_key_is_followed_when_the_operator_names_it() {
    let scene = Scene::new().await;
    scene.ask().await.unwrap();
    let renewed = Certificate::fresh();
    scene.server.show(&renewed);
    scene.server.publish(&scene.operator, &[&renewed]);
    assert_eq!(scene.ask().await, Ok(3));
    assert_eq!(scene.server.requests(), [MANIFEST, COUNT, MANIFEST, COUNT]);
    assert_eq!(scene.pins.stored.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn a_key_that_was_announced_needs_no_new_manifest() {
    let scene = Scene::new().await;
    let next = Certificate::fresh();
    scene.server.publish(&scene.operator, &[&scene.certificate, &next]);
    scene.ask().await.unwrap();
    scene.server.show(&next);
    assert_eq!(scene.ask().await, Ok(3));
    assert_eq!(scene.server.requests(), [MANIFEST, COUNT, COUNT]);
}

#[tokio::test]
async fn a_new_key_that_only_someone_else_names_gets_no_request() {
    let scene = Scene::new().await;
    scene.ask().await.unwrap();
    let impostor = Certificate::fresh();
    scene.server.show(&impostor);
    scene.server.publish(&other_operator(), &[&impostor]);
    let refused = NetError::Trust(TrustError::Manifest(ManifestError::Signature));
    assert_eq!(scene.ask().await, Err(refused));
    assert_eq!(scene.server.requests(), [MANIFEST, COUNT, MANIFEST]);
    // The relay itself comes back: nothing that the impostor said has stuck.
    scene.server.show(&scene.certificate);
    assert_eq!(scene.ask().await, Ok(3));
}

#[tokio::test]
async fn a_successor_of_the_operator_is_followed_and_reported() {
    let scene = Scene::new().await;
    scene.ask().await.unwrap();
    let successor = other_operator();
    let renewed = Certificate::fresh();
    scene.server.show(&renewed);
    scene.server.hand_over(&scene.operator, &successor, &renewed);
    assert_eq!(scene.ask().await, Ok(3));
    let known = scene.network.relay(&scene.relay(), Reach::Anywhere).await.unwrap();
    assert!(known.operator == successor.public());
    assert!(scene.pins.stored.lock().unwrap()[1].2 == successor.public());
}

#[tokio::test]
async fn an_operator_that_has_handed_over_signs_for_nothing_any_more() {
    let mut scene = Scene::new().await;
    scene.server.hand_over(&scene.operator, &other_operator(), &scene.certificate);
    scene.ask().await.unwrap();
    scene.restart();
    let renewed = Certificate::fresh();
    scene.server.show(&renewed);
    scene.server.publish(&scene.operator, &[&renewed]);
    let refused = NetError::Trust(TrustError::Manifest(ManifestError::Signature));
    assert_eq!(scene.ask().await, Err(refused));
}

#[tokio::test]
async fn a_former_key_with_its_manifest_is_not_followed_back() {
    let mut scene = Scene::new().await;
    scene.ask().await.unwrap();
    let renewed = Certificate::fresh();
    scene.server.show(&renewed);
    scene.server.publish_as(&scene.operator, &[&renewed], |manifest| manifest.issued = ISSUED.plus(1));
    scene.ask().await.unwrap();
    // Someone has the former key, and the manifest of its time.
    scene.server.show(&scene.certificate);
    scene.server.publish(&scene.operator, &[&scene.certificate]);
    let asked = scene.server.requests().len();
    assert_eq!(scene.ask().await, Err(NetError::Trust(TrustError::Older)));
    scene.restart();
    assert_eq!(scene.ask().await, Err(NetError::Trust(TrustError::Older)));
    assert_eq!(scene.server.requests()[asked..], [MANIFEST, MANIFEST]);
    scene.server.show(&renewed);
    assert_eq!(scene.ask().await, Ok(3));
}

#[tokio::test]
async fn a_relay_whose_clock_was_ahead_is_followed_once_it_is_right() {
    let scene = Scene::new().await;
    let ahead = Day(u32::MAX);
    scene.server.publish_as(&scene.operator, &[&scene.certificate], |manifest| manifest.issued = ahead);
    scene.ask().await.unwrap();
    let renewed = Certificate::fresh();
    scene.server.show(&renewed);
    scene.server.publish_as(&scene.operator, &[&renewed], |manifest| manifest.issued = clock::today());
    assert_eq!(scene.ask().await, Ok(3));
}

#[tokio::test]
async fn a_successor_that_keeps_the_certificate_is_noticed_when_asked_for() {
    let scene = Scene::new().await;
    scene.ask().await.unwrap();
    let successor = other_operator();
    scene.server.hand_over(&scene.operator, &successor, &scene.certificate);
    scene.ask().await.unwrap();
    assert!(scene.network.relay(&scene.relay(), Reach::Anywhere).await.unwrap().operator == scene.operator.public());
    let renewed = scene.network.renew(&scene.relay(), Reach::Anywhere).await.unwrap();
    assert!(renewed.operator == successor.public());
    assert!(scene.network.relay(&scene.relay(), Reach::Anywhere).await.unwrap().operator == successor.public());
}

#[tokio::test]
async fn a_manifest_that_does_not_hold_changes_nothing_that_is_known() {
    let scene = Scene::new().await;
    scene.ask().await.unwrap();
    scene.server.publish(&other_operator(), &[&scene.certificate]);
    let refused = NetError::Trust(TrustError::Manifest(ManifestError::Signature));
    assert_eq!(scene.network.renew(&scene.relay(), Reach::Anywhere).await.err(), Some(refused));
    assert_eq!(scene.ask().await, Ok(3));
}

#[tokio::test]
async fn where_the_manifest_asks_for_the_web_pki_a_self_signed_certificate_is_not_enough() {
    let scene = Scene::new().await;
    scene.server.publish_as(&scene.operator, &[&scene.certificate], |manifest| manifest.tls.web_pki = true);
    assert_eq!(scene.ask().await, Err(NetError::Trust(TrustError::WebPki)));
    assert_eq!(scene.server.requests(), [MANIFEST]);
}

#[tokio::test]
async fn a_relay_next_door_that_someone_else_named_is_not_contacted() {
    let scene = Scene::new().await;
    let outcome = scene.network.sender(&scene.relay(), Reach::Public).await;
    assert_eq!(outcome.err(), Some(NetError::Unreachable));
    assert!(scene.server.received().is_empty());
}

#[tokio::test]
async fn a_relay_that_is_down_cannot_be_reached() {
    let mut scene = Scene::new().await;
    scene.ask().await.unwrap();
    let gone = scene.relay();
    scene.server = RelayServer::start(&scene.certificate, three_items).await;
    assert_eq!(scene.network.owner(&gone).await.err(), Some(NetError::Unreachable));
}

#[tokio::test]
async fn a_peer_that_accepts_and_says_nothing_times_out() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = listener.local_addr().unwrap().to_string().parse().unwrap();
    let relay = RelayRef { host, operator: other_operator().public() };
    let pins = Arc::new(MemoryPins::default());
    let timeouts = super::super::Timeouts { handshake: Duration::from_millis(200), ..timeouts() };
    let network =
        Network::new(&NetworkPermit::for_tests(), tripwire(), Arc::new(|_| {}), pins, timeouts, Way::default());
    assert_eq!(network.owner(&relay).await.err(), Some(NetError::TimedOut(Stage::Handshake)));
}

#[tokio::test]
async fn a_forbidden_value_in_a_relays_name_is_not_even_looked_up() {
    let host = format!("imei-{CANARY}.invalid:443").parse().unwrap();
    let relay = RelayRef { host, operator: other_operator().public() };
    let network = network(&Arc::default(), tripwire());
    assert!(matches!(network.owner(&relay).await.err(), Some(NetError::Tripwire(_))));
}

#[tokio::test]
async fn a_forbidden_value_in_a_body_leaves_the_relay_without_a_byte() {
    let mut stock = [0; 32];
    stock[..CANARY.len()].copy_from_slice(CANARY.as_bytes());
    let scene = Scene::new().await;
    let mut connection = scene.network.owner(&scene.relay()).await.unwrap();
    let request = CountItems { stock: StockKey::new(stock), ..count_items() };
    assert!(matches!(connection.call(&request).await, Err(NetError::Tripwire(_))));
    drop(connection);
    assert_eq!(scene.server.requests(), [MANIFEST]);
}

#[tokio::test]
async fn a_reference_with_another_key_does_not_disturb_the_first() {
    let scene = Scene::new().await;
    scene.ask().await.unwrap();
    let other = scene.server.reference(&other_operator());
    assert!(scene.network.owner(&other).await.is_err());
    assert_eq!(scene.ask().await, Ok(3));
    assert_eq!(scene.server.requests(), [MANIFEST, COUNT, MANIFEST, COUNT]);
}
