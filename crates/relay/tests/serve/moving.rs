//! `export`, `import` and `erase`: a whole server is taken to another place, and no archive that is not whole does anything.

mod parts;

use std::fs;
use std::path::Path;
use std::process::{Child, Output, Stdio};
use std::time::Instant;

use rustix::process::Signal;
use sealpost_redis_stage::Server;
use sealpost_wire::EnvelopeId;
use sealpost_wire::operator::Purpose;
use sealpost_wire::request::Outcome;
use tempfile::TempDir;

use crate::objects::{Mailbox, Shelf, envelope_id, item};
use crate::peer::{Http, Peer};
use crate::program::{CONFIG, Running, command, edit, initialized, program, text};
use crate::relay::PATIENCE;

const SYNCED: &[&str] = &["--appendonly", "yes", "--appendfsync", "always", "--slowlog-log-slower-than", "-1"];
const PASSPHRASE: [&str; 2] = ["--passphrase-file", "passphrase"];

/// What somebody keeps at a relay.
struct Kept {
    mailbox: Mailbox,
    shelf: Shelf,
    envelopes: Vec<EnvelopeId>,
}

async fn keep(running: &Running) -> Kept {
    let address = running.config().listen;
    let kept =
        Kept { mailbox: Mailbox::random(), shelf: Shelf::random(), envelopes: (0..3).map(|_| envelope_id()).collect() };
    let mut owner = Peer::connect(&address, Http::Two).await;
    owner.call(&kept.mailbox.open()).await;
    owner.call(&kept.shelf.open()).await;
    owner.call(&kept.shelf.stock(vec![item(1), item(2)], Some(item(9)))).await;
    let mut sender = Peer::connect(&address, Http::Two).await;
    for id in &kept.envelopes {
        assert_eq!(sender.call(&kept.mailbox.deposit(*id)).await.outcome, Outcome::Accepted);
    }
    kept
}

impl Kept {
    async fn is_as_it_was_at(&self, running: &Running) {
        let collected = Peer::connect(&running.config().listen, Http::Two).await.call(&self.mailbox.collect()).await;
        assert_eq!(collected.envelopes.iter().map(|stored| stored.id).collect::<Vec<_>>(), self.envelopes);
    }

    async fn is_at(&self, running: &Running) {
        self.is_as_it_was_at(running).await;
        let address = running.config().listen;
        let mut sender = Peer::connect(&address, Http::Two).await;
        assert_eq!(sender.call(&self.mailbox.deposit(envelope_id())).await.outcome, Outcome::Accepted);
        assert_eq!(sender.call(&self.shelf.take()).await.item, item(1));
    }
}

/// Its only file is the one with the passphrase.
fn empty() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    write_passphrase(directory.path(), "a long passphrase\n");
    directory
}

fn write_passphrase(directory: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt;
    let path = directory.join("passphrase");
    fs::write(&path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

fn export(directory: &Path, archive: &Path) -> Output {
    write_passphrase(directory, "a long passphrase\n");
    program(directory, &[&["export", archive.to_str().unwrap()][..], &PASSPHRASE].concat())
}

fn import(directory: &Path, archive: &Path, more: &[&str]) -> Output {
    program(directory, &[&["import", archive.to_str().unwrap()][..], &PASSPHRASE, more].concat())
}

fn succeeded(output: &Output) {
    assert!(output.status.success(), "{}", text(&output.stderr));
}

/// A relay with something in it, stopped, and its archive.
async fn archived(directory: TempDir) -> (TempDir, Kept) {
    let running = Running::start(directory);
    let kept = keep(&running).await;
    let archive = running.directory.path().join("relay.archive");
    let refused = export(running.directory.path(), &archive);
    assert!(refused.status.code() == Some(1) && text(&refused.stderr).contains("the server runs"));
    let directory = running.stopped(Signal::TERM);
    succeeded(&export(directory.path(), &archive));
    (directory, kept)
}

fn names(directory: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_goes_on_in_another_directory_with_another_name() {
    let (old, kept) = archived(initialized()).await;
    let archive = old.path().join("relay.archive");
    let new = empty();
    let imported = import(new.path(), &archive, &["--region", "fi", "--json"]);
    succeeded(&imported);
    let told: serde_json::Value = serde_json::from_slice(&imported.stdout).unwrap();
    assert_eq!(told["records"], 1 + 3 + 1 + 3);
    let key = |directory: &TempDir| fs::read(directory.path().join("operator.key")).unwrap();
    assert_eq!(key(&old), key(&new));
    let running = Running::start(new);
    assert_eq!(running.config().relay.region, "fi");
    kept.is_at(&running).await;
    drop(running);
    // It was read, and no more: it would go on as well.
    kept.is_at(&Running::start(old)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_goes_from_files_into_redis_and_back() {
    let (old, kept) = archived(initialized()).await;
    let server = Server::start(SYNCED).unwrap();
    let (shared, back) = (empty(), empty());
    let url = format!("redis://{}", server.address());
    succeeded(&import(shared.path(), &old.path().join("relay.archive"), &["--backend", "redis", "--redis", &url]));
    assert!(!shared.path().join("data").exists());
    let again = import(empty().path(), &old.path().join("relay.archive"), &["--backend", "redis", "--redis", &url]);
    assert!(again.status.code() == Some(4) && text(&again.stderr).contains("not empty"), "{}", text(&again.stderr));
    let archive = shared.path().join("back.archive");
    succeeded(&export(shared.path(), &archive));
    succeeded(&import(back.path(), &archive, &["--backend", "embedded"]));
    kept.is_at(&Running::start(shared)).await;
    kept.is_at(&Running::start(back)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_that_is_altered_cut_off_anothers_or_sealed_otherwise_changes_nothing() {
    let (old, _) = archived(initialized()).await;
    let (archive, other) = (old.path().join("relay.archive"), old.path().join("other.archive"));
    let whole = fs::read(&archive).unwrap();
    let refused = |bytes: &[u8], passphrase: &str, more: &[&str], part: &str| {
        let new = empty();
        write_passphrase(new.path(), passphrase);
        fs::write(&other, bytes).unwrap();
        let output = import(new.path(), &other, more);
        let said = text(&output.stderr).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(!output.status.success() && said.contains(part), "no {part} in\n{said}");
        assert_eq!(names(new.path()), ["passphrase"]);
    };
    const RIGHT: &str = "a long passphrase";
    let mut altered = whole.clone();
    altered[whole.len() / 2] ^= 1;
    refused(&altered, RIGHT, &[], "altered");
    refused(&whole[..whole.len() - 1], RIGHT, &[], "cut off");
    refused(&whole[..whole.len() / 2], RIGHT, &[], "altered");
    refused(b"something else that is long enough", RIGHT, &[], "no archive");
    refused(&whole, "a wrong passphrase", &[], "passphrase is wrong");
    let stranger = text(&program(old.path(), &["init", "--dir", "stranger"]).stdout);
    refused(&whole, RIGHT, &["--reference", stranger.lines().next().unwrap()], "another server's");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_is_imported_once() {
    let (old, _) = archived(initialized()).await;
    let (archive, new) = (old.path().join("relay.archive"), empty());
    succeeded(&import(new.path(), &archive, &[]));
    let before = names(new.path());
    let again = import(new.path(), &archive, &[]);
    assert!(again.status.code() == Some(4) && text(&again.stderr).contains("is there already"));
    assert_eq!(names(new.path()), before);
    let twice = export(old.path(), &archive);
    assert!(twice.status.code() == Some(4) && text(&twice.stderr).contains("is there already"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_that_was_killed_leaves_no_archive_and_is_begun_anew() {
    let (old, kept) = archived(initialized()).await;
    let (archive, unfinished) = (old.path().join("second.archive"), old.path().join("second.archive.unfinished"));
    let mut exporting = spawned(old.path(), &[&["export", archive.to_str().unwrap()][..], &PASSPHRASE].concat());
    until(|| unfinished.exists() || archive.exists());
    exporting.kill().unwrap();
    exporting.wait().unwrap();
    if !archive.exists() {
        let new = empty();
        assert!(!import(new.path(), &unfinished, &[]).status.success());
        assert_eq!(names(new.path()), ["passphrase"]);
        let again = export(old.path(), &archive);
        succeeded(&again);
        assert!(text(&again.stderr).contains("begun anew"));
    }
    assert!(!unfinished.exists());
    let new = empty();
    succeeded(&import(new.path(), &archive, &[]));
    kept.is_at(&Running::start(new)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_was_killed_anywhere_goes_on() {
    let (old, kept) = archived(initialized()).await;
    let archive = old.path().join("relay.archive");
    for (seen, is_there_then) in [
        ("import.unfinished", None),
        ("data/filling", None),
        ("data/live", Some(CONFIG)),
        ("operator.key", Some(CONFIG)),
    ] {
        let new = empty();
        let mut importing = spawned(new.path(), &[&["import", archive.to_str().unwrap()][..], &PASSPHRASE].concat());
        until(|| new.path().join(seen).exists() || is_there_then.is_some_and(|name| new.path().join(name).exists()));
        importing.kill().unwrap();
        importing.wait().unwrap();
        if !new.path().join(CONFIG).exists() {
            assert!(new.path().join("import.unfinished").exists(), "{seen}");
            succeeded(&import(new.path(), &archive, &[]));
        }
        assert!(!new.path().join("import.unfinished").exists() || new.path().join(CONFIG).exists());
        kept.is_as_it_was_at(&Running::start(new)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_goes_on_behind_its_mark_and_with_its_own_archive_alone() {
    let (old, kept) = archived(initialized()).await;
    let (archive, new) = (old.path().join("relay.archive"), empty());
    let mut importing = spawned(new.path(), &[&["import", archive.to_str().unwrap()][..], &PASSPHRASE].concat());
    let mark = new.path().join("import.unfinished");
    until(|| mark.exists());
    importing.kill().unwrap();
    importing.wait().unwrap();
    let begun = fs::read_to_string(&mark).unwrap();
    let hash = begun.lines().next().unwrap().split(' ').next().unwrap();
    fs::write(&mark, format!("{}\n", "0".repeat(64))).unwrap();
    assert_eq!(import(new.path(), &archive, &[]).status.code(), Some(4), "it was begun with another archive");
    fs::write(&mark, format!("{hash}\n")).unwrap();
    succeeded(&import(new.path(), &archive, &[]));
    // As if it had been killed when the store was filled, and some files were there.
    fs::remove_file(new.path().join(CONFIG)).unwrap();
    fs::remove_file(new.path().join("tls.pem")).unwrap();
    assert_eq!(import(new.path(), &archive, &[]).status.code(), Some(4), "without a mark it is another server's");
    fs::write(&mark, format!("{hash} filled\n")).unwrap();
    succeeded(&import(new.path(), &archive, &[]));
    assert!(!mark.exists());
    kept.is_at(&Running::start(new)).await;
}

fn spawned(directory: &Path, arguments: &[&str]) -> Child {
    command(directory, arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn until(is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline);
        std::thread::yield_now();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_has_moved_says_where_to_and_nothing_else() {
    let directory = initialized();
    let certificate = fs::read(directory.path().join("tls.pem")).unwrap();
    let told = program(directory.path(), &["moved", "--to", "relay.example.net:8443", "--json"]);
    succeeded(&told);
    assert_ne!(fs::read(directory.path().join("tls.pem")).unwrap(), certificate, "who knows it would not ask");
    succeeded(&program(directory.path(), &["check-config"]));
    let running = Running::start(directory);
    let shown = program(running.directory.path(), &["manifest", "show"]);
    succeeded(&shown);
    let shown: serde_json::Value = serde_json::from_slice(&shown.stdout).unwrap();
    assert_eq!(shown["manifest"]["moved_to"], "relay.example.net:8443");
    let mut owner = Peer::connect(&running.config().listen, Http::Two).await;
    assert_eq!(owner.ask(&Mailbox::random().open()).await.refused().1, sealpost_wire::request::Refusal::NoSuchRequest);
    assert!(names(&running.directory.path().join("data")).is_empty(), "a store was opened");
    // To itself it does not move, and back again it does.
    let here = running.config().relay.host.to_string();
    let directory = running.stopped(Signal::TERM);
    let refused = program(directory.path(), &["moved", "--to", &here]);
    assert!(refused.status.code() == Some(3) && text(&refused.stderr).contains("this is where it is"));
    assert!(fs::read_to_string(directory.path().join(CONFIG)).unwrap().contains("relay.example.net:8443"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erased_server_leaves_its_receipt_and_nothing_else() {
    let directory = initialized();
    let key = sealpost_relay::keys::read_operator(&directory.path().join("operator.key")).unwrap().public();
    let running = Running::start(directory);
    keep(&running).await;
    let refused = program(running.directory.path(), &["erase", "--yes"]);
    assert!(refused.status.code() == Some(1) && text(&refused.stderr).contains("the server runs"));
    let directory = running.stopped(Signal::TERM);
    let unasked = program(directory.path(), &["erase"]);
    assert_eq!(unasked.status.code(), Some(2));
    assert!(directory.path().join("operator.key").exists());
    let erased = program(directory.path(), &["erase", "--yes", "--json"]);
    succeeded(&erased);
    assert_eq!(names(directory.path()), ["erased.json"]);
    let left: serde_json::Value =
        serde_json::from_slice(&fs::read(directory.path().join("erased.json")).unwrap()).unwrap();
    assert_eq!(left, serde_json::from_slice::<serde_json::Value>(&erased.stdout).unwrap());
    let signature = data_encoding::BASE64.decode(left["signature"].as_str().unwrap().as_bytes()).unwrap();
    assert!(key.verifies(Purpose::Erasure, left["statement"].as_str().unwrap().as_bytes(), &signature));
}

#[test]
fn a_relay_in_redis_is_erased_there() {
    let server = Server::start(SYNCED).unwrap();
    let directory = initialized();
    edit(directory.path(), "backend = \"embedded\"", "backend = \"redis\"");
    edit(directory.path(), "redis://127.0.0.1:6379", &format!("redis://{}", server.address()));
    let directory = Running::start(directory).stopped(Signal::TERM);
    assert!(!server.tell(&[b"KEYS", b"*"]).unwrap().is_empty());
    succeeded(&program(directory.path(), &["erase", "--yes"]));
    assert_eq!(server.tell(&[b"KEYS", b"*"]).unwrap(), "");
}
