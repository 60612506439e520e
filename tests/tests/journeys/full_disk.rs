//! A disk that is full, on either side: nothing is lost, it is said, and it goes on once there is room.
//!
//! The disk is a small file system in memory. Mounting one takes root, or a sudo that asks for nothing; without either
//! these tests fail, since what they claim would not have been tested.
//!
//! **What fails here**: a message that was accepted, by the outbox or by the relay, and does not arrive once and in order;
//! a refusal that does not name the full disk; a program that ends; one that does not go on when there is room again.

mod small_disk;

use std::fs;

use sealpost_tests::Result;
use sealpost_tests::person::{Listener, Person};
use sealpost_tests::server::{Server, Settings};
use sealpost_tests::wait;
use serde_json::Value;

use super::company::{Company, PATIENCE, introduce, texts};
use small_disk::SmallDisk;

const MIB: u64 = 1 << 20;
/// More than a first connection takes, so that an attempt has been made when it is over.
const A_WHILE: &str = "3s";

#[test]
fn a_client_whose_disk_is_full_says_so_and_keeps_what_it_has() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let mut relay = Server::init(&directory.path().join("relay"), &Settings::default())?;
    relay.start()?;
    let person = |name| Person::new(name, &directory.path().join(name));
    let (anna, ben) = (person("anna")?, person("ben")?);
    let disk = SmallDisk::mount(&anna.profile(), 8)?;
    introduce(&anna, &ben, relay.reference())?;
    anna.write("ben", &["before"])?;
    disk.fill_up_to(0)?;
    // A small message may still find room in a file that is there; soon none does.
    let written = (0..1_000).map(|number| format!("{number} {}", "too much ".repeat(1_000)));
    let mut stored = Vec::new();
    for text in written {
        let sent = anna.attempt(&["send", "--no-wait", "ben", &text])?;
        if !sent.status.success() {
            assert_eq!(
                (sent.status.code(), sent.stdout.as_slice()),
                (Some(1), &b""[..]),
                "nothing is said to be stored"
            );
            assert_eq!(last_error(&anna)?, "storage-full");
            break;
        }
        stored.push(text);
    }
    assert!(stored.len() < 1_000, "the disk is never full");
    disk.make_room()?;
    anna.write("ben", &["after"])?;
    let (_at_anna, at_ben) = (anna.listen(0)?, ben.listen(0)?);
    at_ben.wait_for(stored.len() + 2, PATIENCE)?;
    let expected = [vec!["before".to_owned()], stored, vec!["after".to_owned()]].concat();
    assert_eq!(texts(&at_ben), expected);
    Ok(())
}

#[test]
fn what_arrives_while_the_disk_is_full_stays_on_the_relay_until_there_is_room() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let mut relay = Server::init(&directory.path().join("relay"), &Settings::default())?;
    relay.start()?;
    let person = |name| Person::new(name, &directory.path().join(name));
    let (anna, ben) = (person("anna")?, person("ben")?);
    let disk = SmallDisk::mount(&anna.profile(), 8)?;
    introduce(&anna, &ben, relay.reference())?;
    let mut at_anna = anna.listen(0)?;
    ben.call(&["send", "anna", "while there is room"])?;
    at_anna.wait_for(1, PATIENCE)?;
    disk.fill_up_to(0)?;
    let lines: Vec<String> =
        (1..=60).map(|number| format!("{number} {}", "while there is none ".repeat(400))).collect();
    for line in &lines {
        ben.call(&["send", "anna", line])?;
    }
    let shown = shown_at_rest(&at_anna)?;
    assert!(shown < 1 + lines.len(), "the disk is never full");
    assert!(at_anna.runs(), "who listens goes on listening");
    disk.make_room()?;
    at_anna.wait_for(1 + lines.len(), PATIENCE * 2)?;
    assert_eq!(texts(&at_anna), [vec!["while there is room".to_owned()], lines].concat());
    Ok(())
}

#[test]
fn a_relay_at_its_reserve_asks_to_try_later_and_still_delivers() -> Result<()> {
    let (disk, mut company) = on_a_small_disk()?;
    let Company { anna, ben, .. } = &company;
    anna.call(&["send", "ben", "accepted before"])?;
    disk.fill_up_to(RESERVE / 2)?;
    refuses(anna, "there is no room for this")?;
    let at_ben = ben.listen(0)?;
    at_ben.wait_for(1, PATIENCE)?;
    disk.make_room()?;
    let _at_anna = anna.listen(0)?;
    at_ben.wait_for(2, PATIENCE)?;
    assert_eq!(texts(&at_ben), ["accepted before", "there is no room for this"]);
    assert!(company.relay.runs());
    Ok(())
}

#[test]
fn a_relay_whose_disk_is_full_loses_nothing_that_it_accepted_even_when_it_is_killed_then() -> Result<()> {
    let (disk, mut company) = on_a_small_disk()?;
    company.anna.call(&["send", "ben", "accepted before"])?;
    disk.fill_up_to(0)?;
    refuses(&company.anna, "there is no room for this")?;
    assert!(company.relay.runs(), "it goes on without a disk");
    company.relay.kill()?;
    disk.make_room()?;
    company.relay.start()?;
    let Company { anna, ben, .. } = &company;
    let (_at_anna, at_ben) = (anna.listen(0)?, ben.listen(0)?);
    at_ben.wait_for(2, PATIENCE)?;
    assert_eq!(texts(&at_ben), ["accepted before", "there is no room for this"]);
    Ok(())
}

#[test]
fn a_relay_whose_disk_was_full_goes_on_without_being_started_again() -> Result<()> {
    let (disk, company) = on_a_small_disk()?;
    let Company { anna, ben, .. } = &company;
    anna.call(&["send", "ben", "accepted before"])?;
    disk.fill_up_to(0)?;
    refuses(anna, "there is no room for this")?;
    disk.make_room()?;
    let (_at_anna, at_ben) = (anna.listen(0)?, ben.listen(0)?);
    at_ben.wait_for(2, PATIENCE)?;
    assert_eq!(texts(&at_ben), ["accepted before", "there is no room for this"]);
    Ok(())
}

const RESERVE: u64 = 32 * MIB;

/// The relay's store lies on the small disk, and nothing else does.
fn on_a_small_disk() -> Result<(SmallDisk, Company)> {
    let place = tempfile::tempdir()?;
    let disk = SmallDisk::mount(place.path(), 256)?;
    let data = format!("{:?}", disk.path().join("data"));
    let options = vec![("data", data), ("disk_reserve", "\"32 MiB\"".to_owned())];
    let company = Company::meet(&Settings { options, ..Settings::default() })?;
    Ok((disk.keeping(place), company))
}

/// The relay does not take it: it stays in the outbox, and nothing is said to be sent.
fn refuses(anna: &Person, text: &str) -> Result<()> {
    let waits = anna.attempt(&["send", "--timeout", A_WHILE, "ben", text])?;
    assert_eq!(waits.status.code(), Some(5), "it waits in the outbox");
    assert_eq!(anna.call_one(&["status"])?["outbox"].as_u64(), Some(1));
    Ok(())
}

/// How many messages are shown when no more come for a while.
fn shown_at_rest(listener: &Listener) -> Result<usize> {
    let mut before = usize::MAX;
    wait::until("nothing more is shown", PATIENCE, || {
        std::thread::sleep(std::time::Duration::from_secs(2));
        let now = listener.shown().len();
        Ok((std::mem::replace(&mut before, now) == now).then_some(now))
    })
}

/// The kind of error that the last line of the log names.
fn last_error(person: &Person) -> Result<String> {
    let log = fs::read_to_string(person.log())?;
    let error: Value = serde_json::from_str(log.lines().last().unwrap_or_default())?;
    Ok(error["error"].as_str().unwrap_or_default().to_owned())
}
