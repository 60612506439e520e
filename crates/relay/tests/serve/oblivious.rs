//! A relay and a key service as gateways: what they have of their own to answer inside Oblivious HTTP.

use ohttp::ClientRequest;
use sealpost_relay::config::Role;
use sealpost_wire::codec::{List, V1};
use sealpost_wire::manifest::{self, SignedManifest};
use sealpost_wire::oblivious::{InsideReply, InsideRequest, KEYS_PATH, PATH, REPLY_ROOM, REQUEST_TYPE};
use sealpost_wire::request::{
    Acknowledge, Collect, Collected, Deposit, Deposited, Done, OpenMailbox, Outcome, Refusal, Refused, Request, Take,
};
use sealpost_wire::{SizeClass, StockKey, TakeKey, from_bytes, to_bytes};

use crate::directory;
use crate::objects::{Mailbox, envelope_id};
use crate::peer::{Http, Peer};
use crate::relay::TestRelay;

/// A connection to a gateway, over which everyone's requests go.
struct Proxy {
    peer: Peer,
    keys: Vec<u8>,
}

impl Proxy {
    async fn of(relay: &TestRelay) -> Self {
        let mut peer = Peer::connect(relay, Http::Two).await;
        let keys = peer.get(KEYS_PATH).await.body.to_vec();
        Self { peer, keys }
    }

    /// The reply, and the length of what it was in.
    async fn ask(&mut self, request: &InsideRequest, least: usize) -> (InsideReply, usize) {
        let sealed = ClientRequest::from_encoded_config_list(&self.keys).unwrap();
        let (sealed, response) = sealed.encapsulate(&request.to_bytes(least).unwrap()).unwrap();
        let request = http::Request::post(PATH).header("content-type", REQUEST_TYPE);
        let answer = self.peer.send(request.body(bytes::Bytes::from(sealed).into()).unwrap()).await;
        let inside = response.decapsulate(&answer.body).unwrap();
        (InsideReply::from_bytes(&inside).unwrap(), inside.len())
    }

    async fn call<R: Request>(&mut self, request: &R) -> R::Reply {
        let (reply, _) = self.ask(&post(request), 0).await;
        assert_eq!(reply.status, 200, "{} was refused", R::PATH);
        from_bytes(&reply.body).unwrap()
    }

    async fn refusal(&mut self, request: &InsideRequest) -> Refusal {
        from_bytes::<Refused>(&self.ask(request, 0).await.0.body).unwrap().reason
    }
}

fn post<R: Request>(request: &R) -> InsideRequest {
    InsideRequest { path: R::PATH.into(), body: Some(to_bytes(request)) }
}

#[tokio::test]
async fn a_mailbox_lives_its_life_through_a_proxy() {
    let relay = TestRelay::start().await;
    let mut proxy = Proxy::of(&relay).await;
    let mailbox = Mailbox::random();
    assert_eq!(proxy.call(&mailbox.open()).await, Done { version: V1 });
    let deposit = mailbox.deposit(envelope_id());
    assert_eq!(proxy.call(&deposit).await.outcome, Outcome::Accepted);
    let collected = proxy.call(&mailbox.collect()).await;
    assert_eq!(collected.envelopes.iter().map(|stored| stored.id).collect::<Vec<_>>(), [deposit.id]);
    proxy.call(&mailbox.acknowledge(vec![deposit.id])).await;
    assert!(proxy.call(&mailbox.collect()).await.envelopes.is_empty());
    proxy.call(&mailbox.close()).await;
    assert_eq!(proxy.call(&mailbox.deposit(envelope_id())).await.outcome, Outcome::Gone);
    relay.stop().await;
}

#[tokio::test]
async fn an_empty_poll_is_as_long_as_one_that_finds_something() {
    let relay = TestRelay::start().await;
    let mut proxy = Proxy::of(&relay).await;
    let mailbox = Mailbox::random();
    proxy.call(&mailbox.open()).await;
    for least in [4_592, 66_032] {
        let (_, empty) = proxy.ask(&post(&mailbox.collect()), least).await;
        proxy.call(&mailbox.deposit(envelope_id())).await;
        let one = Collect { max: 1, ..mailbox.collect() };
        let (reply, found) = proxy.ask(&post(&one), least).await;
        assert_eq!(from_bytes::<Collected>(&reply.body).unwrap().envelopes.len(), 1);
        assert_eq!((empty, found), (least, least));
    }
    relay.stop().await;
}

#[tokio::test]
async fn a_poll_erases_what_came_with_the_one_before_and_is_no_longer_for_it() {
    let relay = TestRelay::start().await;
    let mut proxy = Proxy::of(&relay).await;
    let mailbox = Mailbox::random();
    proxy.call(&mailbox.open()).await;
    let (first, second) = (mailbox.deposit(envelope_id()), mailbox.deposit(envelope_id()));
    for deposit in [&first, &second] {
        proxy.call(deposit).await;
    }
    let mut received = List::default();
    for (found, more) in [(vec![first.id], true), (vec![second.id], false), (vec![], false)] {
        let poll = Collect { max: 1, received, ..mailbox.collect() };
        assert_eq!(post(&poll).to_bytes(0).unwrap().len(), 4_592);
        let page = proxy.call(&poll).await;
        assert_eq!(
            (page.envelopes.iter().map(|stored| stored.id).collect::<Vec<_>>(), page.more),
            (found.clone(), more)
        );
        received = List::new(found).unwrap();
    }
    relay.stop().await;
}

#[tokio::test]
async fn what_is_collected_fits_and_the_rest_comes_with_the_next() {
    let relay = TestRelay::start().await;
    let mut proxy = Proxy::of(&relay).await;
    let mailbox = Mailbox::random();
    proxy.call(&mailbox.open()).await;
    let mut put = Vec::new();
    for class in [[SizeClass::Small; 20].as_slice(), &[SizeClass::Large], &[SizeClass::Medium; 5]].concat() {
        let deposit = mailbox.deposit_of(envelope_id(), class);
        assert_eq!(proxy.call(&deposit).await.outcome, Outcome::Accepted);
        put.push(deposit.id);
    }
    let (mut got, mut after, mut pages) = (Vec::new(), 0, Vec::new());
    loop {
        let page = proxy.call(&Collect { after, ..mailbox.collect() }).await;
        assert!(page.envelopes.iter().map(|stored| stored.sealed.as_bytes().len()).sum::<usize>() <= REPLY_ROOM);
        got.extend(page.envelopes.iter().map(|stored| stored.id));
        pages.push(page.envelopes.len());
        after = page.envelopes.last().map_or(after, |stored| stored.sequence);
        if !page.more {
            break;
        }
    }
    assert_eq!((got, pages), (put, vec![16, 4, 1, 4, 1]));
    relay.stop().await;
}

#[tokio::test]
async fn no_socket_opens_inside() {
    let relay = TestRelay::start().await;
    let mut proxy = Proxy::of(&relay).await;
    for path in [Collect::PATH, Deposit::PATH] {
        let upgrade = InsideRequest { path: path.into(), body: None };
        assert_eq!(proxy.refusal(&upgrade).await, Refusal::NoSuchRequest);
    }
    relay.stop().await;
}

#[tokio::test]
async fn one_proxy_carries_owners_and_senders_side_by_side() {
    let relay = TestRelay::start().await;
    let mut proxy = Proxy::of(&relay).await;
    let mailbox = Mailbox::random();
    let mut rng = rand::rng();
    let take = Take { version: V1, take: TakeKey::random(&mut rng), stock: StockKey::random(&mut rng).hash() };
    assert_eq!(proxy.refusal(&post(&take)).await, Refusal::Gone);
    proxy.call::<OpenMailbox>(&mailbox.open()).await;
    let Deposited { outcome, .. } = proxy.call(&mailbox.deposit_of(envelope_id(), SizeClass::Large)).await;
    assert_eq!(outcome, Outcome::Accepted);
    assert_eq!(proxy.call::<Acknowledge>(&mailbox.acknowledge(vec![])).await, Done { version: V1 });
    relay.stop().await;
}

#[tokio::test]
async fn a_key_service_is_a_gateway_too_for_what_is_asked_of_it() {
    let service = TestRelay::start_with(|config| config.role = Role::KeyService).await;
    let mut proxy = Proxy::of(&service).await;
    assert_eq!(proxy.refusal(&post(&Mailbox::random().collect())).await, Refusal::NoSuchRequest);
    let told = InsideRequest { path: manifest::PATH.into(), body: None };
    let (reply, _) = proxy.ask(&told, 0).await;
    assert!(SignedManifest::from_json(&reply.body).is_ok());
    let longer = ClientRequest::from_encoded_config_list(&proxy.keys).unwrap();
    let (longer, _) = longer.encapsulate(&told.to_bytes(16_880).unwrap()).unwrap();
    let request = http::Request::post(PATH).header("content-type", REQUEST_TYPE);
    let answer = proxy.peer.send(request.body(bytes::Bytes::from(longer).into()).unwrap()).await;
    assert_eq!(answer.refused(), (413, Refusal::TooLarge));
    service.stop().await;
}

#[tokio::test]
async fn a_bucket_is_read_inside_as_outside_and_has_a_length_of_its_own() {
    let relay = directory::open(|_| {}).await;
    let mut proxy = Proxy::of(&relay).await;
    let path = directory::bucket(0, 0);
    let (reply, length) = proxy.ask(&InsideRequest { path: path.clone(), body: None }, 0).await;
    let outside = Peer::connect(&relay, Http::Two).await.get(&path).await;
    assert_eq!((reply.body, length), (outside.body.to_vec(), 33_280));
    assert_eq!(reply.content_type, outside.headers["content-type"]);
    relay.stop().await;
}
