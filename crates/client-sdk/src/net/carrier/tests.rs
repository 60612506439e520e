//! A proxy and its gateway in one, behind real TLS, and a relay that counts who comes. What fails these tests: anything that
//! reaches the relay.

use std::sync::Mutex;

use data_encoding::BASE64;
use ohttp::hpke::{Aead, Kdf, Kem};
use ohttp::{KeyConfig, Server, SymmetricSuite};
use sealpost_identity::Tripwire;
use sealpost_wire::codec::V1;
use sealpost_wire::manifest::{Manifest, OhttpKeys, SignedManifest};
use sealpost_wire::oblivious::{InsideReply, InsideRequest};
use sealpost_wire::operator::{OperatorKey, OperatorSecret};
use sealpost_wire::request::{CountItems, ItemCount, Refusal, Refused, Take};
use sealpost_wire::time::Day;
use sealpost_wire::{RelayHost, ShelfId, StockHash, StockKey, TakeKey, to_bytes};

use super::super::test_relay::{CANARY, Certificate, RelayServer, manifest_of, timeouts, tripwire};
use super::super::{Pins, TrustError, Way};
use super::*;
use crate::permit::NetworkPermit;
use crate::policy::CollectPolicy;

const RELAY: &str = "relay.example.org:443";
const NEXT: &str = "relay.example.net:443";

struct NoPins;

impl Pins for NoPins {
    fn load(&self, _: &RelayRef) -> Option<Vec<u8>> {
        None
    }

    fn store(&self, _: &RelayRef, _: &[u8], _: &OperatorKey) {}
}

/// How the far end behaves; a test changes it as it goes.
struct Far {
    /// What the gateway opens with.
    opens_with: u8,
    /// What its manifest tells.
    tells: u8,
    day: Day,
    /// Where the gateway is: where it was, it has moved from.
    host: &'static str,
    /// What is answered instead, whole.
    instead: Option<Vec<u8>>,
    /// What has been opened.
    inside: Vec<InsideRequest>,
    manifests: usize,
}

struct Scene {
    far: Arc<Mutex<Far>>,
    proxy: RelayServer,
    relay: RelayRef,
    network: Network,
}

fn operator(seed: u8) -> OperatorSecret {
    OperatorSecret::from_seed(&[seed; 32])
}

fn gateway(seed: u8, day: Day) -> Server {
    let [.., id] = day.0.to_be_bytes();
    let suites = vec![SymmetricSuite::new(Kdf::HkdfSha256, Aead::Aes128Gcm)];
    Server::new(KeyConfig::derive(id, Kem::X25519Sha256, suites, &[seed; 32]).unwrap()).unwrap()
}

fn answer(status: &str, media_type: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\ncontent-type: {media_type}\r\ncontent-length: {}\r\n\r\n", body.len());
    [head.into_bytes(), body.to_vec()].concat()
}

fn problem(of: &str) -> Vec<u8> {
    answer("400 Bad Request", "application/problem+json", format!("{{\"type\":\"{of}\"}}").as_bytes())
}

fn refused(reason: Refusal) -> Vec<u8> {
    to_bytes(&Refused { version: V1, reason, retry_after: None })
}

impl Far {
    fn signed_manifest(&self, change: fn(&mut Manifest)) -> Vec<u8> {
        let host: RelayHost = self.host.parse().unwrap();
        let mut manifest = manifest_of(&host, &operator(1).public(), &[&Certificate::fresh()]);
        let list = KeyConfig::encode_list(&[gateway(self.tells, self.day).config()]).unwrap();
        manifest.issued = self.day;
        manifest.ohttp_keys = Some(OhttpKeys { first_day: self.day, keys: BASE64.encode(&list) });
        change(&mut manifest);
        serde_json::to_vec(&SignedManifest::sign(&manifest, &operator(1)).unwrap()).unwrap()
    }

    /// What a gateway that has moved says where it was.
    fn farewell(&self) -> Vec<u8> {
        let mut manifest = manifest_of(&RELAY.parse().unwrap(), &operator(1).public(), &[&Certificate::fresh()]);
        (manifest.issued, manifest.moved_to) = (self.day, Some(self.host.to_owned()));
        serde_json::to_vec(&SignedManifest::sign(&manifest, &operator(1)).unwrap()).unwrap()
    }

    fn answer(&mut self, request: &[u8]) -> Vec<u8> {
        let end = request.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
        if self.host != RELAY && request.starts_with(format!("GET /v1/proxy/{RELAY} ").as_bytes()) {
            self.manifests += 1;
            return answer("200 OK", "application/json", &self.farewell());
        }
        if request.starts_with(format!("GET /v1/proxy/{} ", self.host).as_bytes()) {
            self.manifests += 1;
            return answer("200 OK", "application/json", &self.signed_manifest(|_| {}));
        }
        assert!(request.starts_with(format!("POST /v1/proxy/{} ", self.host).as_bytes()));
        if let Some(instead) = self.instead.clone() {
            return instead;
        }
        let Ok((inside, response)) = gateway(self.opens_with, self.day).decapsulate(&request[end..]) else {
            return problem(sealpost_wire::oblivious::KEY_PROBLEM);
        };
        self.inside.push(InsideRequest::from_bytes(&inside).unwrap());
        let body = to_bytes(&ItemCount { version: V1, items: 3 });
        let reply = InsideReply { status: 200, content_type: "application/cbor".into(), body };
        answer("200 OK", "message/ohttp-res", &response.encapsulate(&reply.to_bytes(inside.len()).unwrap()).unwrap())
    }
}

impl Scene {
    async fn new() -> Self {
        Self::with(CollectPolicy::Apart, Tripwire::new([])).await
    }

    async fn with(policy: CollectPolicy, tripwire: Tripwire) -> Self {
        let day = clock::today();
        let far = Far { opens_with: 7, tells: 7, day, host: RELAY, instead: None, inside: vec![], manifests: 0 };
        let far = Arc::new(Mutex::new(far));
        let (certificate, answers) = (Certificate::fresh(), Arc::clone(&far));
        let proxy = RelayServer::start(&certificate, move |request| answers.lock().unwrap().answer(request)).await;
        proxy.publish_as(&operator(2), &[&certificate], |manifest| manifest.role = Role::OhttpProxy);
        let relay = RelayRef { host: RELAY.parse().unwrap(), operator: operator(1).public() };
        let way = Way { proxy: Some(proxy.reference(&operator(2))), policy };
        let permit = NetworkPermit::for_tests();
        let network = Network::new(&permit, tripwire, Arc::new(|_| {}), Arc::new(NoPins), timeouts(), way);
        Self { far, proxy, relay, network }
    }

    async fn ask(&self) -> Result<u16, NetError> {
        let mut route = self.network.owner(&self.relay).await?;
        let count = CountItems { version: V1, shelf: ShelfId::from_bytes([1; 32]), stock: StockKey::new([2; 32]) };
        route.call(&count).await.map(|count| count.items)
    }

    async fn answered_with(&self, instead: Vec<u8>) -> NetError {
        self.far.lock().unwrap().instead = Some(instead);
        self.ask().await.unwrap_err()
    }

    fn manifests(&self) -> usize {
        self.far.lock().unwrap().manifests
    }
}

#[tokio::test]
async fn a_request_goes_sealed_through_the_proxy_by_the_key_that_the_manifest_tells() {
    let scene = Scene::new().await;
    assert_eq!(scene.ask().await, Ok(3));
    assert_eq!(scene.ask().await, Ok(3));
    assert_eq!(scene.manifests(), 1);
    assert_eq!(scene.far.lock().unwrap().inside[0].path, "/v1/count-items");
    // One connection for the proxy's own manifest, one for all else; nothing in them but what everyone sends.
    let received = scene.proxy.received();
    assert_eq!(received.len(), 2);
    assert!(!String::from_utf8_lossy(&received[1]).contains("count-items"));
}

#[tokio::test]
async fn when_the_gateway_has_another_key_the_manifest_is_fetched_anew_and_the_request_made_once_more() {
    let scene = Scene::new().await;
    let today = scene.far.lock().unwrap().day;
    scene.far.lock().unwrap().day = Day(today.0 - 1);
    assert_eq!(scene.ask().await, Ok(3));
    *scene.far.lock().unwrap() =
        Far { opens_with: 8, tells: 8, day: today, host: RELAY, instead: None, inside: vec![], manifests: 0 };
    assert_eq!(scene.ask().await, Ok(3));
    assert_eq!(scene.manifests(), 1);
}

#[tokio::test]
async fn a_gateway_that_does_not_open_what_is_sealed_to_the_key_it_tells_is_asked_for_that_once_more_and_no_longer() {
    let scene = Scene::new().await;
    scene.far.lock().unwrap().opens_with = 9;
    assert_eq!(scene.ask().await, Err(NetError::Proxy(ProxyError::KeyRefused)));
    assert_eq!(scene.manifests(), 2);
}

#[tokio::test]
async fn another_key_on_the_same_day_is_not_used() {
    let scene = Scene::new().await;
    assert_eq!(scene.ask().await, Ok(3));
    {
        let mut far = scene.far.lock().unwrap();
        (far.opens_with, far.tells) = (8, 8);
    }
    assert_eq!(scene.ask().await, Err(NetError::Trust(TrustError::OtherKey)));
    assert_eq!(scene.far.lock().unwrap().inside.len(), 1);
}

#[tokio::test]
async fn a_key_of_another_day_is_not_used() {
    for days in [-2_i64, 2] {
        let scene = Scene::new().await;
        let today = scene.far.lock().unwrap().day;
        scene.far.lock().unwrap().day = Day(u32::try_from(i64::from(today.0) + days).unwrap());
        assert_eq!(scene.ask().await, Err(NetError::Trust(TrustError::Stale)), "{days}");
    }
}

#[tokio::test]
async fn what_a_proxy_answers_instead_has_a_type_each() {
    let scene = Scene::new().await;
    assert_eq!(scene.ask().await, Ok(3));
    let (cbor, about) = ("application/cbor", "application/problem+json");
    let of = |error| NetError::Proxy(error);
    let cases = [
        (answer("403 Forbidden", cbor, &refused(Refusal::Denied)), of(ProxyError::NotServed)),
        (answer("502 Bad Gateway", about, b"{\"type\":\"about:blank\"}"), of(ProxyError::GatewayUnreachable)),
        (answer("504 Gateway Timeout", about, b"{}"), of(ProxyError::GatewayUnreachable)),
        (answer("200 OK", "message/ohttp-res", &[0; 4_624]), of(ProxyError::Unopened)),
        (answer("200 OK", "message/ohttp-res", &[]), of(ProxyError::Unopened)),
        (answer("200 OK", "text/html", b"<p>"), NetError::Protocol(ProtocolError::Status)),
        (problem("about:blank"), NetError::Protocol(ProtocolError::Body)),
    ];
    for (instead, error) in cases {
        assert_eq!(scene.answered_with(instead).await, error);
    }
    let later = scene.answered_with(answer("503 Service Unavailable", cbor, &refused(Refusal::TryLater))).await;
    assert!(matches!(later, NetError::Refused(refused) if refused.reason == Refusal::TryLater));
    // None of this has spoilt anything.
    scene.far.lock().unwrap().instead = None;
    assert_eq!(scene.ask().await, Ok(3));
}

#[tokio::test]
async fn a_connection_that_ended_meanwhile_is_no_trouble_and_one_that_cannot_be_made_is() {
    let scene = Scene::new().await;
    assert_eq!(scene.ask().await, Ok(3));
    // An empty answer cuts the connection: that which was kept, and the fresh one.
    assert_eq!(scene.answered_with(vec![]).await, NetError::Proxy(ProxyError::Unreachable));
    scene.far.lock().unwrap().instead = None;
    assert_eq!(scene.ask().await, Ok(3));
    let Scene { proxy, network, relay, far } = scene;
    drop(proxy);
    let idle = network.shared.proxy.as_ref().unwrap();
    while idle.idle().is_some() {}
    let route = network.owner(&relay).await.unwrap().call(&count_one()).await;
    assert_eq!(route.map(drop), Err(NetError::Proxy(ProxyError::Unreachable)));
    assert_eq!(far.lock().unwrap().inside.len(), 2);
}

fn count_one() -> CountItems {
    CountItems { version: V1, shelf: ShelfId::from_bytes([1; 32]), stock: StockKey::new([2; 32]) }
}

#[tokio::test]
async fn a_proxy_of_the_relays_operator_is_not_asked_to_pass_anything_on() {
    let scene = Scene::new().await;
    let relay = RelayRef { operator: operator(2).public(), ..scene.relay.clone() };
    let asked = scene.network.owner(&relay).await.unwrap().call(&count_one()).await;
    assert_eq!(asked.map(drop), Err(NetError::Proxy(ProxyError::SameOperator)));
    assert!(scene.far.lock().unwrap().inside.is_empty());
}

#[tokio::test]
async fn what_must_not_leave_the_device_is_stopped_before_it_is_sealed() {
    let scene = Scene::with(CollectPolicy::Apart, tripwire()).await;
    let mut route = Route::new(
        scene.network.clone(),
        Arc::clone(scene.network.shared.proxy.as_ref().unwrap()),
        &scene.relay,
        Role::Relay,
    );
    let stopped = route.exchange("/v1/take", Some(CANARY.as_bytes()), 100).await.unwrap_err();
    assert!(matches!(stopped, NetError::Tripwire(_)));
    assert!(scene.far.lock().unwrap().inside.is_empty());
    route.role = Role::KeyService;
    let asked = route.exchange("/v1/take", None, 100).await.unwrap_err();
    assert_eq!(asked, NetError::Trust(TrustError::Role));
}

#[tokio::test]
async fn together_a_senders_requests_go_through_the_proxy_and_sockets_are_not_to_be_had() {
    let scene = Scene::with(CollectPolicy::Together, Tripwire::new([])).await;
    let take = Take { version: V1, take: TakeKey::new([1; 32]), stock: StockHash::from_bytes([2; 32]) };
    let mut route = scene.network.sender(&scene.relay, Reach::Public).await.unwrap();
    // The gateway answers something else, but it was asked.
    assert_eq!(route.call(&take).await.map(drop), Err(NetError::Protocol(ProtocolError::Body)));
    assert_eq!(scene.far.lock().unwrap().inside[0].path, "/v1/take");
    let socket = scene.network.deposit_socket(&scene.relay, Reach::Anywhere).await;
    assert_eq!(socket.err(), Some(NetError::Proxy(ProxyError::Unreachable)));
}

#[tokio::test]
async fn apart_without_a_proxy_there_is_no_way_at_all() {
    let way = Way { proxy: None, policy: CollectPolicy::Apart };
    let permit = NetworkPermit::for_tests();
    let network = Network::new(&permit, Tripwire::new([]), Arc::new(|_| {}), Arc::new(NoPins), timeouts(), way);
    let relay = RelayRef { host: RELAY.parse().unwrap(), operator: operator(1).public() };
    assert_eq!(network.owner(&relay).await.err(), Some(NetError::Proxy(ProxyError::Unreachable)));
}

#[tokio::test]
async fn a_gateway_that_has_moved_is_followed_by_way_of_the_proxy() {
    let scene = Scene::new().await;
    scene.far.lock().unwrap().host = NEXT;
    assert_eq!(scene.ask().await, Ok(3));
    assert_eq!(scene.ask().await, Ok(3));
    assert_eq!((scene.manifests(), scene.far.lock().unwrap().inside.len()), (2, 2), "it was not asked again");
}

#[tokio::test]
async fn a_gateway_that_moves_while_its_key_is_known_is_followed_once_that_opens_nothing_any_more() {
    let scene = Scene::new().await;
    assert_eq!(scene.ask().await, Ok(3));
    scene.far.lock().unwrap().instead = Some(problem(sealpost_wire::oblivious::KEY_PROBLEM));
    scene.ask().await.unwrap_err();
    {
        let mut far = scene.far.lock().unwrap();
        (far.instead, far.host) = (None, NEXT);
    }
    scene.network.renew(&scene.relay, Reach::Anywhere).await.unwrap();
    assert_eq!(scene.ask().await, Ok(3));
}
