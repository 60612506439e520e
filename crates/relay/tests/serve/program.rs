//! The program: its files, its exit codes, its signals, its log.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use data_encoding::{BASE32_NOPAD, BASE64, HEXLOWER, HEXUPPER};
use rustix::process::{Pid, Signal, kill_process};
use sealpost_relay::config;
use sealpost_wire::frame::DeliveryFrame;
use sealpost_wire::request::Outcome;
use sealpost_wire::{RelayRef, SizeClass};
use tempfile::TempDir;

use crate::objects::{Mailbox, Shelf, envelope_id, item};
use crate::peer::{Http, Peer, Socket};
use crate::relay::PATIENCE;

pub(crate) const CONFIG: &str = "sealpost-relay.toml";

pub(crate) fn program(directory: &Path, arguments: &[&str]) -> Output {
    command(directory, arguments).output().unwrap()
}

pub(crate) fn command(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sealpost-relay"));
    command.current_dir(directory).args(arguments).env_remove("SEALPOST_RELAY_CONFIG");
    command
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

pub(crate) fn free_port() -> u16 {
    sealpost_redis_stage::free_port().unwrap()
}

/// An initialized directory.
pub(crate) fn initialized() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    let (listen, admin) = (format!("127.0.0.1:{}", free_port()), format!("127.0.0.1:{}", free_port()));
    let output = program(directory.path(), &["init", "--listen", &listen, "--admin", &admin]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    directory
}

pub(crate) fn edit(directory: &Path, from: &str, to: &str) {
    let path = directory.join(CONFIG);
    let before = fs::read_to_string(&path).unwrap();
    assert!(before.contains(from), "{from}");
    fs::write(path, before.replacen(from, to, 1)).unwrap();
}

#[test]
fn init_prints_the_reference_and_writes_keys_for_their_owner_alone() {
    let directory = tempfile::tempdir().unwrap();
    let arguments = ["init", "--dir", "new", "--host", "relay.example.org:8443", "--listen", "0.0.0.0:8443", "--json"];
    let output = program(directory.path(), &arguments);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let written: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let reference: RelayRef = written["reference"].as_str().unwrap().parse().unwrap();
    assert_eq!(reference.host.as_str(), "relay.example.org:8443");
    for name in ["operator.key", "tls.key"] {
        let mode = fs::metadata(directory.path().join("new").join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    let config = config::load(&directory.path().join("new").join(CONFIG)).unwrap();
    assert_eq!(config.relay.host, reference.host);
}

#[test]
fn init_overwrites_nothing() {
    let directory = initialized();
    let before = fs::read(directory.path().join("operator.key")).unwrap();
    let again = program(directory.path(), &["init"]);
    assert_eq!(again.status.code(), Some(4));
    assert_eq!(fs::read(directory.path().join("operator.key")).unwrap(), before);
    fs::remove_file(directory.path().join(CONFIG)).unwrap();
    assert_eq!(program(directory.path(), &["init"]).status.code(), Some(4));
    assert!(!directory.path().join(CONFIG).exists());
}

#[test]
fn init_asks_for_a_host_that_clients_can_reach() {
    let directory = tempfile::tempdir().unwrap();
    let output = program(directory.path(), &["init", "--listen", "0.0.0.0:8443"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("--host"));
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[test]
fn check_config_places_a_typo() {
    let directory = initialized();
    assert!(program(directory.path(), &["check-config"]).status.success());
    edit(directory.path(), "idle_timeout =", "idle_timeuot =");
    let output = program(directory.path(), &["check-config", "--json"]);
    assert_eq!(output.status.code(), Some(3));
    let verdict: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let line = fs::read_to_string(directory.path().join(CONFIG)).unwrap();
    let line = line.lines().position(|line| line.starts_with("idle_timeuot")).unwrap() + 1;
    assert_eq!((&verdict["valid"], &verdict["problems"][0]["line"]), (&false.into(), &line.into()));
    let said = text(&output.stderr);
    for part in [&format!("{CONFIG}:{line}:1"), "did you mean \"connections.idle_timeout\"?", "one of max, streams"] {
        assert!(said.contains(part), "no {part} in\n{said}");
    }
    assert_eq!(program(directory.path(), &["serve"]).status.code(), Some(3));
}

#[test]
fn keys_that_others_may_read_are_refused() {
    for key in ["operator.key", "tls.key"] {
        let directory = initialized();
        fs::set_permissions(directory.path().join(key), fs::Permissions::from_mode(0o644)).unwrap();
        for command in ["check-config", "serve"] {
            let output = program(directory.path(), &[command]);
            assert_eq!(output.status.code(), Some(4), "{command} with {key}");
            assert!(text(&output.stderr).contains("chmod 600"), "{}", text(&output.stderr));
        }
    }
}

#[test]
fn purge_works_on_a_relay_that_does_not_run() {
    let directory = initialized();
    let output = program(directory.path(), &["purge"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
}

/// A running program; it does not outlive its test.
pub(crate) struct Running {
    child: Option<Child>,
    pub(crate) directory: TempDir,
}

impl Running {
    /// The same, whether or not it serves yet.
    pub(crate) fn spawned(directory: TempDir) -> Self {
        let mut command = command(directory.path(), &["serve"]);
        command.env("RUST_LOG", "trace").env("RUST_BACKTRACE", "full").stderr(Stdio::piped()).stdout(Stdio::piped());
        Self { child: Some(command.spawn().unwrap()), directory }
    }

    pub(crate) fn start(directory: TempDir) -> Self {
        let running = Self::spawned(directory);
        let deadline = Instant::now() + PATIENCE;
        while std::net::TcpStream::connect(running.config().listen).is_err() {
            assert!(Instant::now() < deadline, "the relay does not start");
            std::thread::sleep(Duration::from_millis(20));
        }
        running
    }

    pub(crate) fn config(&self) -> config::Config {
        config::load(&self.directory.path().join(CONFIG)).unwrap()
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.as_ref().unwrap().id()
    }

    /// Kills it, as nobody would who means it well, and starts it again where it was.
    pub(crate) fn killed_and_started(mut self) -> Self {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        Self::start(std::mem::replace(&mut self.directory, tempfile::tempdir().unwrap()))
    }

    /// Ends it, and gives back where it was.
    pub(crate) fn stopped(mut self, signal: Signal) -> TempDir {
        let directory = std::mem::replace(&mut self.directory, tempfile::tempdir().unwrap());
        let output = self.end(signal);
        assert!(output.status.success(), "{}", text(&output.stderr));
        directory
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_raw(self.pid() as i32).unwrap(), signal).unwrap();
    }

    pub(crate) fn end(mut self, signal: Signal) -> Output {
        self.signal(signal);
        self.child.take().unwrap().wait_with_output().unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ended_before = child.kill();
            let _reaped = child.wait();
        }
    }
}

#[test]
fn either_signal_ends_it_with_success() {
    for signal in [Signal::TERM, Signal::INT] {
        let output = Running::start(initialized()).end(signal);
        assert!(output.status.success(), "{}", text(&output.stderr));
        let log = text(&output.stderr);
        assert!(log.contains("the store is closed"), "{log}");
        assert!(log.trim_end().ends_with("stopped"), "something comes after the end:\n{log}");
    }
}

#[test]
fn a_second_start_on_one_store_is_refused_with_its_mend() {
    let running = Running::start(initialized());
    let directory = running.directory.path();
    let config = fs::read_to_string(directory.join(CONFIG)).unwrap();
    let ports = config.lines().map(|line| match line.split_once(" = ") {
        Some((name @ ("listen" | "admin"), _)) => format!("{name} = \"127.0.0.1:{}\"\n", free_port()),
        _ => format!("{line}\n"),
    });
    fs::write(directory.join("second.toml"), ports.collect::<String>()).unwrap();
    let second = program(directory, &["serve", "--config", "second.toml"]);
    assert_eq!(second.status.code(), Some(1));
    let said = text(&second.stderr);
    for part in ["another process has the store open", "sealpost-relay status"] {
        assert!(said.contains(part), "no {part} in\n{said}");
    }
    assert!(running.end(Signal::TERM).status.success());
}

#[test]
fn it_dumps_no_core() {
    let running = Running::start(initialized());
    let limits = fs::read_to_string(format!("/proc/{}/limits", running.pid())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().nth(4), Some("0"), "{core}");
    running.end(Signal::TERM);
}

#[test]
fn a_running_relay_purges_itself_when_the_program_asks() {
    let running = Running::start(initialized());
    let output = program(running.directory.path(), &["purge"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&running.end(Signal::TERM).stderr).contains("the store was rewritten"));
}

/// Fails when what waits for a collector that does not read is held in memory; the store's own memory, which deposits
/// filled before, is not counted.
#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_does_not_read_costs_little_memory_and_loses_nothing() {
    const MAILBOXES: usize = 3;
    const EACH: usize = 448;
    const MOST_KIB: u64 = 32 * 1024;
    let directory = initialized();
    edit(directory.path(), "undelivered = \"64 MiB\"", "undelivered = \"2 MiB\"");
    edit(directory.path(), "deposits_per_minute = 600", "deposits_per_minute = 60000");
    let running = Running::start(directory);
    let address = running.config().listen;
    let mailboxes: Vec<_> = (0..MAILBOXES).map(|_| Mailbox::random()).collect();
    let mut sender = Peer::connect(&address, Http::Two).await;
    for mailbox in &mailboxes {
        // It would rest meanwhile, and be ended.
        Peer::connect(&address, Http::Two).await.call(&mailbox.open()).await;
        for _ in 0..EACH {
            let deposited = sender.call(&mailbox.deposit_of(envelope_id(), SizeClass::Large)).await;
            assert_eq!(deposited.outcome, Outcome::Accepted);
        }
    }
    let before = resident_kib(running.pid());
    let mut collector = Socket::open(&address, "/v1/collect").await;
    for (mailbox, channel) in mailboxes.iter().zip(0..) {
        collector.say(&crate::sockets::subscribe(channel, mailbox)).await;
    }
    for _ in 0..20 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let more = resident_kib(running.pid()).saturating_sub(before);
        assert!(more < MOST_KIB, "{more} KiB more, of {} KiB that wait", MAILBOXES * EACH * 64);
    }
    let mut collected = 0;
    while collected < MAILBOXES * EACH {
        collected += collector.hear::<DeliveryFrame>().await.deliveries.len();
    }
    assert_eq!(collected, MAILBOXES * EACH);
    running.end(Signal::TERM);
}

fn resident_kib(pid: u32) -> u64 {
    kib(pid, "VmRSS:")
}

/// A line of a process's status, in KiB.
pub(crate) fn kib(pid: u32, name: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_at_trace_level_holds_no_id_no_key_and_no_address() {
    let directory = initialized();
    edit(directory.path(), "level = \"info\"", "level = \"trace\"");
    let running = Running::start(directory);
    let address = running.config().listen;
    let secrets = talk(address).await;
    let log = text(&running.end(Signal::TERM).stderr);
    assert!(log.contains("clients may connect"), "{log}");
    for secret in secrets.iter().flat_map(|secret| spellings(secret)) {
        assert!(!log.contains(&secret), "{secret} in\n{log}");
    }
    for foreign in ["127.0.0.1", "rustls", "hyper", "h2::", "POST", "/v1/"] {
        assert!(!log.contains(foreign), "{foreign} in\n{log}");
    }
}

/// Uses every kind of connection, well and badly; gives all ids and keys that were sent.
pub(crate) async fn talk(address: std::net::SocketAddr) -> Vec<Vec<u8>> {
    let (mailbox, shelf, id) = (Mailbox::random(), Shelf::random(), envelope_id());
    let mut owner = Peer::connect(&address, Http::Two).await;
    owner.call(&mailbox.open()).await;
    owner.call(&shelf.open()).await;
    owner.call(&shelf.stock(vec![item(1)], None)).await;
    owner.ask(&mailbox.deposit(id)).await;
    let mut sender = Peer::connect(&address, Http::One).await;
    sender.call(&mailbox.deposit(id)).await;
    sender.call(&shelf.take()).await;
    sender.post("/v1/deposit", vec![0xff; 40]).await;
    let mut collector = Socket::open(&address, "/v1/collect").await;
    collector.say(&crate::sockets::subscribe(1, &mailbox)).await;
    crate::sockets::collect(&mut collector, 1).await;
    collector.say_bytes(vec![0xff]).await;
    collector.goodbye().await;
    vec![
        mailbox.deposit.expose().to_vec(),
        mailbox.collect.expose().to_vec(),
        mailbox.id().as_bytes().to_vec(),
        shelf.take.expose().to_vec(),
        shelf.stock.expose().to_vec(),
        shelf.id().as_bytes().to_vec(),
        id.as_bytes().to_vec(),
    ]
}

/// How bytes are written by those who print them, of the first eight so that a cut is found too.
pub(crate) fn spellings(secret: &[u8]) -> Vec<String> {
    let start = &secret[..8];
    let list = format!("{start:?}");
    vec![
        HEXLOWER.encode(start),
        HEXUPPER.encode(start),
        BASE64.encode(&start[..6]),
        BASE32_NOPAD.encode(&start[..5]),
        list.trim_matches(['[', ']']).to_owned(),
    ]
}
