//! What a program adds to the operator's listener, and to a server's life.

use std::sync::atomic::Ordering;
use std::time::Duration;

use http::{Method, Request, StatusCode};
use http_body_util::Full;
use sealpost_server::peer::{Patience, Peer};
use tokio::time::{sleep, timeout};

use crate::client;
use crate::program::{of_owner, of_sender};
use crate::running::{PATIENCE, Running};

async fn ask(server: &Running, method: Method, path: &str) -> (StatusCode, String) {
    let request = Request::builder().method(method).uri(path).header("host", "localhost");
    let answer = client::ask(server.admin, request.body(Full::default()).unwrap()).await;
    (answer.status, String::from_utf8(answer.body.to_vec()).unwrap())
}

#[tokio::test]
async fn a_program_says_when_it_is_ready() {
    let server = Running::start().await;
    assert_eq!(ask(&server, Method::GET, "/ready").await.0, StatusCode::OK);
    server.seen.unready.store(true, Ordering::Relaxed);
    assert_eq!(ask(&server, Method::GET, "/ready").await.0, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(ask(&server, Method::GET, "/health").await.0, StatusCode::OK);
    server.stop().await;
}

#[tokio::test]
async fn a_program_has_requests_of_its_operator() {
    let server = Running::start().await;
    assert_eq!(ask(&server, Method::POST, "/tidy").await, (StatusCode::OK, "tidied\n".into()));
    server.stop().await;
}

#[tokio::test]
async fn requests_are_counted_by_the_programs_own_kinds() {
    let server = Running::start().await;
    let mut peer = Peer::connect(&server.reference, Patience::default()).await.unwrap();
    peer.call(&of_owner()).await.unwrap();
    peer.call(&of_sender()).await.map(drop).unwrap_err();
    let (_, page) = ask(&server, Method::GET, "/metrics").await;
    for (kind, answer, count) in [
        ("manifest", "done", 1),
        ("count_items", "done", 1),
        ("take", "wrong_side", 1),
        ("withdraw", "done", 0),
        ("other", "no_such_request", 0),
    ] {
        let line = format!("sealpost_requests_total{{kind=\"{kind}\",answer=\"{answer}\"}} {count}");
        assert!(page.lines().any(|found| found == line), "no {line} in\n{page}");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_program_does_its_chores_until_it_is_closed_and_none_after() {
    let server = Running::start().await;
    let seen = server.seen.clone();
    let chores = async {
        while seen.chores.load(Ordering::Relaxed) < 3 {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, chores).await.expect("no chores");
    assert!(!seen.closed.load(Ordering::Relaxed));
    server.stop().await;
    assert!(seen.closed.load(Ordering::Relaxed));
    let done = seen.chores.load(Ordering::Relaxed);
    sleep(Duration::from_millis(100)).await;
    assert_eq!(seen.chores.load(Ordering::Relaxed), done);
}
