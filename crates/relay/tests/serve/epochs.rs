//! The program in the role of a key service: its files, its epochs, and what a kill leaves.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use data_encoding::HEXLOWER;
use rustix::process::Signal;
use sealpost_relay::config::{Config, Role};
use sealpost_relay::keys;
use sealpost_wire::directory::Epoch;
use sealpost_wire::manifest::KeyServiceEpoch;
use sealpost_wire::operator::OperatorKey;
use sealpost_wire::request::Refusal;
use tempfile::TempDir;

use crate::evaluating::{Wanted, attester_reference, signed, today, told, voucher};
use crate::peer::{Http, Peer};
use crate::program::{Running, edit, free_port, kib, program, spellings, text};
use crate::relay::PATIENCE;

/// An initialized directory of a key service that takes vouchers.
fn initialized() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    let (listen, admin) = (format!("127.0.0.1:{}", free_port()), format!("127.0.0.1:{}", free_port()));
    let attester = attester_reference().to_string();
    let arguments =
        ["init", "--role", "key-service", "--listen", &listen, "--admin", &admin, "--attester", &attester, "--json"];
    let output = program(directory.path(), &arguments);
    assert!(output.status.success(), "{}", text(&output.stderr));
    directory
}

fn operator(config: &Config) -> OperatorKey {
    keys::read_operator(&config.operator_key).unwrap().public()
}

/// The epochs that the running program's manifest tells.
async fn epochs(running: &Running) -> Vec<KeyServiceEpoch> {
    let config = running.config();
    let manifest = told(&config.listen, &operator(&config), config.relay.host.as_str()).await;
    manifest.key_service.unwrap().epochs
}

/// What a command says in JSON.
fn json(directory: &Path, arguments: &[&str]) -> serde_json::Value {
    let output = program(directory, arguments);
    assert!(output.status.success(), "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn listed(directory: &Path) -> Vec<serde_json::Value> {
    json(directory, &["epoch", "list", "--json"])["epochs"].as_array().unwrap().clone()
}

fn failed(output: &Output, code: i32, saying: &str) {
    assert_eq!(output.status.code(), Some(code), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains(saying), "no {saying} in\n{}", text(&output.stderr));
}

#[test]
fn init_writes_a_key_service_that_check_config_accepts() {
    let directory = initialized();
    let config = sealpost_relay::config::load(&directory.path().join("sealpost-relay.toml")).unwrap();
    assert_eq!((config.role, config.relay.name.as_str()), (Role::KeyService, "A Sealpost key service"));
    assert_eq!(config.key_service.attester, Some(attester_reference()));
    assert_eq!(fs::metadata(&config.key_service.keys).unwrap().permissions().mode() & 0o777, 0o700);
    assert!(!config.data.exists());
    assert!(program(directory.path(), &["check-config"]).status.success());
    failed(&program(directory.path(), &["init", "--role", "key-service"]), 4, "nothing was changed");
    failed(&program(directory.path(), &["purge"]), 2, "only a relay keeps anything that could be purged");
}

#[test]
fn an_attester_is_nothing_for_a_relay() {
    let directory = tempfile::tempdir().unwrap();
    let output = program(directory.path(), &["init", "--attester", &attester_reference().to_string()]);
    failed(&output, 2, "--role key-service");
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[test]
fn a_key_that_others_may_read_is_refused_before_anything_is_served() {
    let directory = initialized();
    program(directory.path(), &["epoch", "next"]);
    let key = directory.path().join(format!("epochs/{}.key", today().0 + 1));
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    for command in [&["check-config"][..], &["serve"], &["epoch", "list"]] {
        failed(&program(directory.path(), command), 4, "others may read the key file");
    }
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(&key, "no key").unwrap();
    failed(&program(directory.path(), &["serve"]), 4, "two lines of 64 hexadecimal digits was expected");
}

#[test]
fn a_relay_without_a_directory_has_no_epochs() {
    let directory = tempfile::tempdir().unwrap();
    assert!(program(directory.path(), &["init"]).status.success());
    for action in [&["epoch", "list"][..], &["epoch", "next"], &["epoch", "retire", "1", "--yes"]] {
        failed(&program(directory.path(), action), 2, "a relay without a directory has no epochs");
    }
}

#[test]
fn the_next_epoch_is_made_once_and_listed() {
    let directory = initialized();
    assert!(text(&program(directory.path(), &["epoch", "list"]).stdout).contains("the key of no epoch yet"));
    let next = today().next();
    let first = json(directory.path(), &["epoch", "next", "--json"]);
    assert_eq!((&first["made"], &first["epoch"]["epoch"]), (&true.into(), &next.0.into()));
    assert_eq!(json(directory.path(), &["epoch", "next", "--json"])["made"], false);
    assert_eq!(listed(directory.path()), [first["epoch"].clone()]);
    let table = text(&program(directory.path(), &["epoch", "list"]).stdout);
    assert!(table.starts_with("EPOCH  STATE") && table.contains(first["epoch"]["public_key"].as_str().unwrap()));
    let key = fs::read_to_string(directory.path().join(format!("epochs/{}.key", next.0))).unwrap();
    assert!(!table.contains(key.lines().next().unwrap()), "a seed is shown");
}

#[test]
fn a_live_epoch_is_retired_by_force_and_with_a_yes() {
    let directory = initialized();
    program(directory.path(), &["epoch", "next"]);
    let next = today().next().0.to_string();
    let retire = |arguments: &[&str]| program(directory.path(), &[&["epoch", "retire"], arguments].concat());
    failed(&retire(&["7", "--force", "--yes"]), 2, "there is nothing to retire of epoch 7");
    failed(&retire(&[&next, "--yes"]), 2, "--force");
    failed(&retire(&[&next, "--force"]), 2, "--yes");
    assert_ne!(listed(directory.path())[0]["state"], "retired");
    let retired = json(directory.path(), &["epoch", "retire", &next, "--force", "--yes", "--json"]);
    assert_eq!(retired["retired"], today().next().0);
    assert_eq!(listed(directory.path())[0]["state"], "retired");
    failed(&retire(&[&next, "--force", "--yes"]), 2, "there is nothing to retire");
    failed(&program(directory.path(), &["epoch", "next"]), 2, "there is no second time for it");
}

/// Types `answer` where the program asks on a terminal, which `script` (Debian's bsdutils) gives it.
fn retire_and_type(directory: &Path, answer: &str) -> Option<i32> {
    let line = format!("'{}' epoch retire {} --force", env!("CARGO_BIN_EXE_sealpost-relay"), today().next().0);
    let mut terminal = Command::new("script")
        .current_dir(directory)
        .args(["--quiet", "--return", "--command", &line, "/dev/null"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut screen, mut keyboard) = (terminal.stdout.take().unwrap(), terminal.stdin.take().unwrap());
    let mut shown = Vec::new();
    while !shown.ends_with(b"for good? [y/N] ") {
        let mut letter = [0];
        screen.read_exact(&mut letter).unwrap();
        shown.extend(letter);
    }
    keyboard.write_all(answer.as_bytes()).unwrap();
    screen.read_to_end(&mut shown).unwrap();
    drop(keyboard);
    terminal.wait().unwrap().code()
}

#[test]
fn at_a_terminal_it_is_asked_and_only_a_yes_retires() {
    let directory = initialized();
    program(directory.path(), &["epoch", "next"]);
    for no in ["\n", "n\n", "yesterday\n"] {
        assert_eq!(retire_and_type(directory.path(), no), Some(2));
        assert_ne!(listed(directory.path())[0]["state"], "retired");
    }
    assert_eq!(retire_and_type(directory.path(), "y\n"), Some(0));
    assert_eq!(listed(directory.path())[0]["state"], "retired");
}

/// Waits until the running program's manifest tells of `epoch`, or tells no more of it.
async fn until(running: &Running, epoch: Epoch, is_told: bool) {
    let deadline = Instant::now() + PATIENCE;
    while epochs(running).await.iter().any(|told| told.epoch == epoch) != is_told {
        assert!(Instant::now() < deadline, "the program does not see what a command changed");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_service_tells_what_commands_have_changed() {
    let running = Running::start(initialized());
    until(&running, today(), true).await;
    assert!(program(running.directory.path(), &["epoch", "next"]).status.success());
    until(&running, today().next(), true).await;
    let current = today().0.to_string();
    let retired = program(running.directory.path(), &["epoch", "retire", &current, "--force", "--yes"]);
    assert!(retired.status.success(), "{}", text(&retired.stderr));
    until(&running, today(), false).await;
    until(&running, today().next(), true).await;
    running.end(Signal::TERM);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_gives_no_voucher_back_what_it_has_paid() {
    let mut running = Running::start(initialized());
    let config = running.config();
    let voucher = voucher(operator(&config), today());
    let mut paid = 0;
    // Four times it is killed as soon as it has answered.
    for round in 1..=4 {
        let mut peer = Peer::connect(&config.listen, Http::Two).await;
        while paid < 5 * round {
            let answer = peer.ask(&Wanted::new(today(), 1, signed(&voucher)).request).await;
            match answer.status.as_u16() {
                200 => paid += 1,
                402 => break,
                other => panic!("{other}"),
            }
        }
        running = running.killed_and_started();
    }
    assert_eq!(paid, 16);
    let mut peer = Peer::connect(&config.listen, Http::Two).await;
    let answer = peer.ask(&Wanted::new(today(), 1, signed(&voucher)).request).await;
    assert_eq!(answer.refused(), (402, Refusal::TicketNeeded));
    running.end(Signal::TERM);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_services_log_at_trace_level_holds_no_voucher_no_element_and_no_seed() {
    let directory = initialized();
    edit(directory.path(), "level = \"info\"", "level = \"trace\"");
    let running = Running::start(directory);
    let config = running.config();
    let voucher = voucher(operator(&config), today());
    let wanted = Wanted::new(today(), 1, signed(&voucher));
    let mut peer = Peer::connect(&config.listen, Http::Two).await;
    peer.call(&wanted.request).await;
    peer.ask(&Wanted::new(Epoch(7), 1, None).request).await;
    let key = fs::read_to_string(config.key_service.keys.join(format!("{}.key", today().0))).unwrap();
    let log = text(&running.end(Signal::TERM).stderr);
    assert!(log.contains("the key of an epoch was made"), "{log}");
    let seed = HEXLOWER.decode(key.lines().next().unwrap().as_bytes()).unwrap();
    for secret in [&seed[..], voucher.id.as_bytes(), wanted.request.elements.as_bytes()] {
        for spelling in spellings(secret) {
            assert!(!log.contains(&spelling), "{spelling} in\n{log}");
        }
    }
    for foreign in ["127.0.0.1", "rustls", "hyper", "h2::", "POST", "/v1/"] {
        assert!(!log.contains(foreign), "{foreign} in\n{log}");
    }
}

/// Fails when something is allocated beforehand: what the program takes besides its own file.
#[tokio::test(flavor = "multi_thread")]
async fn an_idle_key_service_takes_little_memory() {
    const MOST_KIB: u64 = 6 * 1024;
    let running = Running::start(initialized());
    epochs(&running).await;
    let taken = kib(running.pid(), "RssAnon:");
    assert!(taken < MOST_KIB, "{taken} KiB");
    running.end(Signal::TERM);
}
