//! What is passed on, and to whom.

use http::StatusCode;
use ohttp::ClientRequest;
use sealpost_wire::manifest::{Role, SignedManifest};
use sealpost_wire::oblivious::{InsideReply, InsideRequest, KEYS_PATH, PATH};
use sealpost_wire::operator::OperatorSecret;
use sealpost_wire::request::{Deposit, Deposited, OpenMailbox, Outcome, Refusal, Request as _};
use sealpost_wire::{from_bytes, to_bytes};

use super::*;
use crate::objects::{Mailbox, envelope_id};
use crate::peer::BOTH;
use crate::program::free_port;

#[tokio::test]
async fn a_sealed_request_comes_to_the_gateway_and_the_sealed_answer_back() {
    let origin = Origin::start().await;
    let proxy = proxy_to(&[&origin.reference]).await;
    let answer = forward(&mut client(&proxy).await, &origin.reference, 7).await;
    assert_eq!(
        (answer.status, &answer.headers["content-type"]),
        (StatusCode::OK, &"message/ohttp-res".parse().unwrap())
    );
    assert_eq!(answer.body, vec![9; 4_592 + 32]);
    let seen = origin.seen();
    assert_eq!((seen.len(), &seen[0].body), (1, &Bytes::from(vec![7; SEALED])));
    proxy.stop().await;
}

/// Whatever clients send besides, over whatever they speak: the gateway cannot tell them apart.
#[tokio::test]
async fn requests_of_two_clients_differ_in_what_is_sealed_alone() {
    let origin = Origin::start().await;
    let proxy = proxy_to(&[&origin.reference]).await;
    for (mark, http) in (1..).zip(BOTH) {
        let mut request = request(&path_to(&origin.reference), vec![mark; SEALED].into());
        for (name, value) in [
            ("user-agent", format!("client {mark}")),
            ("cookie", format!("who={mark}")),
            ("forwarded", format!("for=192.0.2.{mark}")),
            ("x-forwarded-for", format!("192.0.2.{mark}")),
            ("via", format!("1.1 client-{mark}")),
            ("accept-language", format!("de;q=0.{mark}")),
            ("traceparent", format!("00-{mark}")),
            ("date", format!("{mark}")),
        ] {
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        assert_eq!(Peer::connect(&proxy, http).await.send(request).await.status, StatusCode::OK);
    }
    let mut seen = origin.seen();
    assert_eq!(seen.iter().map(|seen| seen.body[0]).collect::<Vec<_>>(), [1, 2]);
    seen.iter_mut().for_each(|seen| seen.body = Bytes::new());
    assert_eq!(seen[0], seen[1]);
    let fields = [("content-type", "message/ohttp-req"), ("content-length", "4647")];
    assert_eq!(seen[0].fields, fields.map(|(name, value)| (name.to_owned(), value.to_owned())));
    assert_eq!(seen[0].uri, format!("https://{}{PATH}", origin.reference.host.as_str()));
    assert!(origin.all_seen().iter().all(|seen| seen.connection == 0));
    proxy.stop().await;
}

#[tokio::test]
async fn nothing_is_passed_on_but_to_the_one_path_of_gateways_that_are_written_down() {
    let (listed, unlisted) = (Origin::start().await, Origin::start().await);
    let proxy = proxy_to(&[&listed.reference]).await;
    let (host, other) = (listed.reference.host.as_str(), unlisted.reference.host.as_str());
    let mut client = client(&proxy).await;
    for (path, expected) in [
        (format!("/v1/proxy/{other}"), (403, Refusal::Denied)),
        (format!("/v1/proxy/{}", host.to_uppercase()), (403, Refusal::Denied)),
        (format!("/v1/proxy/127.0.0.1:{}", listed.reference.host.port()), (403, Refusal::Denied)),
        (format!("/v1/proxy/user@{host}"), (403, Refusal::Denied)),
        (format!("/v1/proxy/{host}%2Fv1%2Fdeposit"), (403, Refusal::Denied)),
        (format!("/v1/proxy/{host}%3F@{other}"), (403, Refusal::Denied)),
        (format!("/v1/proxy/{host}/v1/deposit"), (404, Refusal::NoSuchRequest)),
        (format!("/v1/proxy/{host}/../{other}"), (404, Refusal::NoSuchRequest)),
        (format!("/v1/proxy/{host}/"), (404, Refusal::NoSuchRequest)),
        ("/v1/proxy/".into(), (404, Refusal::NoSuchRequest)),
        ("/v1/oblivious".into(), (404, Refusal::NoSuchRequest)),
        (format!("/{host}"), (404, Refusal::NoSuchRequest)),
    ] {
        let answer = client.send(request(&path, vec![7; SEALED].into())).await;
        assert_eq!(answer.refused(), expected, "{path}");
    }
    for method in ["PUT", "DELETE", "OPTIONS", "PATCH"] {
        let mut request = request(&path_to(&listed.reference), vec![7; SEALED].into());
        *request.method_mut() = method.parse().unwrap();
        assert_eq!(client.send(request).await.status, StatusCode::NOT_FOUND, "{method}");
    }
    let mut cbor = request(&path_to(&listed.reference), vec![7; SEALED].into());
    cbor.headers_mut().insert("content-type", "application/cbor".parse().unwrap());
    assert_eq!(client.send(cbor).await.refused(), (400, Refusal::Malformed));
    assert!(listed.seen().is_empty() && unlisted.all_seen().is_empty());
    let with_query = format!("{}?to={other}", path_to(&listed.reference));
    assert_eq!(client.send(request(&with_query, vec![7; SEALED].into())).await.status, StatusCode::OK);
    assert!(listed.seen().iter().all(|seen| seen.uri.ends_with(PATH)) && unlisted.all_seen().is_empty());
    proxy.stop().await;
}

#[tokio::test]
async fn a_gateway_that_says_signed_that_it_has_moved_is_followed() {
    let operator = OperatorSecret::random(&mut rand::rng());
    let (mut origin, next) = (Origin::start_of(&operator).await, Origin::start_of(&operator).await);
    let proxy = proxy_to(&[&origin.reference]).await;
    assert_eq!(forward(&mut client(&proxy).await, &origin.reference, 1).await.status, StatusCode::OK);
    origin.stop().await;
    origin.move_to(&next.reference, &operator);
    origin.start_again().await;
    // By the former name, and by the new one: also at a proxy that has not yet asked where its gateway is.
    let other = proxy_to(&[&origin.reference]).await;
    for (mark, (proxy, name)) in
        (2..).zip([(&proxy, &origin), (&proxy, &next), (&other, &next)].map(|(proxy, named)| (proxy, &named.reference)))
    {
        assert_eq!(forward(&mut client(proxy).await, name, mark).await.status, StatusCode::OK, "{mark}");
    }
    assert_eq!(next.seen().iter().map(|seen| seen.body[0]).collect::<Vec<_>>(), [2, 3, 4]);
    assert_eq!(origin.seen().len(), 1);
    for (named, moved_to) in [(&origin, Some(next.reference.host.to_string())), (&next, None)] {
        let mut request = request(&path_to(&named.reference), Bytes::new());
        *request.method_mut() = Method::GET;
        let answer = client(&proxy).await.send(request).await;
        let said = SignedManifest::from_json(&answer.body).unwrap();
        let said = said.verify(&named.reference.host, &operator.public()).unwrap();
        assert_eq!(said.manifest.moved_to, moved_to);
    }
    proxy.stop().await;
    other.stop().await;
}

#[tokio::test]
async fn a_gateway_that_says_that_it_has_moved_to_anothers_is_not_followed() {
    let operator = OperatorSecret::random(&mut rand::rng());
    let (origin, anothers) = (Origin::start_of(&operator).await, Origin::start().await);
    origin.move_to(&anothers.reference, &operator);
    let proxy = proxy_to(&[&origin.reference]).await;
    for named in [&origin, &anothers] {
        let status = forward(&mut client(&proxy).await, &named.reference, 1).await.status;
        assert!(matches!(status, StatusCode::BAD_GATEWAY | StatusCode::FORBIDDEN), "{status}");
    }
    origin.move_to(&origin.reference, &operator);
    let proxy = proxy_to(&[&origin.reference]).await;
    let status = forward(&mut client(&proxy).await, &origin.reference, 1).await.status;
    assert_eq!(status, StatusCode::BAD_GATEWAY, "it leads in a circle");
    assert!(origin.seen().is_empty() && anothers.seen().is_empty());
}

#[tokio::test]
async fn a_gateway_that_points_elsewhere_is_not_followed() {
    let (origin, elsewhere) = (Origin::start().await, Origin::start().await);
    let proxy = proxy_to(&[&origin.reference, &elsewhere.reference]).await;
    let location = format!("https://{}{PATH}", elsewhere.reference.host.as_str());
    for status in [301, 302, 303, 307, 308] {
        let status = StatusCode::from_u16(status).unwrap();
        origin.behave(Behaviour::Field(status, "location", location.clone()));
        let answer = forward(&mut client(&proxy).await, &origin.reference, 7).await;
        assert_eq!(problem(&answer), (502, "the gateway's answer is none".into()));
        assert!(!answer.headers.contains_key("location"));
    }
    origin.behave(Behaviour::Field(StatusCode::OK, "alt-svc", format!("h2=\"{}\"", elsewhere.reference.host.as_str())));
    forward(&mut client(&proxy).await, &origin.reference, 7).await;
    origin.behave(Behaviour::sealed(100));
    assert_eq!(forward(&mut client(&proxy).await, &origin.reference, 7).await.status, StatusCode::OK);
    assert!(elsewhere.all_seen().is_empty());
    proxy.stop().await;
}

#[tokio::test]
async fn what_a_gateway_says_of_itself_is_told_to_everyone_in_the_same_bytes() {
    let origin = Origin::start().await;
    let proxy = proxy_to(&[&origin.reference]).await;
    let mut told = Vec::new();
    for http in BOTH {
        let answer = Peer::connect(&proxy, http).await.get(&path_to(&origin.reference)).await;
        assert_eq!(
            (answer.status, &answer.headers["content-type"]),
            (StatusCode::OK, &"application/json".parse().unwrap())
        );
        told.push(answer.body);
    }
    assert!(told.iter().all(|told| *told == *origin.manifest.lock().unwrap()));
    let signed = SignedManifest::from_json(&told[0]).unwrap();
    assert!(signed.verify(&origin.reference.host, &origin.reference.operator).is_ok());
    // Once for the connection, which must be believed, and once to tell.
    assert_eq!(origin.all_seen().len(), 2);
    proxy.stop().await;
}

#[tokio::test]
async fn a_proxy_says_that_it_is_one_and_is_no_gateway() {
    let proxy = proxy_to(&[]).await;
    let mut client = client(&proxy).await;
    let signed = SignedManifest::from_json(&client.get("/v1/relay").await.body).unwrap();
    let manifest = signed.verify(&"localhost:8443".parse().unwrap(), &proxy.operator).unwrap().manifest;
    assert_eq!((manifest.role, manifest.ohttp_keys), (Role::OhttpProxy, None));
    assert_eq!(client.get(KEYS_PATH).await.refused(), (404, Refusal::NoSuchRequest));
    proxy.stop().await;
}

/// A relay, a proxy of somebody else, and someone who deposits by way of it.
#[tokio::test]
async fn a_deposit_goes_through_a_proxy_into_a_mailbox() {
    let relay = TestRelay::start_with(|config| {
        let port = free_port();
        config.listen = format!("127.0.0.1:{port}").parse().unwrap();
        config.relay.host = format!("localhost:{port}").parse().unwrap();
    })
    .await;
    let reference = RelayRef { host: relay.config.relay.host.clone(), operator: relay.operator };
    let proxy = proxy_to(&[&reference]).await;
    let mut client = client(&proxy).await;
    let told = SignedManifest::from_json(&client.get(&path_to(&reference)).await.body).unwrap();
    let keys = told.verify(&reference.host, &reference.operator).unwrap().manifest.ohttp_keys.unwrap().keys;
    let keys = data_encoding::BASE64.decode(keys.as_bytes()).unwrap();
    let mut ask = async |inside: InsideRequest| {
        let sealed = ClientRequest::from_encoded_config_list(&keys).unwrap();
        let (sealed, response) = sealed.encapsulate(&inside.to_bytes(0).unwrap()).unwrap();
        let answer = client.send(request(&path_to(&reference), sealed.into())).await;
        InsideReply::from_bytes(&response.decapsulate(&answer.body).unwrap()).unwrap()
    };
    let mailbox = Mailbox::random();
    let open = InsideRequest { path: OpenMailbox::PATH.into(), body: Some(to_bytes(&mailbox.open())) };
    assert_eq!(ask(open).await.status, 200);
    let deposit = mailbox.deposit(envelope_id());
    let inside = InsideRequest { path: Deposit::PATH.into(), body: Some(to_bytes(&deposit)) };
    assert_eq!(from_bytes::<Deposited>(&ask(inside).await.body).unwrap().outcome, Outcome::Accepted);
    let collected = Peer::connect(&relay, Http::Two).await.call(&mailbox.collect()).await;
    assert_eq!(collected.envelopes.iter().map(|stored| stored.id).collect::<Vec<_>>(), [deposit.id]);
    proxy.stop().await;
    relay.stop().await;
}
