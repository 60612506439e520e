//! A profile's database: what an app waits for.

use std::cell::OnceCell;
use std::time::{Duration, Instant};

use criterion::Criterion;
use sealpost_benches::CpuTime;
use sealpost_client::{Client, ContactId, Profile};

use super::person::{Person, card, open};

const CONVERSATIONS: usize = 1_000;
/// Messages of the one conversation that is read from.
const MESSAGES: usize = 2_000;
/// As many as a screen shows.
const SCREEN: usize = 50;
const TEXT: &str = "See you at the harbour at eight?";
/// A cold start is to take no longer, in ms.
const TARGET_MS: f64 = 100.0;
const STARTS: usize = 21;

/// Appending, with the place in the outbox; and reading.
pub(crate) fn bench(c: &mut Criterion<CpuTime>) {
    let town = OnceCell::new();
    let town = || town.get_or_init(|| one_conversation(MESSAGES));
    let mut group = c.benchmark_group("sdk/database");
    group.sample_size(20).measurement_time(Duration::from_secs(2));
    group.bench_function("append a message and its place in the outbox, durably", |b| {
        let (person, contact) = town();
        b.iter(|| person.client.send(*contact, TEXT).unwrap());
    });
    group.bench_function(format!("read the newest {SCREEN} of a conversation"), |b| {
        let (person, contact) = town();
        b.iter(|| assert_eq!(person.client.history(*contact, None, SCREEN).unwrap().len(), SCREEN));
    });
    group.bench_function(format!("read {SCREEN} older ones"), |b| {
        let (person, contact) = town();
        let before = person.client.history(*contact, None, MESSAGES / 2).unwrap().first().map(|one| one.position);
        b.iter(|| assert_eq!(person.client.history(*contact, before, SCREEN).unwrap().len(), SCREEN));
    });
    group.finish();
}

/// Opening a profile with a thousand conversations, and reading which there are, the newest message of each with it.
pub(crate) fn bench_cold_start(c: &mut Criterion<CpuTime>) {
    let made = OnceCell::new();
    let town = || made.get_or_init(many_conversations);
    let mut group = c.benchmark_group("sdk/cold start");
    group.sample_size(20).measurement_time(Duration::from_secs(2));
    group.bench_function(format!("with {CONVERSATIONS} conversations"), |b| {
        let directory = town();
        b.iter(|| started(directory.path()));
    });
    group.finish();
    // Nobody wanted it.
    let Some(directory) = made.get() else { return };
    let mut waits: Vec<_> = (0..STARTS).map(|_| waited(|| started(directory.path()))).collect();
    waits.sort_by(f64::total_cmp);
    println!(
        "sdk: a cold start with {CONVERSATIONS} conversations takes {:.1} ms by the clock on the wall (target: {TARGET_MS})",
        waits.get(STARTS / 2).unwrap()
    );
}

fn started(directory: &std::path::Path) {
    let client = opened(directory);
    assert_eq!(client.chats().unwrap().len(), CONVERSATIONS);
}

fn waited(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64() * 1e3
}

fn opened(directory: &std::path::Path) -> Client {
    let Profile::OptedIn(client) = open(directory) else { panic!("not opted in") };
    client
}

fn one_conversation(messages: usize) -> (Person, ContactId) {
    let person = Person::alone();
    let contact = person.client.add(&card(), "Bob").unwrap();
    for _ in 0..messages {
        person.client.send(contact, TEXT).unwrap();
    }
    (person, contact)
}

fn many_conversations() -> tempfile::TempDir {
    let Person { client, directory } = Person::alone();
    for number in 0..CONVERSATIONS {
        let contact = client.add(&card(), &format!("Contact {number}")).unwrap();
        client.send(contact, TEXT).unwrap();
    }
    directory
}
