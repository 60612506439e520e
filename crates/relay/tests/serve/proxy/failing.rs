//! Gateways that are not there, are slow, are others, or answer what is none.

use std::time::Instant;

use http::StatusCode;
use sealpost_wire::codec::V1;
use sealpost_wire::oblivious::{KEY_PROBLEM, LONGEST_ANSWER};
use sealpost_wire::operator::OperatorSecret;
use sealpost_wire::request::{Refusal, Refused};
use sealpost_wire::to_bytes;
use tokio::time::sleep;

use super::*;

const UNREACHABLE: &str = "the gateway cannot be reached";
const UNINTELLIGIBLE: &str = "the gateway's answer is none";
const SLOW: &str = "the gateway did not answer in time";

#[tokio::test]
async fn a_gateway_that_is_down_is_a_problem_and_one_that_comes_back_is_none() {
    let mut origin = Origin::start().await;
    let proxy = proxy_to(&[&origin.reference]).await;
    let mut client = client(&proxy).await;
    origin.stop().await;
    for _ in 0..3 {
        assert_eq!(problem(&forward(&mut client, &origin.reference, 1).await), (502, UNREACHABLE.into()));
        assert_eq!(problem(&client.get(&path_to(&origin.reference)).await), (502, UNREACHABLE.into()));
    }
    origin.start_again().await;
    while forward(&mut client, &origin.reference, 2).await.status != StatusCode::OK {
        sleep(Duration::from_millis(50)).await;
    }
    assert!(origin.seen().iter().all(|seen| seen.body[0] == 2));
    proxy.stop().await;
}

#[tokio::test]
async fn a_gateway_that_starts_anew_costs_nobody_an_answer() {
    let mut origin = Origin::start().await;
    let proxy = proxy_to(&[&origin.reference]).await;
    let mut client = client(&proxy).await;
    assert_eq!(forward(&mut client, &origin.reference, 1).await.status, StatusCode::OK);
    origin.stop().await;
    origin.start_again().await;
    // The proxy hears that the connection has ended.
    sleep(Duration::from_millis(100)).await;
    assert_eq!(forward(&mut client, &origin.reference, 2).await.status, StatusCode::OK);
    proxy.stop().await;
}

#[tokio::test]
async fn a_slow_gateway_is_a_problem_in_time_and_none_of_the_others() {
    let (slow, other) = (Origin::start().await, Origin::start().await);
    let proxy = proxy_with(&[&slow.reference, &other.reference], hasty).await;
    slow.behave(Behaviour::Hang);
    let mut waiting = client(&proxy).await;
    let mut quick = client(&proxy).await;
    let (slowly, quickly) = tokio::join!(forward(&mut waiting, &slow.reference, 1), async {
        slow.until_seen(1).await;
        forward(&mut quick, &other.reference, 2).await
    });
    assert_eq!(problem(&slowly), (504, SLOW.into()));
    assert_eq!(quickly.status, StatusCode::OK);
    proxy.stop().await;
}

#[tokio::test]
async fn somebody_else_in_a_gateways_place_is_passed_nothing() {
    let origin = Origin::start().await;
    let operator = OperatorSecret::random(&mut rand::rng()).public();
    let other = RelayRef { operator, ..origin.reference.clone() };
    let proxy = proxy_to(&[&other]).await;
    assert_eq!(problem(&forward(&mut client(&proxy).await, &other, 1).await), (502, UNREACHABLE.into()));
    assert!(origin.seen().is_empty());
    proxy.stop().await;
}

#[tokio::test]
async fn a_gateway_that_comes_to_the_proxys_own_operator_is_passed_nothing() {
    let (pinned, own) = (OperatorSecret::random(&mut rand::rng()), OperatorSecret::from_seed(&[7; 32]));
    let origin = Origin::start_succeeded(&pinned, &own).await;
    let proxy = TestRelay::start_by(&own, |config| {
        config.role = Role::OhttpProxy;
        config.ohttp_proxy.gateways = vec![origin.reference.clone()];
    })
    .await;
    assert_eq!(problem(&forward(&mut client(&proxy).await, &origin.reference, 1).await), (502, UNREACHABLE.into()));
    assert!(origin.seen().is_empty());
    proxy.stop().await;
}

#[tokio::test]
async fn what_is_no_answer_is_not_passed_on() {
    let origin = Origin::start().await;
    let proxy = proxy_to(&[&origin.reference]).await;
    let mut client = client(&proxy).await;
    let refused = |reason| to_bytes(&Refused { version: V1, reason, retry_after: None }).into();
    for behaviour in [
        Behaviour::Answer(StatusCode::OK, "text/html", "<p>hello".into()),
        Behaviour::Answer(StatusCode::NO_CONTENT, "message/ohttp-res", Bytes::new()),
        Behaviour::Answer(StatusCode::OK, "message/ohttp-res", vec![9; LONGEST_ANSWER + 1].into()),
        Behaviour::Answer(StatusCode::BAD_REQUEST, "application/problem+json", "{\"type\":\"about:blank\"}".into()),
        Behaviour::Answer(StatusCode::BAD_REQUEST, "application/problem+json", "{".into()),
        Behaviour::Answer(StatusCode::NOT_FOUND, "application/cbor", refused(Refusal::NoSuchRequest)),
        Behaviour::Answer(StatusCode::INTERNAL_SERVER_ERROR, "text/plain", "who=1".into()),
    ] {
        origin.behave(behaviour);
        assert_eq!(problem(&forward(&mut client, &origin.reference, 1).await), (502, UNINTELLIGIBLE.into()));
    }
    origin.behave(Behaviour::sealed(LONGEST_ANSWER));
    assert_eq!(forward(&mut client, &origin.reference, 1).await.body.len(), LONGEST_ANSWER);
    proxy.stop().await;
}

/// In the proxy's own words: what is not sealed could be made to tell clients apart.
#[tokio::test]
async fn the_problem_of_a_key_and_a_wish_to_wait_reach_whoever_asked() {
    let origin = Origin::start().await;
    let proxy = proxy_to(&[&origin.reference]).await;
    let mut client = client(&proxy).await;
    let marked = format!("{{\"type\":\"{KEY_PROBLEM}\",\"title\":\"for client 1 alone\"}}");
    origin.behave(Behaviour::Answer(StatusCode::BAD_REQUEST, "application/problem+json", marked.into()));
    let answer = forward(&mut client, &origin.reference, 1).await;
    assert_eq!(problem(&answer), (400, "the key does not open the request".into()));
    assert_eq!(serde_json::from_slice::<Value>(&answer.body).unwrap()["type"], KEY_PROBLEM);
    let later = to_bytes(&Refused { version: V1, reason: Refusal::TryLater, retry_after: Some(17) });
    origin.behave(Behaviour::Answer(StatusCode::SERVICE_UNAVAILABLE, "application/cbor", later.into()));
    let answer = forward(&mut client, &origin.reference, 1).await;
    assert_eq!((answer.refused(), &answer.headers["retry-after"]), ((503, Refusal::TryLater), &"17".parse().unwrap()));
    let too_large = to_bytes(&Refused { version: V1, reason: Refusal::TooLarge, retry_after: None });
    origin.behave(Behaviour::Answer(StatusCode::PAYLOAD_TOO_LARGE, "application/cbor", too_large.into()));
    assert_eq!(forward(&mut client, &origin.reference, 1).await.refused(), (413, Refusal::TooLarge));
    proxy.stop().await;
}

#[tokio::test]
async fn what_is_not_the_gateways_own_manifest_is_not_told() {
    let origin = Origin::start().await;
    let proxy = proxy_to(&[&origin.reference]).await;
    let mut client = client(&proxy).await;
    assert_eq!(forward(&mut client, &origin.reference, 1).await.status, StatusCode::OK);
    *origin.manifest.lock().unwrap() = "{\"manifest\":\"{}\",\"signature\":\"\"}".into();
    assert_eq!(problem(&client.get(&path_to(&origin.reference)).await), (502, UNINTELLIGIBLE.into()));
    proxy.stop().await;
}

/// Whoever waits for one that cannot be reached does not wait for all who came before to have tried.
#[tokio::test]
async fn many_who_ask_for_a_gateway_that_does_not_answer_wait_as_long_as_one() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = format!("localhost:{}", listener.local_addr().unwrap().port()).parse().unwrap();
    let silent = RelayRef { host, operator: OperatorSecret::random(&mut rand::rng()).public() };
    let proxy = proxy_with(&[&silent], hasty).await;
    let begun = Instant::now();
    let ask = async || forward(&mut client(&proxy).await, &silent, 1).await;
    let answers = futures_util::future::join_all((0..20).map(|_| ask())).await;
    assert!(answers.iter().all(|answer| problem(answer) == (504, SLOW.into())));
    assert!(begun.elapsed() < crate::relay::PATIENCE);
    proxy.stop().await;
}
