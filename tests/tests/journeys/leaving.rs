//! What is left of someone who has opted out: nothing at the relay, nothing on the device.
//!
//! Whose an object at the relay is, only its owner knows. So one person's programs run at a time, and what the tap sees
//! opened meanwhile is that person's.
//!
//! **What fails here**: an id, a hash or an envelope of the one who left in a live keyspace of the relay, or in its files
//! after a purge; a lost object of the one who stayed; an object without a signed statement; a file in the profile's
//! directory; a search that does not find what is there.

pub(super) mod keyspaces;
mod left_behind;

use std::fs;

use sealpost_tests::Result;
use sealpost_tests::person::Person;
use sealpost_tests::server::{Server, Settings, free_port};
use sealpost_tests::tap::Tap;
use sealpost_tests::wait;
use serde_json::json;

use super::company::{Company, PATIENCE, texts};
use left_behind::LeftBehind;

/// A relay behind a tap, and two people of whom only one is there at a time.
struct Apart {
    relay: Server,
    tap: Tap,
    anna: Person,
    ben: Person,
    _directory: tempfile::TempDir,
}

impl Apart {
    fn set() -> Result<Self> {
        let directory = tempfile::tempdir()?;
        let port = free_port()?;
        let settings = Settings { public_port: Some(port), ..Settings::default() };
        let mut relay = Server::init(&directory.path().join("relay"), &settings)?;
        let tap = Tap::start(port, &relay)?;
        relay.start()?;
        let person = |name| Person::new(name, &directory.path().join(name));
        let (anna, ben) = (person("anna")?, person("ben")?);
        Ok(Self { relay, tap, anna, ben, _directory: directory })
    }

    /// What is opened at the relay, and deposited there, while `work` is done.
    fn during(&self, work: impl FnOnce() -> Result<()>) -> Result<LeftBehind> {
        let before = self.tap.connections().len();
        work()?;
        Ok(LeftBehind::of(&self.tap.connections()[before..]))
    }

    fn arrives(&self, person: &Person) -> Result<LeftBehind> {
        self.during(|| {
            person.opt_in(self.relay.reference())?;
            let _listener = person.listen(0)?;
            person.wait_until_reachable()
        })
    }

    /// `person` is there alone: reads `count` messages, and sends this one.
    fn visits(&self, person: &Person, count: usize, to: &Person, text: &str) -> Result<LeftBehind> {
        self.during(|| {
            let listener = person.listen(0)?;
            listener.wait_for(count, PATIENCE)?;
            person.call(&["send", to.name(), text]).map(drop)
        })
    }

    /// Looks into the relay's keyspaces; it is stopped for that.
    fn live(&mut self) -> Result<Vec<u8>> {
        self.relay.stop()?;
        let rows = keyspaces::all_rows(&self.relay.data())?;
        self.relay.start()?;
        Ok(rows)
    }

    /// All bytes of all files of the relay's store; it is stopped for that.
    fn raw(&mut self) -> Result<Vec<u8>> {
        self.relay.stop()?;
        let files = sealpost_tests::search::files_below(&self.relay.data())?;
        let bytes = files.iter().map(fs::read).collect::<std::io::Result<Vec<_>>>()?.concat();
        self.relay.start()?;
        Ok(bytes)
    }
}

#[test]
fn of_who_opted_out_the_relay_keeps_nothing_and_its_files_keep_nothing_once_purged() -> Result<()> {
    let mut apart = Apart::set()?;
    let mut annas = apart.arrives(&apart.anna)?;
    let mut bens = apart.arrives(&apart.ben)?;
    apart.anna.call(&["add", "ben", &apart.ben.card()?])?;
    apart.ben.call(&["add", "anna", &apart.anna.card()?])?;
    bens.extend(apart.visits(&apart.ben, 0, &apart.anna, "one")?);
    annas.extend(apart.visits(&apart.anna, 1, &apart.ben, "two")?);
    bens.extend(apart.visits(&apart.ben, 1, &apart.anna, "three")?);
    annas.extend(apart.visits(&apart.anna, 2, &apart.ben, "four, which is never collected")?);
    // Deposits are in the mailboxes of the one who did not make them.
    let (from_anna, from_ben) = (annas.take_deposits(), bens.take_deposits());
    bens.add_deposits(from_anna);
    annas.add_deposits(from_ben);
    assert_eq!((annas.mailboxes(), bens.mailboxes()), (3, 3), "two front doors and a pairwise mailbox each");
    assert_eq!((annas.shelves(), bens.shelves()), (2, 2));

    assert_eq!(bens.objects_missing_in(&apart.live()?), 0, "what is there is found in the keyspaces");
    let raw = apart.raw()?;
    assert_eq!(bens.objects_missing_in(&raw), 0, "and in the files");

    let left = apart.ben.call_one(&["opt-out", "--yes", "--at-once"])?;
    assert_eq!((&left["pending"], &left["already_gone"], &left["wiped"]), (&json!(0), &json!(0), &json!(true)));
    assert_eq!(left["confirmed"], json!(5), "each object with a statement");
    assert_eq!(left["statements"].as_array().map(Vec::len), Some(5));
    assert_eq!(fs::read_dir(apart.ben.profile())?.count(), 0, "no file is left on the device");

    let live = apart.live()?;
    assert_eq!(bens.found_in(&live), 0, "in the live keyspaces");
    assert_eq!(annas.objects_missing_in(&live), 0, "who stays keeps everything");
    apart.relay.purge()?;
    let raw = apart.raw()?;
    assert_eq!(bens.found_in(&raw), 0, "in the files");
    assert_eq!(annas.objects_missing_in(&raw), 0, "who stays keeps everything");
    Ok(())
}

#[test]
fn an_opt_out_while_the_relay_is_dead_is_in_force_at_once_and_finished_later() -> Result<()> {
    let Company { mut relay, anna, ben, directory: _directory } = Company::meet(&Settings::default())?;
    let (at_anna, at_ben) = (anna.listen(0)?, ben.listen(0)?);
    anna.write("ben", &["the last thing that was heard"])?;
    at_ben.wait_for(1, PATIENCE)?;
    ben.write("anna", &["the last thing that was said"])?;
    at_anna.wait_for(1, PATIENCE)?;
    relay.kill()?;

    let mut at_ben = at_ben;
    let left = ben.attempt(&["opt-out", "--yes", "--at-once"])?;
    assert_eq!(left.status.code(), Some(5), "not yet");
    wait::until("the listening process stops by itself", PATIENCE, || Ok((!at_ben.runs()).then_some(())))?;
    let status = ben.call_one(&["status"])?;
    assert_eq!((&status["phase"], &status["pending"]), (&json!("leaving"), &json!(5)));
    for arguments in [&["card"][..], &["chats"], &["send", "anna", "hi"], &["listen"]] {
        assert_eq!(ben.attempt(arguments)?.status.code(), Some(4), "{arguments:?}: there is no consent");
    }

    relay.start()?;
    let left = ben.call_one(&["opt-out", "--yes", "--at-once"])?;
    assert_eq!((&left["confirmed"], &left["pending"], &left["wiped"]), (&json!(5), &json!(0), &json!(true)));
    assert_eq!(fs::read_dir(ben.profile())?.count(), 0, "no file is left on the device");

    let told = anna.attempt(&["send", "--timeout", "60s", "ben", "are you there?"])?;
    assert_eq!(told.status.code(), Some(1), "Ben is gone");
    let told: serde_json::Value = serde_json::from_slice(&told.stdout)?;
    assert_eq!((&told["state"], &told["reason"]), (&json!("failed"), &json!("contact-gone")));
    assert_eq!(texts(&at_anna), ["the last thing that was said"]);
    Ok(())
}

#[test]
fn who_opts_in_again_after_leaving_is_somebody_else() -> Result<()> {
    let Company { relay, anna, ben, directory: _directory } = Company::meet(&Settings::default())?;
    let card = ben.card()?;
    ben.call(&["opt-out", "--yes", "--at-once"])?;
    ben.opt_in(relay.reference())?;
    let at_ben = ben.listen(0)?;
    ben.wait_until_reachable()?;
    assert_ne!(ben.card()?, card);
    assert_eq!(ben.call(&["chats"])?.len(), 0);
    anna.call(&["add", "the new Ben", &ben.card()?])?;
    let _at_anna = anna.listen(0)?;
    anna.call(&["send", "the new Ben", "hello again"])?;
    at_ben.wait_for(1, PATIENCE)?;
    assert_eq!(texts(&at_ben), ["hello again"]);
    Ok(())
}
