//! `keys`, `manifest` and `init`: what an operator does beside serving.

use std::fs;

use rustix::process::Signal;
use sealpost_redis_stage::Server;
use sealpost_server::peer::{Patience, Peer};
use sealpost_wire::RelayRef;
use serde_json::Value;
use tempfile::TempDir;

use crate::program::{CONFIG, Running, edit, initialized, program, text};

/// The reference of the server in a directory.
fn reference(directory: &TempDir) -> RelayRef {
    let config = sealpost_relay::config::load(&directory.path().join(CONFIG)).unwrap();
    let operator = sealpost_relay::keys::read_operator(&config.operator_key).unwrap().public();
    RelayRef { host: config.relay.host, operator }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_knows_a_former_operators_key_follows_to_the_next() {
    let directory = initialized();
    let first = reference(&directory);
    for _ in 0..2 {
        let rotated = program(directory.path(), &["keys", "rotate", "operator", "--yes", "--json"]);
        assert!(rotated.status.success(), "{}", text(&rotated.stderr));
    }
    let now = reference(&directory);
    assert!(first.operator != now.operator && first.host == now.host);
    let running = Running::start(directory);
    for reference in [&first, &now] {
        let peer = Peer::connect(reference, Patience::default()).await.unwrap();
        assert!(peer.manifest().operator == now.operator);
    }
    let refused = program(running.directory.path(), &["keys", "rotate", "operator", "--yes"]);
    assert!(refused.status.code() == Some(1) && text(&refused.stderr).contains("the server runs"));
    // Without the list nobody can follow, and a list of other keys is refused.
    let directory = running.stopped(Signal::TERM);
    let list = directory.path().join("operator.succession");
    let text_of_list = fs::read_to_string(&list).unwrap();
    fs::write(&list, text_of_list.replacen("\"to\": \"", "\"to\": \"00", 2)).unwrap();
    let refused = program(directory.path(), &["check-config"]);
    assert!(refused.status.code() == Some(4) && text(&refused.stderr).contains("does not lead to"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_in_redis_goes_on_with_the_next_operators_key() {
    let server = Server::start(&["--appendonly", "yes", "--appendfsync", "always"]).unwrap();
    let directory = initialized();
    edit(directory.path(), "backend = \"embedded\"", "backend = \"redis\"");
    edit(directory.path(), "redis://127.0.0.1:6379", &format!("redis://{}", server.address()));
    let directory = Running::start(directory).stopped(Signal::TERM);
    let first = reference(&directory);
    let rotated = program(directory.path(), &["keys", "rotate", "operator", "--yes"]);
    assert!(rotated.status.success(), "{}", text(&rotated.stderr));
    let _running = Running::start(directory);
    assert!(Peer::connect(&first, Patience::default()).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_tls_key_is_the_one_that_the_manifest_names() {
    let directory = initialized();
    let before = fs::read(directory.path().join("tls.key")).unwrap();
    let rotated = program(directory.path(), &["keys", "rotate", "tls"]);
    assert!(rotated.status.success(), "{}", text(&rotated.stderr));
    assert_ne!(fs::read(directory.path().join("tls.key")).unwrap(), before);
    let running = Running::start(directory);
    assert!(Peer::connect(&reference(&running.directory), Patience::default()).await.is_ok());
    edit(running.directory.path(), "mode = \"own\"", "mode = \"files\"");
    let refused = program(running.directory.path(), &["keys", "rotate", "tls"]);
    assert!(refused.status.code() == Some(2) && text(&refused.stderr).contains("not the server's own"));
}

#[test]
fn a_manifest_is_shown_signed_and_verified() {
    let running = Running::start(initialized());
    let (directory, reference) = (running.directory.path(), reference(&running.directory).to_string());
    for arguments in [&["manifest", "show"][..], &["manifest", "show", &reference]] {
        let shown = program(directory, arguments);
        assert!(shown.status.success(), "{}", text(&shown.stderr));
        let shown: Value = serde_json::from_slice(&shown.stdout).unwrap();
        assert_eq!((&shown["signed_by_successor"], &shown["manifest"]["role"]), (&false.into(), &"relay".into()));
    }
    let signed = program(directory, &["manifest", "sign"]);
    assert!(signed.status.success(), "{}", text(&signed.stderr));
    fs::write(directory.join("manifest.json"), &signed.stdout).unwrap();
    let verify =
        |file: &str, reference: &str| program(directory, &["manifest", "verify", file, "--reference", reference]);
    assert!(verify("manifest.json", &reference).status.success());
    let stranger = text(&program(directory, &["init", "--dir", "stranger", "--host", "a.example:1"]).stdout);
    let refused = verify("manifest.json", stranger.lines().next().unwrap());
    assert!(refused.status.code() == Some(1) && text(&refused.stderr).contains("not signed by the operator key"));
    fs::write(directory.join("altered.json"), text(&signed.stdout).replacen("unstated", "instated", 1)).unwrap();
    assert_eq!(verify("altered.json", &reference).status.code(), Some(1));
    let refused = program(directory, &["manifest", "show", stranger.lines().next().unwrap()]);
    assert_eq!(refused.status.code(), Some(1));
}

#[test]
fn init_writes_what_it_is_told_of_a_store_and_a_unit() {
    let directory = tempfile::tempdir().unwrap();
    let arguments = [
        "init",
        "--dir",
        "new",
        "--redis",
        "rediss://redis.example.org:6379",
        "--region",
        "fi",
        "--unit",
        "relay.service",
    ];
    let output = program(directory.path(), &arguments);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let config = sealpost_relay::config::load(&directory.path().join("new").join(CONFIG)).unwrap();
    assert_eq!(config.redis.urls, ["rediss://redis.example.org:6379"]);
    assert_eq!((config.relay.region.as_str(), config.store.backend), ("fi", sealpost_relay::config::Backend::Redis));
    assert!(!config.data.exists());
    let unit = fs::read_to_string(directory.path().join("relay.service")).unwrap();
    let start = format!(" serve --config {}/new/{CONFIG}", directory.path().canonicalize().unwrap().display());
    assert!(unit.lines().any(|line| line.starts_with("ExecStart=/") && line.ends_with(&start)), "{unit}");
    let again = program(directory.path(), &["init", "--dir", "other", "--unit", "relay.service"]);
    assert_eq!(again.status.code(), Some(4));
}
