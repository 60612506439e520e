//! What an operator waits for. Figures are printed, none is asserted: the machine is shared.
//!
//! `cargo test --release -p sealpost-relay --test serve -- --ignored --nocapture figures`

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use rustix::process::Signal;
use sealpost_relay::clock::{Clock, SystemClock};
use sealpost_relay::config::{self, Admin};
use sealpost_relay::store::embedded::{Embedded, Options};
use sealpost_relay::store::{Kept, MailboxOwner, Moment, NewEnvelope, NobodyWaits, Quota, Right, Store};
use sealpost_wire::request::MailboxKind;
use sealpost_wire::time::Hour;
use sealpost_wire::{AtRest, CollectHash, EnvelopeId, MailboxId, SizeClass};
use tempfile::TempDir;

use crate::program::{CONFIG, Running, initialized, program, text};

const MAILBOXES: usize = 1_000_000;
/// Envelopes of 4 KiB: 1 GiB.
const ENVELOPES: usize = 256 * 1024;
const TOGETHER: usize = 8192;
const STARTS: usize = 5;

fn now() -> Hour {
    Hour::of(SystemClock.now())
}

/// Opens that many mailboxes and puts envelopes into the first of them, in the store of a relay that does not run.
async fn fill(directory: &Path, mailboxes: usize, envelopes: usize) {
    let options = Options {
        directory: config::load(&directory.join(CONFIG)).unwrap().data,
        quota: Quota { envelopes: 1_000, bytes: 1 << 40, items: 100 },
        index_bytes: 1 << 24,
        cache_bytes: 1 << 24,
        disk_reserve_bytes: 0,
    };
    let store = Embedded::open(options, Arc::new(NobodyWaits)).unwrap();
    let at = Moment { now: now(), lease: now().day().plus(90) };
    let owners: Vec<MailboxOwner> = (0..mailboxes)
        .map(|_| MailboxOwner {
            id: MailboxId::from_bytes(rand::random()),
            collect: CollectHash::from_bytes(rand::random()),
        })
        .collect();
    for owners in owners.chunks(TOGETHER) {
        let opened = owners.iter().map(|owner| store.open_mailbox(*owner, MailboxKind::Pairwise, at));
        assert!(join_all(opened).await.iter().all(|opened| *opened == Ok(Ok(()))));
    }
    for part in (0..envelopes).collect::<Vec<_>>().chunks(TOGETHER) {
        let new = part.iter().map(|number| new_envelope(owners[number % owners.len()], at.now)).collect();
        assert!(store.deposit(new, at.now).await.unwrap().iter().all(|kept| *kept == Kept::Kept));
    }
    store.shutdown().await.unwrap();
}

fn new_envelope(owner: MailboxOwner, now: Hour) -> NewEnvelope {
    let mut sealed = vec![0; SizeClass::Small.stored_length()];
    rand::fill(&mut sealed[..]);
    NewEnvelope {
        mailbox: owner.id,
        collect: owner.collect,
        id: EnvelopeId::from_bytes(rand::random()),
        sealed: AtRest::new(sealed.into()).unwrap(),
        expires: Hour(now.0 + 336),
        right: Right::Full,
    }
}

/// Whether the admin listener says that the relay is ready.
fn is_ready(address: SocketAddr) -> bool {
    let asked = TcpStream::connect(address).and_then(|mut stream| {
        stream.write_all(b"GET /ready HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    });
    asked.is_ok_and(|answer| answer.starts_with("HTTP/1.1 200"))
}

/// Starts `serve` some times: how long it took to be ready, and its memory a moment later.
fn started(directory: TempDir, of: &str) -> String {
    let config = config::load(&directory.path().join(CONFIG)).unwrap();
    let Admin::On(admin) = config.admin else { unreachable!() };
    let (mut directory, mut took, mut memory) = (directory, Vec::new(), String::new());
    for _ in 0..STARTS {
        let begun = Instant::now();
        let running = Running::spawned(directory);
        while !is_ready(admin) {
            assert!(begun.elapsed() < Duration::from_secs(60));
            sleep(Duration::from_millis(1));
        }
        took.push(begun.elapsed().as_secs_f64() * 1e3);
        sleep(Duration::from_secs(2));
        let status = fs::read_to_string(format!("/proc/{}/status", running.pid())).unwrap();
        let lines = status.lines().filter(|line| line.starts_with("VmRSS") || line.starts_with("RssAnon"));
        memory = lines.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ");
        directory = running.stopped(Signal::TERM);
    }
    took.sort_by(f64::total_cmp);
    format!("{of}: ready in {:.0} ms, the median of {took:.0?}; {memory}", took[STARTS / 2])
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "it measures, and means something in a release build alone"]
async fn figures_of_starting() {
    println!("{}", started(initialized(), "an empty store"));
    // A start reads the journal's last 64 MB: 700,000 mailboxes, or 15,000 envelopes.
    for (last, envelopes) in [("mailboxes", 0), ("envelopes", 20_000)] {
        let directory = initialized();
        fill(directory.path(), MAILBOXES, envelopes).await;
        println!("{}", started(directory, &format!("1,000,000 mailboxes, {last} written last")));
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "it measures, and means something in a release build alone"]
async fn figures_of_moving() {
    let (old, new) = (initialized(), initialized());
    fill(old.path(), 10_000, ENVELOPES).await;
    let archive = old.path().join("relay.archive");
    let archive = archive.to_str().unwrap();
    fs::remove_dir_all(new.path()).unwrap();
    fs::create_dir(new.path()).unwrap();
    for (directory, arguments) in [(&old, ["export", archive]), (&new, ["import", archive])] {
        use std::os::unix::fs::PermissionsExt;
        let passphrase = directory.path().join("passphrase");
        fs::write(&passphrase, "a long passphrase\n").unwrap();
        fs::set_permissions(&passphrase, fs::Permissions::from_mode(0o600)).unwrap();
        let begun = Instant::now();
        let done = program(directory.path(), &[&arguments[..], &["--passphrase-file", "passphrase"]].concat());
        assert!(done.status.success(), "{}", text(&done.stderr));
        let bytes = fs::metadata(archive).unwrap().len() as f64;
        let took = begun.elapsed().as_secs_f64();
        println!("{}: {:.0} MB/s, {:.2} GB in {took:.1} s", arguments[0], bytes / 1e6 / took, bytes / 1e9);
    }
    println!(
        "the disk: {:.0} MB/s, as many bytes written and synced",
        disk(old.path(), fs::metadata(archive).unwrap().len())
    );
}

/// What the disk of a directory takes, in MB/s.
fn disk(directory: &Path, bytes: u64) -> f64 {
    let part = vec![7; 1 << 20];
    let begun = Instant::now();
    let mut file = fs::File::create(directory.join("written")).unwrap();
    (0..bytes >> 20).for_each(|_| file.write_all(&part).unwrap());
    file.sync_all().unwrap();
    bytes as f64 / 1e6 / begun.elapsed().as_secs_f64()
}
