//! Being found by number, from the first consent to the last trace: a relay with a directory, two key services and an attester,
//! each a process, and people with address books. The relay is killed once somebody is listed: an entry that was confirmed is durable.
//!
//! **What fails here**: somebody listed who is not found, or somebody found who is not listed; a message that does not reach
//! who was found; an entry that is read after it was withdrawn, a shelf or a front door of its card that is left; a number or a
//! name in a store, a log or in traffic, but for the number that its owner tells the attester; a request without a place in the
//! leak budgets; work at a key service that is paid twice; an answer that is used though another key made it.

mod impostors;
mod leaving;
mod left_behind;
mod overflow;
mod private;
mod resumed;
mod stage;
mod stolen;

use std::slice::from_ref;

use sealpost_tests::Result;
use serde_json::json;

use super::company::{PATIENCE, texts};
use left_behind::Everything;
use stage::Stage;

const ANNAS_NUMBER: &str = "+12025550143";

/// One journey, since so many processes have to start for each.
#[test]
fn someone_is_listed_found_written_to_and_gone_from_the_next_read_once_withdrawn() -> Result<()> {
    let mut stage = Stage::set(1)?;
    let ben = stage.listed()[0].clone();
    let listed = stage.publish(&ben)?;
    assert_eq!((&listed["listing"], &listed["key_services"]), (&json!("listed"), &json!(2)), "{listed}");
    stage.restart_relay()?;

    let anna = stage.seeker("anna", ANNAS_NUMBER)?;
    let book = stage.book(40)?;
    let found = anna.discover(from_ref(&book))?;
    assert_eq!(found.found, stage.names(), "everyone listed, and nobody else");
    assert_eq!((found.numbers, found.unknown, found.hashed, found.evaluated), (40, 0, 40, 80));
    let at_ben = ben.person.listen(0)?;
    anna.call(&["send", &ben.acquaintance.name, "found you"])?;
    at_ben.wait_for(1, PATIENCE)?;
    assert_eq!(texts(&at_ben), ["found you"]);
    drop(at_ben);

    let evaluations = stage.evaluations();
    let again = anna.discover(from_ref(&book))?;
    assert_eq!((again.found, again.hashed, again.evaluated), (stage.names(), 0, 0), "nothing is computed twice");
    assert_eq!(stage.evaluations(), evaluations, "nor asked twice");

    let everything = Everything::of(&stage, &[&anna]);
    everything.assert_budgets()?;
    everything.assert_logs_name_nothing()?;
    everything.assert_clean(&stage.people(40), &[&ben.acquaintance.number, ANNAS_NUMBER])?;

    leaving::withdraws(&stage, &ben)?;
    let carl = stage.seeker("carl", "+12025550177")?;
    let found = carl.discover(&[book])?;
    assert!(found.found.is_empty() && found.unknown == 0, "who withdrew is not found any more: {found:?}");
    Ok(())
}
