//! `status`: what a running relay says of itself, and that none runs.

use serde_json::Value;

use crate::program::{Running, edit, initialized, program, text};

#[test]
fn a_running_relay_says_how_it_is() {
    let running = Running::start(initialized());
    let output = program(running.directory.path(), &["status", "--json"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let shown: Value = serde_json::from_slice(&output.stdout).unwrap();
    let told = ["running", "ready", "version", "store", "accepted_per_second"].map(|name| shown[name].clone());
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(told, [true.into(), true.into(), version.into(), "embedded".into(), Value::from(0.0)]);
    // The hour, and nothing finer.
    assert_eq!(shown["since"].as_str().unwrap().len(), "2026-11-28T03".len());
    assert!(shown["store_bytes"].as_f64().unwrap() > 0.0);
    let output = program(running.directory.path(), &["status"]);
    assert!(text(&output.stdout).starts_with("server                 ready, version"), "{}", text(&output.stdout));
}

#[test]
fn where_none_runs_or_none_can_be_asked_it_says_so() {
    let directory = initialized();
    let output = program(directory.path(), &["status", "--json"]);
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(1), "{\"running\":false}\n".to_owned()));
    assert!(text(&output.stderr).contains("no server of this configuration runs"));
    edit(directory.path(), "admin = ", "admin = \"off\" # ");
    let output = program(directory.path(), &["status"]);
    assert!(output.status.code() == Some(1) && text(&output.stderr).contains("admin = \"off\""));
}
