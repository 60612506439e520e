//! A relay that answers while the first part of it is exported.

use std::io::BufRead;

use super::*;

fn export_first(directory: &Path, first: &Path) -> Output {
    write_passphrase(directory, "a long passphrase\n");
    program(directory, &[&["export", first.to_str().unwrap(), "--first"][..], &PASSPHRASE].concat())
}

/// Has the rest exported: it waits for the relay to stop.
fn export_rest(running: Running, first: &Path, rest: &Path) -> TempDir {
    let arguments = ["export", rest.to_str().unwrap(), "--after", first.to_str().unwrap()];
    let mut exporting = spawned(running.directory.path(), &[&arguments[..], &PASSPHRASE].concat());
    let mut told = String::new();
    std::io::BufReader::new(exporting.stderr.as_mut().unwrap()).read_line(&mut told).unwrap();
    assert!(told.contains("stop the server now"), "{told}");
    let directory = running.stopped(Signal::TERM);
    assert!(exporting.wait().unwrap().success());
    directory
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_moves_in_two_parts_and_answers_until_the_cut() {
    let running = Running::start(initialized());
    let mut kept = keep(&running).await;
    let (first, rest) = (running.directory.path().join("first"), running.directory.path().join("rest"));
    succeeded(&export_first(running.directory.path(), &first));
    // What comes and goes while the first part is on its way.
    let address = running.config().listen;
    let mut owner = Peer::connect(&address, Http::Two).await;
    owner.call(&kept.mailbox.acknowledge(vec![kept.envelopes.remove(0)])).await;
    let later = envelope_id();
    let mut sender = Peer::connect(&address, Http::Two).await;
    assert_eq!(sender.call(&kept.mailbox.deposit(later)).await.outcome, Outcome::Accepted);
    kept.envelopes.push(later);
    let new = empty();
    succeeded(&import(new.path(), &first, &[]));
    assert_eq!(names(new.path()), ["data", "import.unfinished", "passphrase"], "there is no server yet");
    succeeded(&import(new.path(), &first, &[]));
    let old = export_rest(running, &first, &rest);
    assert!(fs::metadata(&rest).unwrap().len() < fs::metadata(&first).unwrap().len());
    let early = import(empty().path(), &rest, &[]);
    assert!(early.status.code() == Some(4) && text(&early.stderr).contains("first part"), "{}", text(&early.stderr));
    succeeded(&import(new.path(), &rest, &[]));
    assert!(!new.path().join("import.unfinished").exists());
    for archive in [&first, &rest] {
        nothing_is_readable(&fs::read(archive).unwrap(), &kept, old.path());
    }
    kept.is_at(&Running::start(new)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn relays_on_redis_move_in_two_parts_into_files() {
    let server = Server::start(SYNCED).unwrap();
    let directory = initialized();
    edit(directory.path(), "backend = \"embedded\"", "backend = \"redis\"");
    edit(directory.path(), "redis://127.0.0.1:6379", &format!("redis://{}", server.address()));
    let running = Running::start(directory);
    let mut kept = keep(&running).await;
    let (first, rest) = (running.directory.path().join("first"), running.directory.path().join("rest"));
    succeeded(&export_first(running.directory.path(), &first));
    let later = envelope_id();
    let mut sender = Peer::connect(&running.config().listen, Http::Two).await;
    assert_eq!(sender.call(&kept.mailbox.deposit(later)).await.outcome, Outcome::Accepted);
    kept.envelopes.push(later);
    let _old = export_rest(running, &first, &rest);
    let new = empty();
    succeeded(&import(new.path(), &first, &["--backend", "embedded"]));
    succeeded(&import(new.path(), &rest, &["--backend", "embedded"]));
    kept.is_at(&Running::start(new)).await;
}

/// Neither of what somebody keeps nor of the server's keys.
fn nothing_is_readable(archive: &[u8], kept: &Kept, server: &Path) {
    let holds = |part: &[u8]| archive.windows(part.len()).any(|window| window == part);
    assert!(!holds(&kept.mailbox.id().as_bytes()[..8]) && !holds(b"sealpost") && !holds(b"127.0.0.1"));
    kept.envelopes.iter().for_each(|id| assert!(!holds(&id.as_bytes()[..8])));
    for name in ["operator.key", "tls.key", CONFIG] {
        let file = fs::read(server.join(name)).unwrap();
        file.chunks_exact(12).for_each(|part| assert!(!holds(part), "{name}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_that_was_killed_leaves_the_relay_as_it_was() {
    let running = Running::start(initialized());
    let kept = keep(&running).await;
    let first = running.directory.path().join("first");
    write_passphrase(running.directory.path(), "a long passphrase\n");
    for seen in ["first.unfinished", "data/export.pipe"] {
        let arguments = [&["export", "first", "--first"][..], &PASSPHRASE].concat();
        let mut exporting = spawned(running.directory.path(), &arguments);
        until(|| running.directory.path().join(seen).exists() || first.exists());
        exporting.kill().unwrap();
        exporting.wait().unwrap();
        let _made_or_not = fs::remove_file(&first);
    }
    succeeded(&export_first(running.directory.path(), &first));
    assert!(!running.directory.path().join("first.unfinished").exists());
    assert!(!running.directory.path().join("data/export.pipe").exists());
    kept.is_at(&running).await;
}
