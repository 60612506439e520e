//! Conversations of real libraries, captured, opened and searched; and captures that nobody would make.

mod hostile;
mod pcapng;
mod wires;

use std::fs;
use std::path::Path;
use std::sync::{LazyLock, Mutex, PoisonError};

use ::http::Request;
use bytes::Bytes;
use http_body_util::Full;
use rustls::CipherSuite;
use sealpost_identity::traces::Value;
use sealpost_wire::codec::V1;
use sealpost_wire::request::{Request as _, Take};
use sealpost_wire::{StockHash, TakeKey, to_bytes};
use tokio_tungstenite::tungstenite::Message;

use super::*;
use crate::budget::Undeclared;
use crate::search::Canary;
use crate::stage::{Captured, Lines, Stage, Tls, http1, http2, websocket};
use crate::unsearched::Unsearched;

const SECRET: &str = "meet me at the station";
const NO_SECRETS: &str = "TLS: the key log has no secrets of this connection";

/// Reading it takes most of a test's time.
static BUDGETS: LazyLock<Mutex<Budgets>> = LazyLock::new(|| Mutex::new(Budgets::read().unwrap()));

fn search() -> Search {
    Search::new(vec![Canary { what: "the text".to_owned(), value: Value::text(SECRET) }]).unwrap()
}

/// What is seen in a capture, and the places where the text is found.
fn scanned(capture: &Path, keys: Option<&Path>) -> (Seen, Vec<String>) {
    let log = keys.map(|keys| KeyLog::read(keys).unwrap()).unwrap_or_default();
    let (mut search, mut budgets) = (search(), BUDGETS.lock().unwrap_or_else(PoisonError::into_inner));
    let seen = scan(capture, log, &Options::default(), &mut search, &mut budgets, &mut |_| {}).unwrap();
    (seen, search.found().iter().map(|find| find.place.clone()).collect())
}

fn captured(directory: &Path, play: impl FnOnce(&mut Stage)) -> Captured {
    let mut stage = Stage::new().unwrap();
    play(&mut stage);
    stage.write(directory, "capture").unwrap()
}

fn seen_under(tls: Tls, lines: &Lines) -> (Seen, Vec<String>) {
    let directory = tempfile::tempdir().unwrap();
    let files = captured(directory.path(), |stage| stage.tls(lines, &tls).unwrap());
    scanned(&files.capture, Some(&files.keys))
}

/// A request that the budget has, with nothing to find.
fn take() -> Vec<u8> {
    let take = Take { version: V1, take: TakeKey::new([1; 32]), stock: StockHash::from_bytes([2; 32]) };
    let body = to_bytes(&take);
    let head = format!(
        "POST {} HTTP/1.1\r\nhost: relay.example\r\ncontent-type: application/cbor\r\ncontent-length: {}\r\n\r\n",
        Take::PATH,
        body.len()
    );
    [head.as_bytes(), &body].concat()
}

fn leaking_header() -> Vec<u8> {
    format!("GET /v1/relay HTTP/1.1\r\nhost: relay.example\r\nx-note: {SECRET}\r\n\r\n").into_bytes()
}

#[test]
fn every_suite_a_second_hello_and_new_keys_are_followed() {
    let lines = [http1(&take()), http1(&leaking_header()), http1(&take())].concat();
    let tls = |suite, retry, update| Tls { suite, retry, update };
    for tls in [
        tls(CipherSuite::TLS13_AES_128_GCM_SHA256, false, false),
        tls(CipherSuite::TLS13_AES_256_GCM_SHA384, true, true),
        tls(CipherSuite::TLS13_CHACHA20_POLY1305_SHA256, false, true),
    ] {
        let (seen, found) = seen_under(tls, &lines);
        assert_eq!(seen.unsearched.reasons().count(), 0, "{tls:?}: {:?}", seen.unsearched);
        assert_eq!((seen.requests["/v1/take"], seen.requests["/v1/relay"], seen.encrypted), (2, 1, 1), "{tls:?}");
        assert_eq!(found, ["connection 1, opened, from the client"]);
        let undeclared = Undeclared::Field("x-note to /v1/relay".to_owned());
        assert_eq!(seen.violations, [Violation { what: undeclared, connection: 1, times: 1 }]);
    }
}

#[test]
fn what_http2_compresses_and_cuts_is_put_together() {
    let request = |method: &str, path: &str, body: Vec<u8>| {
        let uri = format!("https://relay.example{path}");
        Request::builder().method(method).uri(uri).header("x-note", SECRET).body(Full::new(Bytes::from(body))).unwrap()
    };
    // Longer than a frame, so that the text is cut.
    let body = [vec![0; 16 * 1024 - 7], SECRET.into(), vec![0; 40 * 1024]].concat();
    let lines = http2(vec![request("GET", "/v1/relay", vec![]), request("POST", "/v1/take", body)]).unwrap();
    let (seen, found) = seen_under(Tls::default(), &lines);
    assert_eq!(seen.unsearched.reasons().count(), 0, "{:?}", seen.unsearched);
    assert_eq!(found, ["connection 1, put together, from the client"]);
    let what: Vec<_> = seen.violations.iter().map(|violation| violation.what.to_string()).collect();
    let expected = [
        "a header field: x-note to /v1/relay",
        "a header field: x-note to /v1/take",
        "a body that is not what /v1/take takes",
    ];
    assert_eq!(what, expected);
}

#[test]
fn masks_and_fragments_are_taken_off() {
    let messages = vec![Message::binary(vec![0xA0]), Message::text(SECRET), Message::Ping(Bytes::from_static(b"me"))];
    let lines = websocket("/v1/collect", messages).unwrap();
    let (seen, found) = seen_under(Tls::default(), &lines);
    assert_eq!(seen.unsearched.reasons().count(), 0, "{:?}", seen.unsearched);
    assert_eq!((seen.messages["/v1/collect"], seen.requests["/v1/collect"]), (4, 1), "the close counts");
    assert!(found.contains(&"connection 1, put together, from the client".to_owned()), "{found:?}");
    let what: Vec<_> = seen.violations.iter().map(|violation| violation.what.to_string()).collect();
    let expected = ["a message on /v1/collect", "a text message on /v1/collect", "a ping with content on /v1/collect"];
    assert_eq!(what, expected);
}

#[test]
fn chunks_and_escapes_are_taken_off() {
    let chunked = "POST /v1/take HTTP/1.1\r\nhost: a\r\ncontent-type: application/cbor\r\ntransfer-encoding: chunked\r\n\r\n\
                   7\r\nmeet me\r\nF;x=y\r\n at the station\r\n0\r\nx-end: 1\r\n\r\n";
    let escaped = "GET /v1/relay?meet%20me%20at%20the%20station HTTP/1.1\r\nhost: a\r\n\r\n";
    let directory = tempfile::tempdir().unwrap();
    let lines = [http1(chunked.as_bytes()), http1(escaped.as_bytes())].concat();
    let files = captured(directory.path(), |stage| stage.plain(&lines).unwrap());
    let (seen, found) = scanned(&files.capture, None);
    assert_eq!(found, ["connection 1, put together, from the client", "connection 1, in a path, from the client"]);
    assert_eq!((seen.requests["/v1/take"], seen.requests["elsewhere"], seen.violations.len()), (1, 1, 3));
}

#[test]
fn what_no_secret_opens_is_told_and_not_passed_over() {
    let directory = tempfile::tempdir().unwrap();
    let files = captured(directory.path(), |stage| {
        stage.tls(&http1(&leaking_header()), &Tls::default()).unwrap();
        stage.tls(&http1(&take()), &Tls::default()).unwrap();
    });
    let (seen, found) = scanned(&files.capture, None);
    assert_eq!((found.len(), seen.unsearched.reasons().collect::<Vec<_>>()), (0, vec![NO_SECRETS]));
    assert_eq!(seen.unsearched.lines()[0].matches("connection").count(), 4 + 1, "two connections, two directions");
    // The log of another time.
    let keys = fs::read_to_string(&files.keys).unwrap();
    let first: Vec<_> =
        keys.lines().filter(|line| line.contains("TRAFFIC")).take(4).map(|line| line.replace('3', "4")).collect();
    fs::write(&files.keys, first.join("\n")).unwrap();
    assert_eq!(scanned(&files.capture, Some(&files.keys)).0.unsearched.reasons().collect::<Vec<_>>(), [NO_SECRETS]);
}

#[test]
fn a_secret_that_is_wrong_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let files = captured(directory.path(), |stage| stage.tls(&http1(&take()), &Tls::default()).unwrap());
    let keys = fs::read_to_string(&files.keys).unwrap();
    let wrong: Vec<_> = keys.lines().map(|line| line[..line.len() - 2].to_owned() + "00").collect();
    fs::write(&files.keys, wrong.join("\n")).unwrap();
    let (seen, _) = scanned(&files.capture, Some(&files.keys));
    assert_eq!(
        seen.unsearched.reasons().collect::<Vec<_>>(),
        ["TLS: it does not open under the secret of the key log"]
    );
}

#[test]
fn only_clients_of_the_named_servers_are_judged_and_all_are_searched() {
    let directory = tempfile::tempdir().unwrap();
    let files = captured(directory.path(), |stage| stage.plain(&http1(&leaking_header())).unwrap());
    for (port, violations) in [(443, 1), (444, 0)] {
        let (mut search, mut budgets) = (search(), BUDGETS.lock().unwrap_or_else(PoisonError::into_inner));
        let options = Options { servers: vec![SocketAddr::from(([127, 0, 0, 2], port))], ..Options::default() };
        let seen = scan(&files.capture, KeyLog::default(), &options, &mut search, &mut budgets, &mut |_| {}).unwrap();
        assert_eq!((seen.violations.len(), search.found().len()), (violations, 2));
    }
}

#[test]
fn an_attester_may_be_told_one_number_and_a_relay_may_not() {
    let number = "+493023125001";
    let body = [&[0xA2, 0, 1, 1, 0x6D][..], number.as_bytes()].concat();
    let head = "POST /v1/ask-code HTTP/1.1\r\nhost: a\r\ncontent-type: application/cbor\r\ncontent-length: 18\r\n\r\n";
    let directory = tempfile::tempdir().unwrap();
    let lines = http1(&[head.as_bytes(), &body].concat());
    let files = captured(directory.path(), |stage| stage.tls(&lines, &Tls::default()).unwrap());
    let server = SocketAddr::from(([127, 0, 0, 2], 443));
    for (attesters, is_declared, violations) in [(vec![server], true, 0), (vec![], false, 1)] {
        let canary = crate::values::parse(&format!("number {number}")).unwrap();
        let (mut search, mut budgets) =
            (Search::new(canary).unwrap(), BUDGETS.lock().unwrap_or_else(PoisonError::into_inner));
        let (log, options) = (KeyLog::read(&files.keys).unwrap(), Options { attesters, ..Options::default() });
        let seen = scan(&files.capture, log, &options, &mut search, &mut budgets, &mut |_| {}).unwrap();
        assert_eq!(seen.violations.len(), violations);
        let report = crate::report::Report::of("", &search, Unsearched::default());
        assert_eq!(
            (!report.declared.is_empty(), report.finds.is_empty()),
            (is_declared, is_declared),
            "{:?}",
            report.finds
        );
    }
}
