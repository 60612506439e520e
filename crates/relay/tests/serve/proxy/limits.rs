//! What one client can take from the others.

use futures_util::future::join_all;
use http::StatusCode;
use sealpost_wire::oblivious::LONGEST_REQUEST;
use sealpost_wire::request::Refusal;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::sleep;

use super::*;
use crate::admin::admin;
use crate::peer::{Trusting, tls, tls_config};

#[tokio::test]
async fn a_request_that_is_longer_than_any_is_not_passed_on() {
    let origin = Origin::start().await;
    let proxy = proxy_to(&[&origin.reference]).await;
    let mut client = client(&proxy).await;
    let longest = client.send(request(&path_to(&origin.reference), vec![1; LONGEST_REQUEST].into())).await;
    assert_eq!(longest.status, StatusCode::OK);
    for length in [LONGEST_REQUEST + 1, 10 * LONGEST_REQUEST] {
        let answer = client.send(request(&path_to(&origin.reference), vec![2; length].into())).await;
        assert_eq!(answer.refused(), (413, Refusal::TooLarge));
    }
    assert!(origin.seen().iter().all(|seen| seen.body[0] == 1));
    proxy.stop().await;
}

/// Many who begin a request and do not end it; meanwhile, all others are served.
#[tokio::test]
async fn who_sends_slowly_keeps_nobody_from_the_gateway_and_is_told_to_try_later() {
    let origin = Origin::start().await;
    let proxy = proxy_with(&[&origin.reference], |config| {
        hasty(config);
        (config.ohttp_proxy.connections, config.ohttp_proxy.waiting) = (1, 1);
    })
    .await;
    let head = format!(
        "POST {} HTTP/1.1\r\nhost: localhost\r\ncontent-type: {REQUEST_TYPE}\r\ncontent-length: {SEALED}\r\n\r\n",
        path_to(&origin.reference)
    );
    let mut slow = Vec::new();
    for _ in 0..50 {
        let mut stream = tls(&proxy, tls_config(b"http/1.1", std::sync::Arc::new(Trusting::default()))).await;
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&[1; 100]).await.unwrap();
        slow.push(stream);
    }
    for _ in 0..10 {
        assert_eq!(forward(&mut client(&proxy).await, &origin.reference, 2).await.status, StatusCode::OK);
    }
    let told = join_all(slow.iter_mut().map(async |stream| {
        let mut begun = [0; 12];
        stream.read_exact(&mut begun).await.unwrap();
        begun
    }));
    assert!(told.await.iter().all(|begun| begun == b"HTTP/1.1 503"));
    assert!(origin.seen().iter().all(|seen| seen.body[0] == 2));
    proxy.stop().await;
}

#[tokio::test]
async fn so_many_wait_for_a_gateway_and_the_next_is_told_to_try_later() {
    let origin = Origin::start().await;
    origin.behave(Behaviour::Hang);
    let proxy = proxy_with(&[&origin.reference], |config| {
        (config.ohttp_proxy.connections, config.ohttp_proxy.waiting) = (1, 3);
    })
    .await;
    let mut waiting = Vec::new();
    for _ in 0..32 + 3 {
        let (mut peer, reference) = (client(&proxy).await, origin.reference.clone());
        waiting.push(tokio::spawn(async move { forward(&mut peer, &reference, 1).await.status }));
    }
    origin.until_seen(32).await;
    sleep(Duration::from_millis(100)).await;
    let answer = forward(&mut client(&proxy).await, &origin.reference, 2).await;
    assert_eq!(answer.refused(), (503, Refusal::TryLater));
    assert_eq!(origin.seen().len(), 32);
    waiting.iter().for_each(tokio::task::JoinHandle::abort);
    proxy.stop().await;
}

#[tokio::test]
async fn many_at_once_go_over_so_many_connections_as_are_configured() {
    let origin = Origin::start().await;
    origin.behave(Behaviour::Hang);
    let proxy = proxy_with(&[&origin.reference], |config| config.ohttp_proxy.connections = 2).await;
    let mut waiting = Vec::new();
    for _ in 0..64 {
        let (mut peer, reference) = (client(&proxy).await, origin.reference.clone());
        waiting.push(tokio::spawn(async move { forward(&mut peer, &reference, 1).await.status }));
    }
    origin.until_seen(64).await;
    let page = admin(&proxy, Method::GET, "/metrics", None).await.1;
    assert!(page.contains("\nsealpost_gateway_connections 2\n"), "{page}");
    waiting.iter().for_each(tokio::task::JoinHandle::abort);
    proxy.stop().await;
}

#[tokio::test]
async fn what_is_passed_on_is_counted_and_by_nothing_of_a_client_or_a_gateway() {
    let origin = Origin::start().await;
    let proxy = proxy_to(&[&origin.reference]).await;
    let mut client = client(&proxy).await;
    forward(&mut client, &origin.reference, 1).await;
    origin.behave(Behaviour::Answer(StatusCode::OK, "text/html", Bytes::new()));
    forward(&mut client, &origin.reference, 1).await;
    let page = admin(&proxy, Method::GET, "/metrics", None).await.1;
    for line in [
        "sealpost_requests_total{kind=\"proxy\",answer=\"done\"} 1",
        "sealpost_requests_total{kind=\"proxy\",answer=\"unreachable\"} 1",
    ] {
        assert!(page.lines().any(|found| found == line), "no {line} in\n{page}");
    }
    assert!(!page.contains(origin.reference.host.as_str()) && !page.contains("localhost"));
    proxy.stop().await;
}
