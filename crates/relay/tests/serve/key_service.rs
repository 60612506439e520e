//! A served key service.

use http::{Method, StatusCode};
use sealpost_relay::config::{Config, Role};
use sealpost_wire::directory::{BlindedElements, Epoch, SignedVoucher, Voucher};
use sealpost_wire::frame::{COLLECT_SOCKET, DEPOSIT_SOCKET};
use sealpost_wire::manifest::{self, Retention};
use sealpost_wire::operator::OperatorSecret;
use sealpost_wire::request::{Evaluate, Refusal, Request, Take};
use sealpost_wire::to_bytes;

use crate::admin::admin;
use crate::evaluating::{Wanted, attester_reference, key_of_today, signed, today, told, voucher};
use crate::objects::{Mailbox, Shelf, envelope_id};
use crate::peer::{BOTH, Http, Peer};
use crate::relay::TestRelay;

const HOST: &str = "localhost:8443";
const TICKET_NEEDED: (u16, Refusal) = (402, Refusal::TicketNeeded);
const NOTHING_THERE: (u16, Refusal) = (404, Refusal::NoSuchRequest);

fn for_anyone(config: &mut Config) {
    config.role = Role::KeyService;
}

fn for_vouchers(config: &mut Config) {
    (config.role, config.key_service.attester) = (Role::KeyService, Some(attester_reference()));
}

#[tokio::test]
async fn what_is_evaluated_holds_under_the_key_that_the_manifest_tells() {
    let service = TestRelay::start_with(for_anyone).await;
    let manifest = told(&service, &service.operator, HOST).await;
    assert_eq!((manifest.role, &manifest.directory), (manifest::Role::KeyService, &None));
    assert_eq!(manifest.retention, Retention { envelope_hours: 0, lease_days: 0 });
    let key = key_of_today(&manifest);
    for http in BOTH {
        let mut peer = Peer::connect(&service, http).await;
        let mut outputs = Vec::new();
        for value in [1, 1, 2] {
            let wanted = Wanted::new(today(), value, None);
            let answer = peer.call(&wanted.request).await;
            outputs.push(wanted.finalize(&key, &answer).expect("the proof does not hold"));
        }
        assert!(outputs[0] == outputs[1] && outputs[1] != outputs[2]);
    }
    service.stop().await;
}

#[tokio::test]
async fn an_answer_does_not_hold_under_the_key_of_another_service() {
    let (service, other) = (TestRelay::start_with(for_anyone).await, TestRelay::start_with(for_anyone).await);
    let key = key_of_today(&told(&other, &other.operator, HOST).await);
    let wanted = Wanted::new(today(), 1, None);
    let answer = Peer::connect(&service, Http::Two).await.call(&wanted.request).await;
    assert!(wanted.finalize(&key, &answer).is_none());
    service.stop().await;
    other.stop().await;
}

#[tokio::test]
async fn keys_outlive_a_restart() {
    let service = TestRelay::start_with(for_anyone).await;
    let before = told(&service, &service.operator, HOST).await.key_service;
    let service = service.stop().await.start().await;
    assert_eq!(told(&service, &service.operator, HOST).await.key_service, before);
    service.stop().await;
}

#[tokio::test]
async fn an_epoch_that_is_not_open_has_no_key() {
    let service = TestRelay::start_with(for_vouchers).await;
    let mut peer = Peer::connect(&service, Http::Two).await;
    for epoch in [Epoch(0), Epoch(today().0 - 2), Epoch(today().0 + 2), Epoch(u32::MAX)] {
        let voucher = signed(&voucher(service.operator, epoch));
        let answer = peer.ask(&Wanted::new(epoch, 1, voucher).request).await;
        assert_eq!(answer.refused(), (404, Refusal::NoEpoch));
    }
    service.stop().await;
}

#[tokio::test]
async fn a_voucher_that_does_not_count_is_answered_as_none_at_all() {
    let service = TestRelay::start_with(for_vouchers).await;
    let good = voucher(service.operator, today());
    let other = OperatorSecret::from_seed(&[9; 32]);
    let vouchers = [
        None,
        Some(SignedVoucher::of(&good, &other)),
        signed(&Voucher { service: other.public(), ..good.clone() }),
        signed(&Voucher { epoch: today().next(), ..good.clone() }),
    ];
    let mut peer = Peer::connect(&service, Http::Two).await;
    let mut answers = Vec::new();
    for voucher in vouchers {
        answers.push(peer.ask(&Wanted::new(today(), 1, voucher).request).await);
    }
    for _ in 0..16 {
        peer.call(&Wanted::new(today(), 1, signed(&good)).request).await;
    }
    answers.push(peer.ask(&Wanted::new(today(), 1, signed(&good)).request).await);
    assert_eq!(answers[0].refused(), TICKET_NEEDED);
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    service.stop().await;
}

#[tokio::test]
async fn a_spent_voucher_is_refused_after_a_restart_and_an_answer_that_was_lost_is_given_again() {
    let service = TestRelay::start_with(for_vouchers).await;
    let (mut peer, voucher) = (Peer::connect(&service, Http::Two).await, voucher(service.operator, today()));
    let first = Wanted::new(today(), 1, signed(&voucher));
    peer.call(&first.request).await;
    for _ in 1..16 {
        peer.call(&Wanted::new(today(), 1, signed(&voucher)).request).await;
    }
    let service = service.stop().await.start().await;
    let mut peer = Peer::connect(&service, Http::Two).await;
    assert_eq!(peer.ask(&Wanted::new(today(), 1, signed(&voucher)).request).await.refused(), TICKET_NEEDED);
    let answer = peer.call(&first.request).await;
    let key = key_of_today(&told(&service, &service.operator, HOST).await);
    assert!(first.finalize(&key, &answer).is_some());
    service.stop().await;
}

#[tokio::test]
async fn what_is_no_element_is_malformed_wherever_it_stands() {
    let service = TestRelay::start_with(for_vouchers).await;
    let voucher = voucher(service.operator, today());
    let mut peer = Peer::connect(&service, Http::Two).await;
    for place in 0..64 {
        let mut asked = Wanted::new(today(), 1, signed(&voucher)).request;
        let mut bytes = *asked.elements.as_bytes();
        bytes[place * 32..(place + 1) * 32].fill(if place % 2 == 0 { 0 } else { 0xff });
        asked.elements = BlindedElements::new(bytes);
        assert_eq!(peer.ask(&asked).await.refused(), (400, Refusal::Malformed), "{place}");
    }
    peer.call(&Wanted::new(today(), 1, signed(&voucher)).request).await;
    service.stop().await;
}

#[tokio::test]
async fn a_body_that_is_no_request_is_refused_and_a_long_one_not_read() {
    let service = TestRelay::start_with(for_anyone).await;
    let mut peer = Peer::connect(&service, Http::One).await;
    let good = to_bytes(&Wanted::new(today(), 1, None).request);
    for bad in [Vec::new(), good[..good.len() - 1].to_vec(), [good.clone(), vec![0]].concat()] {
        assert_eq!(peer.post(Evaluate::PATH, bad).await.refused(), (400, Refusal::Malformed));
    }
    let long = vec![0; 5 * 1024];
    assert_eq!(peer.post(Evaluate::PATH, long).await.refused(), (413, Refusal::TooLarge));
    service.stop().await;
}

#[tokio::test]
async fn without_an_attester_all_together_are_slowed() {
    let slow = |config: &mut Config| {
        for_anyone(config);
        config.key_service.batches_per_minute = 2;
    };
    let service = TestRelay::start_with(slow).await;
    for _ in 0..2 {
        Peer::connect(&service, Http::Two).await.call(&Wanted::new(today(), 1, None).request).await;
    }
    let answer = Peer::connect(&service, Http::Two).await.ask(&Wanted::new(today(), 1, None).request).await;
    assert_eq!(answer.refused(), (503, Refusal::TryLater));
    assert!(answer.headers.contains_key("retry-after"));
    service.stop().await;
}

#[tokio::test]
async fn a_key_service_knows_no_mailbox_and_no_shelf() {
    let service = TestRelay::start_with(for_anyone).await;
    let (mailbox, shelf) = (Mailbox::random(), Shelf::random());
    for http in BOTH {
        let mut peer = Peer::connect(&service, http).await;
        assert_eq!(peer.ask(&mailbox.open()).await.refused(), NOTHING_THERE);
        assert_eq!(peer.ask(&mailbox.deposit(envelope_id())).await.refused(), NOTHING_THERE);
        assert_eq!(peer.ask(&mailbox.collect()).await.refused(), NOTHING_THERE);
        assert_eq!(peer.ask(&shelf.open()).await.refused(), NOTHING_THERE);
        assert_eq!(peer.ask::<Take>(&shelf.take()).await.refused(), NOTHING_THERE);
        for socket in [COLLECT_SOCKET, DEPOSIT_SOCKET, Evaluate::PATH] {
            assert_eq!(peer.get(socket).await.refused(), NOTHING_THERE);
        }
        peer.call(&Wanted::new(today(), 1, None).request).await;
    }
    assert!(!service.config.data.exists());
    service.stop().await;
}

#[tokio::test]
async fn a_relay_evaluates_nothing() {
    let relay = TestRelay::start().await;
    for http in BOTH {
        let mut peer = Peer::connect(&relay, http).await;
        assert_eq!(peer.ask(&Wanted::new(today(), 1, None).request).await.refused(), NOTHING_THERE);
    }
    assert!(!relay.config.key_service.keys.exists());
    assert_eq!(told(&relay, &relay.operator, HOST).await.key_service, None);
    relay.stop().await;
}

#[tokio::test]
async fn its_operator_sees_whether_it_works_and_counts_of_all_together() {
    let service = TestRelay::start_with(for_vouchers).await;
    let (mut peer, voucher) = (Peer::connect(&service, Http::Two).await, voucher(service.operator, today()));
    let wanted = Wanted::new(today(), 1, signed(&voucher));
    peer.call(&wanted.request).await;
    peer.call(&wanted.request).await;
    peer.ask(&Wanted::new(today(), 1, None).request).await;
    for path in ["/health", "/ready"] {
        assert_eq!(admin(&service, Method::GET, path, None).await.0, StatusCode::OK);
    }
    assert_eq!(admin(&service, Method::POST, "/purge", None).await.0, StatusCode::NOT_FOUND);
    let text = admin(&service, Method::GET, "/metrics", None).await.1;
    for line in [
        "sealpost_batches_evaluated_total 2",
        "sealpost_batches_repeated_total 1",
        "sealpost_vouchers 1",
        "sealpost_requests_total{kind=\"evaluate\",answer=\"done\"} 2",
        "sealpost_requests_total{kind=\"evaluate\",answer=\"ticket_needed\"} 1",
    ] {
        assert!(text.lines().any(|found| found == line), "no {line} in\n{text}");
    }
    assert!(text.contains("\nsealpost_epochs 1\n") || text.contains("\nsealpost_epochs 2\n"), "{text}");
    service.stop().await;
}
