//! What two people do in two terminals.

use std::fs;

use sealpost_tests::Result;
use sealpost_tests::person::Person;
use sealpost_tests::server::{Server, Settings};
use serde_json::{Value, json};

use super::company::{Company, PATIENCE, introduce, texts};

#[test]
fn two_people_meet_talk_compare_numbers_and_one_leaves() -> Result<()> {
    let Company { relay: _relay, anna, ben, directory: _directory } = Company::meet(&Settings::default())?;
    let (at_anna, at_ben) = (anna.listen(0)?, ben.listen(0)?);
    let sent = anna.call_one(&["send", "ben", "are you there?"])?;
    assert_eq!((&sent["state"], &sent["contact"]), (&json!("accepted"), &json!("ben")));
    at_ben.wait_for(1, PATIENCE)?;
    assert_eq!(texts(&at_ben), ["are you there?"]);
    ben.write("anna", &["yes", "", "שלום 👩‍👩‍👧"])?;
    at_anna.wait_for(3, PATIENCE)?;
    assert_eq!(texts(&at_anna), ["yes", "", "שלום 👩‍👩‍👧"]);

    let number =
        |person: &Person, other| -> Result<Value> { Ok(person.call_one(&["safety-number", other])?["digits"].clone()) };
    assert_eq!(number(&anna, "ben")?, number(&ben, "anna")?);
    assert_eq!(number(&anna, "ben")?.as_str().map(str::len), Some(60));
    assert_eq!(anna.call(&["chats", "ben"])?.len(), 4);

    let left = ben.call_one(&["opt-out", "--yes", "--at-once"])?;
    assert_eq!((&left["pending"], &left["wiped"]), (&json!(0), &json!(true)));
    let statements = left["statements"].as_array().map_or(0, Vec::len) as u64;
    assert!(statements >= 4, "two front doors, two shelves: {left}");
    assert_eq!(left["confirmed"].as_u64(), Some(statements));
    assert_eq!(ben.call_one(&["status"])?["phase"], "fresh");
    Ok(())
}

#[test]
fn what_is_written_while_the_relay_is_away_arrives_once_it_is_back() -> Result<()> {
    let Company { mut relay, anna, ben, directory: _directory } = Company::meet(&Settings::default())?;
    relay.stop()?;
    let waits = anna.attempt(&["send", "--timeout", "1s", "ben", "written offline"])?;
    assert_eq!(waits.status.code(), Some(5), "stored, not yet sent");
    assert_eq!(anna.call_one(&["status"])?["outbox"], 1);
    let (_at_anna, at_ben) = (anna.listen(0)?, ben.listen(0)?);
    relay.start()?;
    at_ben.wait_for(1, PATIENCE)?;
    assert_eq!(texts(&at_ben), ["written offline"]);
    Ok(())
}

#[test]
fn what_is_written_before_any_relay_was_reached_arrives_once_the_card_is_of_use() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let mut relay = Server::init(&directory.path().join("relay"), &Settings::default())?;
    let (anna, ben) =
        (Person::new("anna", &directory.path().join("a"))?, Person::new("ben", &directory.path().join("b"))?);
    anna.opt_in(relay.reference())?;
    ben.opt_in(relay.reference())?;
    anna.call(&["add", "ben", &ben.card()?])?;
    anna.write("ben", &["before anything was there"])?;
    relay.start()?;
    let at_ben = ben.listen(0)?;
    ben.wait_until_reachable()?;
    let _at_anna = anna.listen(0)?;
    at_ben.wait_for(1, PATIENCE)?;
    assert_eq!(texts(&at_ben), ["before anything was there"]);
    Ok(())
}

#[test]
fn listen_goes_on_where_it_stopped() -> Result<()> {
    let Company { relay: _relay, anna, ben, directory: _directory } = Company::meet(&Settings::default())?;
    anna.call(&["send", "ben", "one"])?;
    let shown = |arguments: &[&str]| -> Result<Vec<Value>> {
        Ok(ben.call(arguments)?.iter().map(|message| message["text"].clone()).collect())
    };
    assert_eq!(shown(&["listen", "--once"])?, ["one"]);
    anna.call(&["send", "ben", "two"])?;
    assert_eq!(shown(&["listen", "--once"])?, ["two"]);
    assert_eq!(shown(&["listen", "--once", "--after", "0"])?, ["one", "two"]);
    assert_eq!(shown(&["listen", "--once"])?, [""; 0]);
    Ok(())
}

#[test]
fn the_same_contact_under_another_name_is_no_second_one() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let mut relay = Server::init(&directory.path().join("relay"), &Settings::default())?;
    relay.start()?;
    let (anna, ben) =
        (Person::new("anna", &directory.path().join("a"))?, Person::new("ben", &directory.path().join("b"))?);
    introduce(&anna, &ben, relay.reference())?;
    anna.call(&["add", "Benjamin", &ben.card()?])?;
    let names: Vec<_> = anna.call(&["chats"])?.iter().map(|chat| chat["contact"].clone()).collect();
    assert_eq!(names, ["Benjamin"]);
    assert_eq!(anna.attempt(&["add", "me", &anna.card()?])?.status.code(), Some(1), "one's own card");
    Ok(())
}

#[test]
fn an_svg_of_the_card_is_written_where_it_was_asked_for() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let relay = Server::init(&directory.path().join("relay"), &Settings::default())?;
    let anna = Person::new("anna", &directory.path().join("a"))?;
    anna.opt_in(relay.reference())?;
    let file = directory.path().join("card.svg");
    anna.call(&["card", "--svg", &file.to_string_lossy()])?;
    assert!(fs::read_to_string(file)?.contains("<svg"));
    Ok(())
}
