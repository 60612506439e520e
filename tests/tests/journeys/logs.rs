//! What the programs write at trace level while people meet, talk, blunder and leave: nothing about anybody.
//!
//! The tap knows every id, key, hash and signature that went over the network, since each is a byte string in a request,
//! a reply or a frame; the texts, names and cards are known anyway. All of them are looked for in what both programs wrote
//! to their standard error, in every encoding, and also as the lists of numbers and the Base32 that Rust programs write.
//!
//! **What fails here**: one of them, or the address of a peer, in a log; a log without what a program says when it may say
//! everything; fewer values than a conversation has; a search that does not find what is put in front of it.

pub(super) mod values;

use std::fs;

use sealpost_tests::Result;
use sealpost_tests::person::Person;
use sealpost_tests::search::Search;
use sealpost_tests::server::{Server, Settings, free_port};
use sealpost_tests::tap::Tap;

use super::company::{PATIENCE, introduce};
use values::Values;

const NAMES: [&str; 2] = ["Wilhelmina", "Maximilian"];
const TEXTS: [&str; 3] = ["a text that no log may have", "and the answer to it", "a text that is never collected"];

#[test]
fn logs_at_trace_level_say_nothing_about_anybody() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let port = free_port()?;
    let options = vec![("level", "\"trace\"".to_owned())];
    let settings = Settings { public_port: Some(port), options, ..Settings::default() };
    let mut relay = Server::init(&directory.path().join("relay"), &settings)?;
    let tap = Tap::start(port, &relay)?;
    relay.start()?;
    let person = |name: &str| Person::new(name, &directory.path().join(name));
    let people = [person(NAMES[0])?, person(NAMES[1])?];
    let mut values = Values::default();
    values.texts(TEXTS.into_iter().chain(NAMES));
    live_through(&people, &mut relay, &mut values)?;
    values.traffic(&tap.connections());

    assert!(values.count() > 150, "only {} values", values.count());
    let logs = [relay.log(), people[0].log(), people[1].log()].map(fs::read_to_string);
    let [of_relay, of_one, of_other] = logs;
    // At trace level, each program says at least this; that of the second person was used less.
    let clients = "DEBUG sealpost_client::engine";
    for (log, says, own) in
        [(of_relay?, "clients may connect", true), (of_one?, clients, false), (of_other?, "engine started", false)]
    {
        assert!(log.contains(says), "{says:?} is not in {log}");
        assert_eq!(found(&values, &log)?, [""; 0], "in {log}");
        assert_eq!(addresses(&log, own.then(|| relay.listen().port())), [""; 0], "in {log}");
        assert!(values.each_is_found_in(&log)?, "the search misses what is put into the log");
    }
    Ok(())
}

/// All that the two can do, blunders included, and a relay that is killed, restarted and purged.
fn live_through(people: &[Person; 2], relay: &mut Server, values: &mut Values) -> Result<()> {
    let [one, other] = people;
    introduce(one, other, relay.reference())?;
    for person in people {
        values.card(&person.card()?)?;
    }
    let (at_one, at_other) = (one.listen(0)?, other.listen(0)?);
    one.call(&["send", other.name(), TEXTS[0]])?;
    at_other.wait_for(1, PATIENCE)?;
    other.call(&["send", one.name(), TEXTS[1]])?;
    at_one.wait_for(1, PATIENCE)?;
    relay.kill()?;
    relay.start()?;
    drop((at_one, at_other));
    one.call(&["send", other.name(), TEXTS[2]])?;
    for arguments in [&["chats"][..], &["chats", other.name()], &["safety-number", other.name()], &["status"]] {
        one.call(arguments)?;
    }
    one.attempt(&["send", "nobody of this name", TEXTS[0]])?;
    one.attempt(&["add", other.name(), "sealpost:NOT-A-CARD"])?;
    one.attempt(&["send", other.name(), &TEXTS[0].repeat(4_000)])?;
    one.set_passphrase("another passphrase")?;
    one.attempt(&["status"])?;
    other.call(&["opt-out", "--yes", "--at-once"])?;
    relay.purge()?;
    relay.stop()
}

fn found(values: &Values, log: &str) -> Result<Vec<String>> {
    let mut search: Search = values.search()?;
    search.bytes("a log", log.as_bytes());
    Ok(search.found().iter().map(|find| format!("{} as {:?}", find.what, find.encoding)).collect())
}

/// Addresses of loopback in a log, but for those on which its own program listens: a peer's port is never one of them.
fn addresses(log: &str, listens_at: Option<u16>) -> Vec<String> {
    let after = log.split("127.0.0.1:").skip(1);
    let ports = after.map(|rest| rest.chars().take_while(char::is_ascii_digit).collect::<String>());
    let own = |port: &str| listens_at.is_some_and(|own| own.to_string() == port);
    ports.filter(|port| !own(port)).collect()
}
