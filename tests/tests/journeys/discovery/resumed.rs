//! A key service that dies in the middle of a look-up.

use std::thread;
use std::time::Duration;

use sealpost_tests::Result;
use sealpost_tests::deployment::Plan;
use sealpost_tests::wait;
use sealpost_wire::request::{Evaluate, Request};

use super::stage::Stage;
use crate::journeys::company::PATIENCE;

/// So many numbers are evaluated at once.
const BATCH: usize = 64;
const PEOPLE: usize = 5 * BATCH;

#[test]
fn a_key_service_killed_half_way_costs_nothing_that_was_paid_for() -> Result<()> {
    let mut stage =
        Stage::set_with(0, &Plan { attested: false, slow_line: Some(Duration::from_millis(300)), ..Plan::default() })?;
    let anna = stage.person("anna")?;
    let book = stage.book(PEOPLE)?;
    let looking = thread::spawn({
        let (anna, book) = (anna.clone(), book.clone());
        move || anna.discover(&[book])
    });
    let second = &mut stage.servers.key_services[1];
    let asked = |count| (second.sent_to(Evaluate::PATH).len() >= count).then_some(());
    wait::until("the second key service is asked twice", PATIENCE * 3, || Ok(asked(2)))?;
    second.server.kill()?;
    let first_run = looking.join().map_err(|_| "a thread panicked")??;
    let (open, whole) = (first_run.unknown, first_run.unknown.is_multiple_of(BATCH));
    assert!((1..PEOPLE).contains(&open) && whole, "some batches were answered, and some not: {first_run:?}");
    assert_eq!(first_run.reasons, ["key-service-unreachable".to_owned()].into());

    stage.servers.key_services[1].server.start()?;
    let second_run = anna.discover(&[book])?;
    assert_eq!((second_run.unknown, second_run.hashed, second_run.evaluated), (0, 0, open), "{second_run:?}");
    let [first, second] = stage.evaluations()[..] else { return Err("two key services".into()) };
    assert_eq!(first, PEOPLE / BATCH, "the one that lived was asked once for each batch");
    assert!(
        (PEOPLE / BATCH..=PEOPLE / BATCH + 1).contains(&second),
        "the other once more for the answer that was lost"
    );
    Ok(())
}
