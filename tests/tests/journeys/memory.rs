//! The memory of a relay under load, as whoever seizes the running machine has it: dumped with `gcore` and searched.
//!
//! Two people talk and stay connected; strangers deposit and take in every way there is (HTTP/1.1, HTTP/2, a WebSocket, inside
//! Oblivious HTTP) and keep their connections; then two others write to each other without a pause, and meanwhile the memory
//! is dumped. Of everything that came before that pause, its requests are finished, though not its connections.
//!
//! **What fails here**: a text, a name or an own number; a key of a finished request, of any kind: to deposit, take, collect,
//! stock, withdraw; a key at rest; in any encoding. And that the deposit key of a request that is not finished is *not* found: the
//! search would find nothing else either.
//!
//! **What does not**: ids and hashes, which the relay keeps; keys of the relay itself, which SECURITY.md lists; what those
//! tell who write meanwhile.

mod dumping;
mod secrets;
mod strangers;

use std::thread::{self, sleep};
use std::time::Duration;

use sealpost_tests::Result;
use sealpost_tests::person::{Listener, Person};
use sealpost_tests::search::Search;
use sealpost_tests::server::{Server, Settings, free_port};
use sealpost_tests::tap::Tap;

use super::company::{PATIENCE, introduce};
use dumping::dump;
use secrets::Secrets;
use strangers::Strangers;

const NAMES: [&str; 4] = ["Theodora", "Balthasar", "Eulalia", "Nepomuk"];
const NUMBERS: &str = "imei 490154203237518\nimsi 001019876543210\nnumber +4930231259\n";
/// What the first two say, some of it long.
const SAID: usize = 40;
/// So much of what the others say has arrived when the memory is dumped, at least.
const LOAD: usize = 30;
const LINES: usize = 2_000;
/// Within this time an HTTP/2 connection is closed that rests after it was told a key; twice, since it looks only so often.
const REST: Duration = Duration::from_secs(5);

struct Pair {
    people: [Person; 2],
    listeners: [Listener; 2],
}

impl Pair {
    fn meet(names: [&str; 2], relay: &Server) -> Result<Self> {
        let person = |name: &str| -> Result<Person> {
            let person = Person::new(name, &relay.directory().join(format!("of-{name}")))?;
            person.set_own_numbers(NUMBERS)?;
            Ok(person)
        };
        let people = [person(names[0])?, person(names[1])?];
        introduce(&people[0], &people[1], relay.reference())?;
        let listeners = [people[0].listen(0)?, people[1].listen(0)?];
        Ok(Self { people, listeners })
    }

    /// Each says so many things.
    fn talk(&self, texts: &[String]) -> Result<()> {
        let [one, other] = &self.people;
        let lines: Vec<_> = texts.iter().map(String::as_str).collect();
        one.write(other.name(), &lines)?;
        self.listeners[1].wait_for(lines.len(), PATIENCE)?;
        other.write(one.name(), &lines)?;
        self.listeners[0].wait_for(lines.len(), PATIENCE)
    }
}

fn texts() -> Vec<String> {
    let long = "and so on, ".repeat(300);
    let text = |number| format!("what nobody may read {number:05}{}", if number % 8 == 0 { &long } else { "" });
    (0..SAID).map(text).collect()
}

#[test]
fn of_what_passed_through_a_relay_under_load_its_memory_keeps_nothing() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let port = free_port()?;
    // What is not finished stays so until it is looked for, however busy the machine is.
    let patient = ("connections.request_timeout", "\"20m\"".to_owned());
    let options = vec![("deposits_per_minute", "60000".to_owned()), patient];
    let settings = Settings { public_port: Some(port), options, ..Settings::default() };
    let mut relay = Server::init(&directory.path().join("relay"), &settings)?;
    let tap = Tap::start(port, &relay)?;
    relay.start()?;

    let texts = texts();
    let mut secrets = Secrets::default();
    let pair = Pair::meet([NAMES[0], NAMES[1]], &relay)?;
    pair.talk(&texts)?;
    let strangers = Strangers::come(&relay)?;
    sleep(REST);
    secrets.traffic(&tap.connections());
    secrets.strangers(&strangers);
    secrets.texts(texts.iter().map(String::as_str).chain(NAMES).chain(NUMBERS.lines()));

    let others = Pair::meet([NAMES[2], NAMES[3]], &relay)?;
    let memory = while_they_write(&others, || dump(relay.process()?, directory.path()))?;
    assert!(secrets.count() > 100, "only {} secrets", secrets.count());
    let mut search = secrets.search(strangers.unfinished())?;
    search.files(&memory)?;
    let (live, found) = found(&search);
    assert_eq!(found, [""; 0]);
    assert!(live > 0, "the key of a request that is not finished was not found");
    drop(pair);
    Ok(())
}

/// Does something while the first of two writes to the other without a pause.
fn while_they_write<T>(pair: &Pair, act: impl FnOnce() -> Result<T>) -> Result<T> {
    let [one, other] = &pair.people;
    let (one, name) = (one.clone(), other.name().to_owned());
    let writing = thread::spawn(move || {
        let lines: Vec<_> = (0..LINES).map(|number| format!("and a line more {number}")).collect();
        one.write(&name, &lines.iter().map(String::as_str).collect::<Vec<_>>())
    });
    pair.listeners[1].wait_for(LOAD, PATIENCE)?;
    let done = act()?;
    let before = pair.listeners[1].shown().len();
    pair.listeners[1].wait_for(before + 1, PATIENCE)?;
    writing.join().map_err(|_| "the writer panicked")??;
    Ok(done)
}

/// How often what must be found was, and what must not.
fn found(search: &Search) -> (u64, Vec<String>) {
    let live = |what: &str| what == secrets::LIVE;
    let times = search.found().iter().filter(|find| live(&find.what)).map(|find| find.times).sum();
    let others = search.found().iter().filter(|find| !live(&find.what));
    (
        times,
        others
            .map(|find| format!("{}, {}, {} times, at {:#x}", find.what, find.encoding, find.times, find.at))
            .collect(),
    )
}
