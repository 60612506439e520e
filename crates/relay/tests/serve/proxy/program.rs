//! The program in the role of a proxy: its files and its exit codes.

use std::fs;
use std::path::Path;
use std::process::Output;
use std::sync::Arc;

use sealpost_relay::config;
use sealpost_relay::server::{Server, StartError};
use sealpost_relay::{clock::SystemClock, keys};
use tempfile::TempDir;

use super::*;
use crate::program::{CONFIG, edit, program, text};

fn initialized() -> (TempDir, RelayRef) {
    let directory = tempfile::tempdir().unwrap();
    let output = program(directory.path(), &["init", "--role", "ohttp-proxy", "--json"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let written: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(written.get("data").is_none());
    (directory, written["reference"].as_str().unwrap().parse().unwrap())
}

fn with_gateways(directory: &Path, gateways: &str) -> Output {
    edit(directory, "gateways = [", &format!("gateways = [{gateways}"));
    program(directory, &["check-config", "--json"])
}

#[test]
fn init_writes_a_proxy_that_keeps_nothing_and_wants_gateways() {
    let (directory, _) = initialized();
    let config = config::load(&directory.path().join(CONFIG)).unwrap();
    assert_eq!((config.role, config.relay.name.as_str()), (Role::OhttpProxy, "A Sealpost proxy"));
    let mut names: Vec<_> = fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["operator.key", CONFIG, "tls.key", "tls.pem"]);
    let checked = program(directory.path(), &["check-config"]);
    assert!(checked.status.success() && text(&checked.stderr).contains("ohttp_proxy.gateways is empty"));
}

#[test]
fn a_gateway_with_the_proxys_own_key_is_placed_and_keeps_it_from_starting() {
    let (directory, own) = initialized();
    let elsewhere = RelayRef { host: "relay.example.org:8443".parse().unwrap(), ..own };
    let checked = with_gateways(directory.path(), &format!("\"{elsewhere}\""));
    assert_eq!(checked.status.code(), Some(3));
    let verdict: Value = serde_json::from_slice(&checked.stdout).unwrap();
    let line = fs::read_to_string(directory.path().join(CONFIG)).unwrap();
    let line = line.lines().position(|line| line.starts_with("gateways = [")).unwrap() + 1;
    let problem = &verdict["problems"][0];
    assert_eq!((&problem["line"], &problem["column"]), (&line.into(), &12.into()));
    assert!(problem["problem"].as_str().unwrap().contains("gateway 1 has this server's own operator key"));
    let served = program(directory.path(), &["serve"]);
    assert_eq!(served.status.code(), Some(3));
    assert!(text(&served.stderr).contains("gateway 1 has"));
}

#[test]
fn what_is_no_gateway_is_placed() {
    let (directory, _) = initialized();
    let checked = with_gateways(directory.path(), "\"relay.example.org:8443\"");
    assert_eq!(checked.status.code(), Some(3));
    assert!(text(&checked.stderr).contains("a relay reference starts with"));
}

#[tokio::test]
async fn a_library_is_kept_from_it_too() {
    let directory = tempfile::tempdir().unwrap();
    let mut config = Config { role: Role::OhttpProxy, ..Config::default() }.rooted_at(directory.path());
    config.listen = "127.0.0.1:0".parse().unwrap();
    let own = keys::create_operator(&config.operator_key, &mut rand::rng()).unwrap().public();
    let host = "relay.example.org:8443".parse().unwrap();
    config.ohttp_proxy.gateways = vec![RelayRef { host, operator: own }];
    let refused = Server::bind_with(&config, Arc::new(SystemClock)).await;
    assert!(matches!(refused, Err(StartError::OwnGateway)));
}
