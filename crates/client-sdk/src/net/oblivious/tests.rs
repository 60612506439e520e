use ohttp::hpke::{Aead, Kdf, Kem};
use ohttp::{KeyConfig, Server, SymmetricSuite};
use sealpost_wire::manifest::OhttpKeys;
use sealpost_wire::operator::OperatorSecret;

use super::super::test_relay::{ISSUED, manifest_of};
use super::*;

fn gateway_with(id: u8, aeads: &[Aead]) -> Server {
    let suites = aeads.iter().map(|aead| SymmetricSuite::new(Kdf::HkdfSha256, *aead)).collect();
    Server::new(KeyConfig::derive(id, Kem::X25519Sha256, suites, &[7; 32]).unwrap()).unwrap()
}

/// A gateway with the key of the day, as the protocol has it.
fn gateway() -> Server {
    let [.., id] = ISSUED.0.to_be_bytes();
    gateway_with(id, &[Aead::Aes128Gcm])
}

fn manifest_with(list: &[u8], first_day: Day) -> Manifest {
    let operator = OperatorSecret::from_seed(&[1; 32]).public();
    let mut manifest = manifest_of(&"relay.example.org:443".parse().unwrap(), &operator, &[]);
    manifest.ohttp_keys = Some(OhttpKeys { first_day, keys: BASE64.encode(list) });
    manifest
}

fn list(configs: &[&Server]) -> Vec<u8> {
    KeyConfig::encode_list(&configs.iter().map(|server| server.config()).collect::<Vec<_>>()).unwrap()
}

fn keys() -> GatewayKeys {
    GatewayKeys::of(&manifest_with(&list(&[&gateway()]), ISSUED)).unwrap()
}

fn reply(length: usize) -> Vec<u8> {
    let reply = InsideReply { status: 200, content_type: "application/cbor".into(), body: vec![7] };
    reply.to_bytes(length).unwrap()
}

#[test]
fn what_is_sealed_is_opened_by_the_gateway_and_its_answer_here() {
    let inside = inside("/v1/take", Some(&[1, 2, 3])).unwrap();
    let (sealed, opening) = keys().seal(&inside).unwrap();
    assert_eq!(sealed.len(), 4_592 + 55);
    let (opened, answer) = gateway().decapsulate(&sealed).unwrap();
    assert_eq!(opened, inside);
    let answer = answer.encapsulate(&reply(4_592)).unwrap();
    assert_eq!(opening.open(&answer).unwrap().body, [7]);
}

#[test]
fn every_attempt_is_sealed_anew() {
    let inside = inside("/v1/relay", None).unwrap();
    let seal = || keys().seal(&inside).unwrap().0;
    assert_ne!(seal(), seal());
}

#[test]
fn an_answer_that_was_changed_cut_short_or_made_for_another_is_not_opened() {
    let inside = inside("/v1/relay", None).unwrap();
    let exchange = || {
        let (sealed, opening) = keys().seal(&inside).unwrap();
        let (_, answer) = gateway().decapsulate(&sealed).unwrap();
        (answer.encapsulate(&reply(4_592)).unwrap(), opening)
    };
    let unopened = |(answer, opening): (Vec<u8>, Opening)| opening.open(&answer).map(drop);
    let error = Err(NetError::Proxy(ProxyError::Unopened));
    let changed = |change: fn(&mut Vec<u8>)| {
        let (mut answer, opening) = exchange();
        change(&mut answer);
        (answer, opening)
    };
    assert_eq!(unopened(changed(|answer| answer[40] ^= 1)), error);
    assert_eq!(unopened(changed(|answer| answer.truncate(100))), error);
    assert_eq!(unopened(changed(Vec::clear)), error);
    let ((first, _), (_, second)) = (exchange(), exchange());
    assert_eq!(unopened((first, second)), error);
}

#[test]
fn an_answer_that_is_shorter_than_its_request_is_refused() {
    let body = vec![0; 6_000];
    let (sealed, opening) = keys().seal(&inside("/v1/stock", Some(&body)).unwrap()).unwrap();
    let (_, answer) = gateway().decapsulate(&sealed).unwrap();
    let answer = answer.encapsulate(&reply(4_592)).unwrap();
    assert_eq!(opening.open(&answer).map(drop), Err(NetError::Protocol(ProtocolError::Body)));
}

#[test]
fn a_request_that_is_too_long_is_not_sealed() {
    assert_eq!(inside("/v1/stock", Some(&vec![0; 66_032])), Err(NetError::Protocol(ProtocolError::TooLong)));
}

#[test]
fn only_one_key_of_the_day_with_the_one_suite_is_taken() {
    let of = |list: &[u8], day| GatewayKeys::of(&manifest_with(list, day)).err();
    let good = list(&[&gateway()]);
    assert_eq!(of(&good, ISSUED), None);
    let both = gateway_with(gateway().config().encode().unwrap()[0], &[Aead::Aes128Gcm, Aead::ChaCha20Poly1305]);
    let wrong = Some(TrustError::NoGateway);
    assert_eq!(of(&list(&[&both]), ISSUED), wrong, "two suites");
    assert_eq!(of(&list(&[&gateway(), &gateway()]), ISSUED), wrong, "two keys");
    assert_eq!(of(&list(&[&gateway_with(1, &[Aead::Aes128Gcm])]), ISSUED), wrong, "the identifier of another day");
    assert_eq!(of(&good, ISSUED.plus(1)), wrong, "another day than the manifest's");
    assert_eq!(of(&good[..good.len() - 1], ISSUED), wrong, "cut short");
    assert_eq!(of(&[], ISSUED), wrong, "empty");
    let mut none = manifest_with(&good, ISSUED);
    none.ohttp_keys.as_mut().unwrap().keys = "no base64".into();
    assert_eq!(GatewayKeys::of(&none).err(), wrong);
    none.ohttp_keys = None;
    assert_eq!(GatewayKeys::of(&none).err(), wrong);
}

#[test]
fn a_key_is_good_on_its_day_and_the_next_and_a_clock_may_be_behind() {
    let keys = keys();
    let good: Vec<_> = (0..5).map(|n| keys.open_on(Day(ISSUED.0 - 2 + n))).collect();
    assert_eq!(good, [false, true, true, true, false]);
    assert!(keys.are_of(ISSUED) && !keys.are_of(ISSUED.plus(1)));
}
