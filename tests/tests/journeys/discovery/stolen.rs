//! A stolen SIM: somebody else gets the codes for a number that is listed.
//!
//! All of it happens in the middle of an epoch, days apart: servers and people are given another time of day.

use std::path::PathBuf;

use sealpost_tests::deployment::Plan;
use sealpost_tests::person::Person;
use sealpost_tests::{Result, clock, wait};
use sealpost_wire::directory::Epoch;
use sealpost_wire::time::Day;
use serde_json::{Value, json};

use super::stage::Stage;
use crate::journeys::company::PATIENCE;

/// The day on which it begins: for weeks from then on, one epoch alone is open.
fn first_day() -> Day {
    Epoch::of(Day::of(clock::now())).next().first_day().plus(30)
}

/// What is added to the time of day, to make it so many days later than the first.
fn days_later(days: u32) -> String {
    format!("+{}d", first_day().plus(days).0 - Day::of(clock::now()).0)
}

/// All servers and people, at some day.
struct Days {
    stage: Stage,
    owner: Person,
    thief: Person,
    seeker: Person,
    number: String,
    name: String,
    books: Vec<PathBuf>,
}

impl Days {
    fn begin() -> Result<Self> {
        let stage = Stage::set_with(0, &Plan { clock: Some(days_later(0)), ..Plan::default() })?;
        let person = |name| -> Result<Person> {
            let mut person = stage.newcomer(name)?;
            person.set_clock(&days_later(0));
            person.opt_in(stage.servers.reference())?;
            Ok(person)
        };
        let (owner, thief, seeker) = (person("owner")?, person("thief")?, person("seeker")?);
        stage.servers.prove(&seeker, "+12025550143")?;
        let stolen = stage.people(20)[11].clone();
        let books = vec![stage.book(20)?];
        Ok(Self { stage, owner, thief, seeker, number: stolen.number, name: stolen.name, books })
    }

    fn go_on_to(&mut self, day: u32) -> Result<()> {
        for person in [&mut self.owner, &mut self.thief, &mut self.seeker] {
            person.set_clock(&days_later(day));
        }
        self.stage.servers.restart_at(&days_later(day))
    }

    /// Proves the number by a code that comes to it, and publishes it; how it stands then.
    fn publishes(&self, who: &Person) -> Result<Value> {
        Ok(self.stage.servers.publish(who, &self.number)?["listing"].clone())
    }

    /// Lets somebody's program run until their entry stands so.
    fn listens_until(&self, who: &Person, listing: &str) -> Result<()> {
        let _listener = who.listen(0)?;
        let standing = || Ok((who.call_one(&["status"])?["listing"] == json!(listing)).then_some(()));
        wait::until(&format!("the entry is {listing}"), PATIENCE, standing)
    }

    /// Whether the seeker finds the number, and whether it leads to somebody else than before.
    fn is_found_and_changed(&self) -> Result<(bool, bool)> {
        let discovered = self.seeker.discover(&self.books)?;
        Ok((discovered.found.contains(&self.name), discovered.changed.contains(&self.name)))
    }
}

#[test]
fn a_stolen_sim_becomes_an_entry_after_a_week_and_only_if_the_owner_does_not_prove_the_number() -> Result<()> {
    let mut days = Days::begin()?;
    assert_eq!(days.publishes(&days.owner)?, json!("listed"));
    assert_eq!(days.is_found_and_changed()?, (true, false));

    // A claim of the same day would be ended by the owner's proof of that day.
    days.go_on_to(1)?;
    assert_eq!(days.publishes(&days.thief)?, json!("waiting"));

    days.go_on_to(4)?;
    days.listens_until(&days.owner, "contested")?;
    assert_eq!(days.publishes(&days.owner)?, json!("listed"), "proved once more, which ends the claim");

    days.go_on_to(9)?;
    days.listens_until(&days.thief, "proof-needed")?;
    assert_eq!(days.publishes(&days.thief)?, json!("waiting"), "a new claim");
    assert_eq!(days.is_found_and_changed()?, (true, false), "it is still the owner's");

    days.go_on_to(17)?;
    days.listens_until(&days.thief, "listed")?;
    assert_eq!(days.is_found_and_changed()?, (true, true), "who had found the owner is told");
    Ok(())
}
