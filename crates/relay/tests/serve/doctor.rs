//! `doctor`: a fresh directory is well, and what is wrong with another is said with its mend, in the words of a start.

use std::fs::{self, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use sealpost_redis_stage::Server;
use serde_json::Value;
use tempfile::TempDir;

use crate::program::{Running, edit, initialized, program, text};

const SYNCED: &[&str] = &["--appendonly", "yes", "--appendfsync", "always"];
/// What makes a server fit for a relay that a fresh installation is not, besides: as the runbook has it.
const FRUGAL: &[&str] = &["--slowlog-log-slower-than", "-1", "--rdbcompression", "no", "--latency-tracking", "no"];

/// What is found in a directory: exit code, and each finding of at least a warning.
fn examined(directory: &Path) -> (Option<i32>, Vec<Value>) {
    let output = program(directory, &["doctor", "--json"]);
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["healthy"] == true, output.status.success());
    let all = told["findings"].as_array().unwrap().clone();
    (output.status.code(), all.into_iter().filter(|finding| finding["level"] != "ok").collect())
}

/// The findings of one check, without what depends on the machine that the tests run on.
fn of<'a>(findings: &'a [Value], check: &str) -> Vec<&'a Value> {
    findings.iter().filter(|finding| finding["check"] == check).collect()
}

fn says(findings: &[Value], check: &str, level: &str, part: &str) -> bool {
    of(findings, check).iter().any(|finding| {
        finding["level"] == level && finding["finding"].as_str().unwrap().contains(part) && finding["mend"].is_string()
    })
}

#[test]
fn a_fresh_directory_has_no_problem() {
    let directory = initialized();
    let (_, findings) = examined(directory.path());
    let problems = findings.iter().filter(|finding| finding["level"] == "problem" && finding["check"] != "disk");
    assert_eq!(problems.collect::<Vec<_>>(), Vec::<&Value>::new());
    let check = |check| assert_eq!(of(&findings, check), Vec::<&Value>::new());
    ["configuration", "port", "tls", "permissions"].into_iter().for_each(check);
    let output = program(directory.path(), &["doctor", "--all"]);
    for part in ["ok       port", "are free where the data lies", "0 problems"] {
        assert!(text(&output.stdout).contains(part), "no {part} in\n{}", text(&output.stdout));
    }
}

#[test]
fn beside_a_running_relay_its_ports_are_its_own() {
    let running = Running::start(initialized());
    let (code, findings) = examined(running.directory.path());
    assert_eq!((code, of(&findings, "port")), (Some(0), vec![]));
}

#[test]
fn what_is_wrong_with_a_directory_is_said_with_its_mend() {
    let directory = initialized();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = |name: &str| directory.path().join(name);
    edit(directory.path(), "listen = ", &format!("listen = \"{}\" # ", taken.local_addr().unwrap()));
    edit(directory.path(), "disk_reserve = \"256 MiB\"", "disk_reserve = \"1 EiB\"");
    edit(directory.path(), "max = 20000", "max = 1000000000");
    fs::set_permissions(at("data"), Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(at("tls.key"), Permissions::from_mode(0o644)).unwrap();
    fs::write(at("operator.key"), "nonsense").unwrap();
    let (code, findings) = examined(directory.path());
    assert_eq!(code, Some(1));
    for (check, level, part) in [
        ("port", "problem", "another program listens"),
        ("disk", "problem", "are to stay free"),
        ("open-files", "warning", "connections.max needs 1000000256"),
        ("memory", "problem", "the machine has"),
        ("permissions", "warning", "others may look into"),
        ("permissions", "problem", "there is no key"),
        ("tls", "problem", "others may read the key file"),
    ] {
        assert!(says(&findings, check, level, part), "{check}: {part} is not in {findings:#?}");
    }
}

#[test]
fn a_configuration_that_is_wrong_is_placed() {
    let directory = initialized();
    edit(directory.path(), "idle_timeout =", "idle_timeuot =");
    let (code, findings) = examined(directory.path());
    assert_eq!(code, Some(1));
    assert!(says(&findings, "configuration", "problem", "sealpost-relay.toml:"), "{findings:?}");
    assert!(findings[0]["mend"].as_str().unwrap().contains("idle_timeout"), "{findings:?}");
}

/// A directory whose store is in `server`.
fn on(server: &Server) -> TempDir {
    let directory = initialized();
    edit(directory.path(), "backend = \"embedded\"", "backend = \"redis\"");
    edit(directory.path(), "redis://127.0.0.1:6379", &format!("redis://{}", server.address()));
    directory
}

#[test]
fn a_redis_server_that_does_is_well() {
    let server = Server::start(&[SYNCED, FRUGAL].concat()).unwrap();
    let (_, findings) = examined(on(&server).path());
    assert_eq!(of(&findings, "redis"), Vec::<&Value>::new());
}

#[test]
fn all_that_is_wrong_with_a_redis_server_is_said_at_once_and_as_serve_says_it() {
    let server = Server::start(&["--maxmemory-policy", "allkeys-lru", "--loglevel", "verbose"]).unwrap();
    server.tell(&[b"CONFIG", b"SET", b"notify-keyspace-events", b"KEA"]).unwrap();
    server.tell(&[b"CONFIG", b"SET", b"latency-monitor-threshold", b"5"]).unwrap();
    server.tell(&[b"CONFIG", b"SET", b"aof-timestamp-enabled", b"yes"]).unwrap();
    server.tell(&[b"MONITOR"]).unwrap();
    let directory = on(&server);
    let (code, findings) = examined(directory.path());
    assert_eq!(code, Some(1));
    for (level, part) in [
        ("problem", "maxmemory-policy is allkeys-lru"),
        ("problem", "has no append-only file"),
        ("problem", "appendfsync is everysec"),
        ("warning", "keeps a slow log"),
        ("warning", "times into its append-only file"),
        ("warning", "times of what took long"),
        ("warning", "which keys change"),
        ("warning", "logs who connects"),
        ("warning", "every command"),
        ("warning", "compress envelopes"),
        ("warning", "how long each command takes"),
    ] {
        assert!(says(&findings, "redis", level, part), "{part} is not in {findings:#?}");
    }
    let served = program(directory.path(), &["serve"]);
    assert_eq!(served.status.code(), Some(1));
    let said = text(&served.stderr).split_whitespace().collect::<Vec<_>>().join(" ");
    let first = of(&findings, "redis")[0];
    for part in [&first["finding"], &first["mend"]] {
        let part = part.as_str().unwrap();
        // The report breaks lines at hyphens and marks them.
        assert!(said.replace("| ", "").contains(part.split(':').next().unwrap()), "no {part} in\n{said}");
    }
}

#[test]
fn a_wrong_password_a_replica_and_no_server_are_said_by_name() {
    let mut master = Server::start(SYNCED).unwrap();
    let port = master.address().port().to_string();
    let replica = Server::start(&[SYNCED, &["--replicaof", "127.0.0.1", &port]].concat()).unwrap();
    let (code, findings) = examined(on(&replica).path());
    assert!(code == Some(1) && says(&findings, "redis", "problem", "is a replica"), "{findings:?}");
    let directory = on(&master);
    master.tell(&[b"CONFIG", b"SET", b"requirepass", b"secret"]).unwrap();
    let (code, findings) = examined(directory.path());
    assert!(code == Some(1) && says(&findings, "redis", "problem", "user and password"), "{findings:?}");
    master.kill();
    let (code, findings) = examined(directory.path());
    assert!(code == Some(1) && says(&findings, "redis", "problem", "no Redis server answers"), "{findings:?}");
}
