//! The program: its files, its exit codes, its signals.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use sealpost_attester::config::{self, Config};
use sealpost_wire::RelayRef;

use crate::network::Network;

/// How long anything may take before a test calls it hanging.
const PATIENCE: Duration = Duration::from_secs(30);
const CONFIG: &str = "sealpost-attester.toml";
const DIRECTORY: &str = "sealpost-relay:relay.example.org:443/25NJQAMCWEFLPVKL73J4SZAHHIHOC4XT3KTCGJNPAINGR5YHKENA";

fn program(directory: &Path, arguments: &[&str]) -> Output {
    command(directory, arguments).output().unwrap()
}

fn command(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sealpost-attester"));
    command.current_dir(directory).args(arguments).env_remove("SEALPOST_ATTESTER_CONFIG");
    command
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A running program; it does not outlive its test.
pub(crate) struct Running(Option<Child>);

impl Running {
    /// Starts it in the network's directory, with all that a library would want to log.
    pub(crate) fn start(network: &Network) -> Self {
        network.write_config();
        let mut command = command(network.directory.path(), &["serve"]);
        command.env("RUST_LOG", "trace").env("RUST_BACKTRACE", "full").stderr(Stdio::piped()).stdout(Stdio::piped());
        let running = Self(Some(command.spawn().unwrap()));
        let deadline = Instant::now() + PATIENCE;
        while std::net::TcpStream::connect(network.config.listen).is_err() {
            assert!(Instant::now() < deadline, "the attester does not start");
            std::thread::sleep(Duration::from_millis(20));
        }
        running
    }

    pub(crate) fn end(mut self, signal: Signal) -> Output {
        let child = self.0.take().unwrap();
        kill_process(Pid::from_raw(child.id() as i32).unwrap(), signal).unwrap();
        child.wait_with_output().unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(mut child) = self.0.take() {
            let _ended_before = child.kill();
            let _reaped = child.wait();
        }
    }
}

#[test]
fn init_writes_what_a_webhook_needs_for_its_owner_alone() {
    let directory = tempfile::tempdir().unwrap();
    let webhook = "https://sms.example.org/send?from=Sealpost";
    let arguments = ["init", "--dir", "new", "--host", "attester.example.org:443", "--listen", "0.0.0.0:443"];
    let output = program(
        directory.path(),
        &[&arguments[..], &["--directory", DIRECTORY, "--webhook", webhook, "--json"]].concat(),
    );
    assert!(output.status.success(), "{}", text(&output.stderr));
    let written: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let reference: RelayRef = written["reference"].as_str().unwrap().parse().unwrap();
    assert_eq!(reference.host.as_str(), "attester.example.org:443");
    let new = directory.path().join("new");
    for name in ["operator.key", "tls.key", "gateway.key"] {
        let mode = fs::metadata(new.join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    let config = config::load(&new.join(CONFIG)).unwrap();
    assert_eq!(config.directory.unwrap().to_string(), DIRECTORY);
    assert_eq!(config.gateway.url.unwrap().to_string(), webhook);
    assert!(program(&new, &["check-config"]).status.success());
}

#[test]
fn init_without_a_webhook_warns_that_codes_go_to_a_file() {
    let directory = tempfile::tempdir().unwrap();
    let output = program(directory.path(), &["init", "--directory", DIRECTORY, "--listen", "127.0.0.1:8445"]);
    assert!(output.status.success() && text(&output.stderr).contains("for trying out"), "{}", text(&output.stderr));
    let verdict = program(directory.path(), &["check-config", "--json"]);
    let verdict: serde_json::Value = serde_json::from_slice(&verdict.stdout).unwrap();
    assert_eq!((&verdict["valid"], verdict["warnings"].as_array().unwrap().len()), (&true.into(), 1));
}

#[test]
fn init_overwrites_nothing() {
    let directory = tempfile::tempdir().unwrap();
    assert!(program(directory.path(), &["init"]).status.success());
    let before = fs::read(directory.path().join("operator.key")).unwrap();
    assert_eq!(program(directory.path(), &["init"]).status.code(), Some(4));
    assert_eq!(fs::read(directory.path().join("operator.key")).unwrap(), before);
}

#[test]
fn without_a_directory_it_says_so_and_does_not_start() {
    let directory = tempfile::tempdir().unwrap();
    assert!(program(directory.path(), &["init"]).status.success());
    for command in ["check-config", "serve"] {
        let output = program(directory.path(), &[command]);
        assert_eq!(output.status.code(), Some(3), "{command}");
        assert!(text(&output.stderr).contains("no directory is named"), "{}", text(&output.stderr));
    }
}

#[test]
fn a_secret_that_is_missing_exposed_or_short_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let arguments = ["init", "--directory", DIRECTORY, "--listen", "127.0.0.1:8445"];
    let output = program(directory.path(), &[&arguments[..], &["--webhook", "https://sms.example.org/"]].concat());
    assert!(output.status.success(), "{}", text(&output.stderr));
    let secret = directory.path().join("gateway.key");
    let refused = || {
        let output = program(directory.path(), &["check-config"]);
        assert_eq!(output.status.code(), Some(4));
        text(&output.stderr)
    };
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o640)).unwrap();
    assert!(refused().contains("others may read"));
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(&secret, "too short\n").unwrap();
    assert!(refused().contains("fewer than 32 bytes"));
    fs::remove_file(&secret).unwrap();
    assert!(refused().contains("cannot be used"));
}

#[test]
fn check_config_places_a_typo() {
    let directory = tempfile::tempdir().unwrap();
    assert!(
        program(directory.path(), &["init", "--directory", DIRECTORY, "--listen", "127.0.0.1:8445"]).status.success()
    );
    let path = directory.path().join(CONFIG);
    let file = fs::read_to_string(&path).unwrap().replacen("codes_per_day =", "codes_per_dya =", 1);
    fs::write(&path, file).unwrap();
    let output = program(directory.path(), &["check-config"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(text(&output.stderr).contains("did you mean \"limits.codes_per_day\"?"), "{}", text(&output.stderr));
}

#[tokio::test(flavor = "multi_thread")]
async fn either_signal_ends_it_with_success() {
    for signal in [Signal::TERM, Signal::INT] {
        let network = Network::start().await;
        let output = Running::start(&network).end(signal);
        assert!(output.status.success(), "{}", text(&output.stderr));
        let log = text(&output.stderr);
        assert!(log.trim_end().ends_with("stopped"), "something comes after the end:\n{log}");
    }
}

#[test]
fn the_configuration_of_the_tests_is_the_default_but_for_what_they_set() {
    let text = toml::to_string(&Config::default()).unwrap();
    assert_eq!(config::parse(&text, "attester.toml").unwrap(), Config::default());
}
