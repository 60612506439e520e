//! What hostile, damaged or unlucky input does to people: nothing that they notice.
//!
//! Whoever holds a card, an address or the relay itself can put anything into a mailbox. So envelopes of random bytes,
//! damaged, repeated and misdirected ones are deposited by hand, past the clients, beside real messages.
//!
//! **What fails here**: a real message that does not arrive, or not once, behind bad ones; a bad one that is shown, or that
//! is delivered again for ever; a bad one that leaves no record; a message that is lost at a full or drained place.

mod forger;

use std::fs;

use sealpost_tests::Result;
use sealpost_tests::person::{Listener, Person};
use sealpost_tests::server::{Server, Settings, free_port};
use sealpost_tests::tap::{Connection, Tap};
use sealpost_tests::wait;
use sealpost_wire::request::{Deposit, Outcome};
use serde_json::json;

use super::company::{Company, PATIENCE, introduce, texts};
use forger::{Forger, deposits};

/// Everything that was deposited for somebody is known to the tap.
struct Overheard {
    relay: Server,
    tap: Tap,
    anna: Person,
    ben: Person,
    _directory: tempfile::TempDir,
}

impl Overheard {
    fn set() -> Result<Self> {
        let directory = tempfile::tempdir()?;
        let port = free_port()?;
        let settings = Settings { public_port: Some(port), ..Settings::default() };
        let mut relay = Server::init(&directory.path().join("relay"), &settings)?;
        let tap = Tap::start(port, &relay)?;
        relay.start()?;
        let person = |name| Person::new(name, &directory.path().join(name));
        let (anna, ben) = (person("anna")?, person("ben")?);
        introduce(&anna, &ben, relay.reference())?;
        Ok(Self { relay, tap, anna, ben, _directory: directory })
    }

    /// The newest deposit, made while `work` was done.
    fn overhear(&self, work: impl FnOnce() -> Result<()>) -> Result<Deposit> {
        let before = self.deposits();
        work()?;
        let new = self.deposits().into_iter().rfind(|deposit| !before.contains(deposit));
        new.ok_or_else(|| "nothing was deposited".into())
    }

    fn deposits(&self) -> Vec<Deposit> {
        self.tap.connections().iter().flat_map(Connection::requests).flat_map(|seen| deposits(&seen)).collect()
    }
}

fn unopened(person: &Person) -> Result<Option<u64>> {
    Ok(person.call_one(&["status"])?["unopened"].as_u64())
}

fn wait_for_unopened(person: &Person, count: u64) -> Result<()> {
    let look = || Ok((unopened(person)? == Some(count)).then_some(()));
    wait::until(&format!("{count} unopened envelopes are recorded"), PATIENCE, look)
}

fn says(from: &Person, to: &Person, text: &str, at: &Listener) -> Result<()> {
    let before = at.shown().len();
    from.call(&["send", to.name(), text])?;
    at.wait_for(before + 1, PATIENCE)
}

#[test]
fn junk_at_a_front_door_is_recorded_and_holds_nothing_up() -> Result<()> {
    let Company { relay, anna, ben, directory: _directory } = Company::meet(&Settings::default())?;
    let forger = Forger::at(&relay, &anna.card()?)?;
    let front_door = forger.front_door()?;
    for _ in 0..3 {
        assert_eq!(forger.deposit_junk(&front_door)?, Outcome::Accepted);
    }
    let at_anna = anna.listen(0)?;
    ben.call(&["send", "anna", "a real message, behind the junk"])?;
    at_anna.wait_for(1, PATIENCE)?;
    wait_for_unopened(&anna, 3)?;
    drop(at_anna);
    let again = anna.listen(0)?;
    again.wait_for(1, PATIENCE)?;
    ben.call(&["send", "anna", "and another one"])?;
    again.wait_for(2, PATIENCE)?;
    assert_eq!(texts(&again), ["a real message, behind the junk", "and another one"]);
    assert_eq!(unopened(&anna)?, Some(3), "junk was acknowledged and does not come back");
    Ok(())
}

#[test]
fn a_first_message_that_is_repeated_damaged_or_misdirected_is_shown_once() -> Result<()> {
    let scene = Overheard::set()?;
    let (anna, ben) = (&scene.anna, &scene.ben);
    let at_ben = ben.listen(0)?;
    let first = scene.overhear(|| says(anna, ben, "the first message", &at_ben))?;
    let (at_bens, at_annas) = (Forger::at(&scene.relay, &ben.card()?)?, Forger::at(&scene.relay, &anna.card()?)?);
    assert_eq!(at_bens.repeat(&first)?, Outcome::Accepted, "the same again, under another id");
    assert_eq!(at_bens.damage(&first)?, Outcome::Accepted, "with one bit changed");
    wait_for_unopened(ben, 1)?;

    let at_anna = anna.listen(0)?;
    assert_eq!(at_annas.misdirect(&first, &at_annas.front_door()?)?, Outcome::Accepted, "at another person's door");
    wait_for_unopened(anna, 1)?;

    says(anna, ben, "the second message", &at_ben)?;
    says(ben, anna, "an answer", &at_anna)?;
    assert_eq!(texts(&at_ben), ["the first message", "the second message"]);
    assert_eq!(texts(&at_anna), ["an answer"]);
    Ok(())
}

#[test]
fn what_is_repeated_damaged_or_junk_in_a_conversation_changes_nothing_in_it() -> Result<()> {
    let scene = Overheard::set()?;
    let (anna, ben) = (&scene.anna, &scene.ben);
    let (at_anna, at_ben) = (anna.listen(0)?, ben.listen(0)?);
    says(anna, ben, "one", &at_ben)?;
    says(ben, anna, "two", &at_anna)?;
    let third = scene.overhear(|| says(anna, ben, "three", &at_ben))?;
    let forger = Forger::at(&scene.relay, &ben.card()?)?;
    assert_eq!(forger.repeat(&third)?, Outcome::Accepted);
    assert_eq!(forger.damage(&third)?, Outcome::Accepted);
    assert_eq!(forger.deposit_junk(&forger::address_of(&third))?, Outcome::Accepted);
    wait_for_unopened(ben, 2)?;
    says(anna, ben, "four", &at_ben)?;
    says(ben, anna, "five", &at_anna)?;
    assert_eq!((texts(&at_ben), texts(&at_anna)), (texts_of(&["one", "three", "four"]), texts_of(&["two", "five"])));
    Ok(())
}

#[test]
fn a_stranger_who_jumps_ahead_and_repeats_himself_is_one_request() -> Result<()> {
    let scene = Overheard::set()?;
    let (anna, ben) = (&scene.anna, &scene.ben);
    let forger = Forger::at(&scene.relay, &anna.card()?)?;
    let at_anna = anna.listen(0)?;
    let mut stranger = forger.stranger()?;
    let hello = stranger.writes(&forger, 1, "hello, you do not know me")?;
    assert_eq!(forger.repeat(&hello)?, Outcome::Accepted);
    at_anna.wait_for(1, PATIENCE)?;
    // A counter that no honest client reaches must not make what comes after it unreadable.
    stranger.writes(&forger, u64::MAX, "from the end of time")?;
    wait_for_unopened(anna, 1)?;
    stranger.writes(&forger, 2, "and again")?;
    at_anna.wait_for(2, PATIENCE)?;
    says(ben, anna, "somebody I know", &at_anna)?;
    assert_eq!(texts(&at_anna), ["hello, you do not know me", "and again", "somebody I know"]);
    let requests = anna.call(&["chats"])?;
    assert_eq!(requests.iter().filter(|chat| chat["state"] == json!("unaccepted")).count(), 1, "{requests:?}");
    Ok(())
}

#[test]
fn what_a_full_mailbox_does_not_take_waits_and_arrives_in_order() -> Result<()> {
    let options = vec![("mailbox_envelopes", "4".to_owned())];
    let Company { relay: _relay, anna, ben, directory: _directory } =
        Company::meet(&Settings { options, ..Settings::default() })?;
    let lines: Vec<String> = (1..=10).map(|number| format!("line {number}")).collect();
    let waits = lines.iter().map(|line| anna.attempt(&["send", "--timeout", "2s", "ben", line]));
    let codes: Vec<_> = waits.map(|output| Ok(output?.status.code())).collect::<Result<_>>()?;
    assert_eq!(codes[0], Some(0), "the first one is accepted");
    assert_eq!(codes[9], Some(5), "the last one is stored here, and waits");
    let waiting = anna.call_one(&["status"])?["outbox"].as_u64();
    assert_eq!(waiting, Some(codes.iter().filter(|code| **code == Some(5)).count() as u64));
    let (_at_anna, at_ben) = (anna.listen(0)?, ben.listen(0)?);
    at_ben.wait_for(10, PATIENCE * 2)?;
    assert_eq!(texts(&at_ben), lines);
    Ok(())
}

#[test]
fn the_last_item_of_a_drained_shelf_still_begins_a_conversation() -> Result<()> {
    let Company { relay, anna, ben, directory: _directory } = Company::meet(&Settings::default())?;
    let left = ben.call_one(&["status"])?["prekeys_left"].as_u64().ok_or("no count")?;
    let forger = Forger::at(&relay, &ben.card()?)?;
    for _ in 0..left {
        assert!(!forger.take()?.last, "one-time items come first");
    }
    assert!(forger.take()?.last && forger.take()?.last, "then the last one, again and again");
    anna.call(&["send", "ben", "through a drained shelf"])?;
    let (at_anna, at_ben) = (anna.listen(0)?, ben.listen(0)?);
    at_ben.wait_for(1, PATIENCE)?;
    says(&ben, &anna, "and back", &at_anna)?;
    assert_eq!((texts(&at_ben), texts(&at_anna)), (texts_of(&["through a drained shelf"]), texts_of(&["and back"])));
    ben.wait_until_reachable()
}

#[test]
fn another_persons_database_is_refused_and_left_as_it_is() -> Result<()> {
    let Company { relay: _relay, anna, ben, directory: _directory } = Company::meet(&Settings::default())?;
    let (annas, bens) = (anna.profile().join("profile.db"), ben.profile().join("profile.db"));
    let foreign = fs::read(&annas)?;
    fs::write(&bens, &foreign)?;
    assert_eq!(ben.attempt(&["card"])?.status.code(), Some(3), "it does not open");
    assert_eq!(fs::read(&bens)?, foreign);
    Ok(())
}

fn texts_of(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}
