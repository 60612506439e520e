//! Somebody moves to another relay while two people write to each other all the time, and is killed again and again.
//!
//! Two relays and both people are processes of their own. `faketime` brings the day on which the old relay is closed.
//!
//! **What fails here**: a line that is lost, shown twice or not in its order; a move that does not end; an object at the old
//! relay without a statement that its operator has signed; anything that needs the old relay once it is closed.

use std::time::Duration;

use data_encoding::BASE64;
use sealpost_tests::person::{Listener, Person};
use sealpost_tests::server::{Server, Settings};
use sealpost_tests::{Result, wait};
use sealpost_wire::RelayRef;
use sealpost_wire::statement::SignedDeletion;
use serde_json::{Value, json};

use super::company::{Company, PATIENCE, texts};

/// How often the one who moves is killed.
const KILLS: usize = 6;
/// A time to live, the day of grace, and one for front doors.
const LATER: &str = "+17d";
/// Closing is spread over a minute.
const CLOSING: Duration = Duration::from_secs(180);

#[test]
fn who_moves_and_is_killed_meanwhile_loses_nothing_and_gets_signed_statements() -> Result<()> {
    let Company { relay: mut old, mut anna, mut ben, directory } = Company::meet(&Settings::default())?;
    let mut new = Server::init(&directory.path().join("new"), &Settings::default())?;
    new.start()?;
    let at_ben = ben.listen(0)?;
    let mut at_anna = Kept::listen(&anna)?;
    anna.call(&["send", "ben", "before"])?;
    ben.call(&["send", "anna", "before"])?;
    at_anna.wait_for(1)?;

    let begun = anna.call_one(&["move", "--no-wait", "--at-once", new.reference()])?;
    assert_eq!((&begun["from"], &begun["to"]), (&json!(old.reference()), &json!(new.reference())));
    let mut lines = vec!["before".to_owned()];
    for kill in 0..KILLS {
        let some: Vec<String> = (0..10).map(|number| format!("line {kill}.{number}")).collect();
        let some: Vec<&str> = some.iter().map(String::as_str).collect();
        anna.write("ben", &some)?;
        ben.write("anna", &some)?;
        lines.extend(some.into_iter().map(str::to_owned));
        at_anna = at_anna.killed(&anna)?;
    }
    at_anna.wait_for(lines.len())?;
    at_ben.wait_for(lines.len(), PATIENCE)?;
    assert_eq!(at_anna.texts(), lines);
    assert_eq!(texts(&at_ben), lines);
    wait::until("everybody has been told", PATIENCE, || stage_is(&anna, "waiting"))?;
    assert_eq!(moves(&anna)?["told"], json!(1));

    // More than a time to live later, the old relay is closed.
    drop((at_anna.killed_for_good()?, at_ben.kill()?));
    for server in [&mut old, &mut new] {
        server.stop()?;
        server.set_clock(LATER);
        server.start()?;
    }
    anna.set_clock(LATER);
    ben.set_clock(LATER);
    let at_anna = Kept::listen(&anna)?;
    wait::until("the old relay is closed", CLOSING, || stage_is(&anna, "done"))?;
    has_stated_everything(&moves(&anna)?, old.reference())?;
    old.kill()?;

    // Anna is at the new relay alone; what Ben has there stays his.
    let before = at_anna.texts().len();
    assert_eq!(anna.call_one(&["status"])?["relay"], json!(new.reference()));
    old.start()?;
    ben.call(&["send", "--timeout", "60s", "anna", "at the new one"])?;
    at_anna.wait_for(before + 1)?;
    assert_eq!(at_anna.texts().pop().as_deref(), Some("at the new one"));
    Ok(())
}

/// Each object at the old relay was deleted, and its operator says so.
fn has_stated_everything(moved: &Value, old: &str) -> Result<()> {
    assert_eq!((&moved["pending"], &moved["already_gone"]), (&json!(0), &json!(0)), "{moved}");
    let statements = moved["statements"].as_array().ok_or("no statements")?;
    assert!(statements.len() >= 5, "two front doors, two shelves, a mailbox: {moved}");
    let operator = old.parse::<RelayRef>()?.operator;
    for statement in statements {
        let bytes = BASE64.decode(statement.as_str().ok_or("no text")?.as_bytes())?;
        let statement: SignedDeletion = sealpost_wire::codec::exact(&bytes)?;
        assert!(statement.verify(&operator).is_some(), "signed by the old relay's operator");
    }
    Ok(())
}

fn moves(person: &Person) -> Result<Value> {
    person.call_one(&["move"])
}

fn stage_is(person: &Person, stage: &str) -> Result<Option<()>> {
    let at = moves(person)?;
    Ok((at["stage"].as_str() == Some(stage)).then_some(()))
}

/// A listener that is killed and started again, and all that it has shown.
struct Kept {
    listener: Listener,
    before: Vec<String>,
}

impl Kept {
    fn listen(person: &Person) -> Result<Self> {
        Ok(Self { listener: person.listen(0)?, before: Vec::new() })
    }

    fn texts(&self) -> Vec<String> {
        self.before.iter().cloned().chain(texts(&self.listener)).collect()
    }

    fn wait_for(&self, count: usize) -> Result<()> {
        self.listener.wait_for(count.saturating_sub(self.before.len()), PATIENCE)
    }

    /// kill -9, and on from the last whole line.
    fn killed(self, person: &Person) -> Result<Self> {
        let (mut before, mut position) = (self.before, self.listener.position());
        let shown = self.listener.kill()?;
        position = shown.last().map_or(position, |message| message.position);
        before.extend(shown.into_iter().map(|message| message.text));
        Ok(Self { listener: person.listen(position)?, before })
    }

    fn killed_for_good(self) -> Result<Vec<String>> {
        let mut texts = self.before;
        texts.extend(self.listener.kill()?.into_iter().map(|message| message.text));
        Ok(texts)
    }
}
