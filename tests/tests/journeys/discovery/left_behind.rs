//! Everything that a look-up leaves behind anywhere, and what must not be in it.

use std::collections::BTreeSet;

use sealpost_identity::PhoneNumber;
use sealpost_identity::traces::Value;
use sealpost_tests::Result;
use sealpost_tests::address_book::Acquaintance;
use sealpost_tests::leak_budget::{ATTESTER, LeakBudget, RELAY};
use sealpost_tests::person::Person;
use sealpost_tests::search::{Canary, Find, Search};
use sealpost_tests::tap::{Connection, Seen};

use super::stage::Stage;
use crate::journeys::logs::values::Values;

/// Where to look.
pub(super) struct Everything<'a> {
    stage: &'a Stage,
    people: Vec<&'a Person>,
}

impl<'a> Everything<'a> {
    /// All that servers and people have and said so far.
    pub(super) fn of(stage: &'a Stage, others: &[&'a Person]) -> Self {
        let people = stage.listed().iter().map(|owner| &owner.person).chain(others.iter().copied()).collect();
        Self { stage, people }
    }

    /// Each request has a place in the budget of the server that it was sent to.
    pub(super) fn assert_budgets(&self) -> Result<()> {
        let servers = &self.stage.servers;
        let (mut relay, mut attester) = (LeakBudget::of(RELAY)?, LeakBudget::of(ATTESTER)?);
        for watched in servers.key_services.iter().chain([&servers.relay]) {
            assert_within(&mut relay, &watched.seen());
        }
        let told = servers.attester.as_ref().ok_or("no attester")?.seen();
        assert_within(&mut attester, &told);
        assert!(told.iter().any(|seen| seen.path == "/v1/prove-number"), "and some was told");
        Ok(())
    }

    /// Nobody's number or name is anywhere, but for the numbers that their owners proved to the attester; those it was told, so
    /// the search finds what is there.
    pub(super) fn assert_clean(&self, people: &[Acquaintance], proved: &[&str]) -> Result<()> {
        let mut search = search(people, proved)?;
        self.files(&mut search)?;
        self.traffic(&mut search);
        assert_eq!(search.found(), [], "in {} bytes", search.bytes_searched());
        let told: BTreeSet<_> = self.told(people, proved)?.into_iter().map(|find| find.what).collect();
        assert_eq!(told, proved.iter().map(|number| (*number).to_owned()).collect(), "the attester was told");
        Ok(())
    }

    /// No log has, at trace level, a byte string of any request or reply: no tag, no element, no voucher, no key.
    pub(super) fn assert_logs_name_nothing(&self) -> Result<()> {
        let mut values = Values::default();
        for watched in self.stage.servers.all() {
            values.traffic(&watched.tap.connections());
        }
        assert!(values.count() > 100, "only {} values", values.count());
        let mut search = values.search()?;
        for watched in self.stage.servers.all() {
            let log = std::fs::read(watched.server.log())?;
            assert!(!log.is_empty());
            search.bytes("a server's log", &log);
        }
        for person in &self.people {
            search.bytes("a person's log", &std::fs::read(person.log())?);
        }
        assert_eq!(search.found(), []);
        Ok(())
    }

    fn files(&self, search: &mut Search) -> Result<()> {
        for watched in self.stage.servers.all() {
            search.files(&watched.server.data())?;
            search.files(&watched.server.log())?;
        }
        for person in &self.people {
            search.files(&person.profile())?;
            search.files(&person.log())?;
        }
        Ok(())
    }

    /// All but what is told to the attester, inside TLS.
    fn traffic(&self, search: &mut Search) {
        let servers = &self.stage.servers;
        let connections = |tap: &sealpost_tests::tap::Tap| tap.connections();
        for connection in servers.all().flat_map(|watched| connections(&watched.tap)) {
            connection.raw().iter().for_each(|bytes| search.bytes("on the wire", bytes));
        }
        for connection in servers.key_services.iter().chain([&servers.relay]).flat_map(|one| connections(&one.tap)) {
            let said = [connection.plain(), connection.unmasked()];
            said.iter().flatten().for_each(|bytes| search.bytes("inside TLS", bytes));
        }
        for [_, answered] in servers.attester.iter().flat_map(|one| connections(&one.tap)).map(|one| one.plain()) {
            search.bytes("what the attester answers", &answered);
        }
    }

    fn told(&self, people: &[Acquaintance], proved: &[&str]) -> Result<Vec<Find>> {
        let mut search = search(people, proved)?;
        let connections = self.stage.servers.attester.iter().flat_map(|attester| attester.tap.connections());
        for [said, _] in connections.flat_map(|one: Connection| [one.plain(), one.unmasked()]) {
            search.bytes("what the attester is told", &said);
        }
        Ok(search.found().to_vec())
    }
}

fn assert_within(budget: &mut LeakBudget, sent: &[Seen]) {
    assert!(!sent.is_empty());
    for Seen { path, body } in sent {
        assert!(budget.allows_sent(path, body), "{path}: {} bytes", body.len());
    }
}

/// What is looked for is called by the value itself, which is made up.
fn search(people: &[Acquaintance], proved: &[&str]) -> Result<Search> {
    let names = people.iter().map(|one| Canary { what: one.name.clone(), value: Value::text(&one.name) });
    let numbers = people.iter().map(|one| one.number.as_str()).chain(proved.iter().copied()).collect::<BTreeSet<_>>();
    let number = |text: &str| -> Result<Canary> {
        Ok(Canary { what: text.to_owned(), value: (&PhoneNumber::parse(text, None)?).into() })
    };
    let numbers = numbers.into_iter().map(number).collect::<Result<Vec<_>>>()?;
    Ok(Search::new(names.chain(numbers).collect())?)
}
