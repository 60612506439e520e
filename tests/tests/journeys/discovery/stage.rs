//! The servers, those who are listed, and books in which they are.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use sealpost_tests::Result;
use sealpost_tests::address_book::{self, Acquaintance};
use sealpost_tests::deployment::{Deployment, Plan};
use sealpost_tests::person::Person;
use sealpost_wire::request::{Evaluate, Request};
use serde_json::Value;
use tempfile::TempDir;

/// Where in the book those are who can be listed.
const PLACES: [usize; 3] = [7, 12, 29];

/// Servers that run, and some people who can be listed.
pub(super) struct Stage {
    pub(super) servers: Deployment,
    listed: Vec<Owner>,
    directory: TempDir,
}

/// Whose number it is.
#[derive(Clone)]
pub(super) struct Owner {
    pub(super) person: Person,
    pub(super) acquaintance: Acquaintance,
}

impl Stage {
    /// As it is meant to be, with so many who can be listed.
    pub(super) fn set(listed: usize) -> Result<Self> {
        Self::set_with(listed, &Plan::default())
    }

    pub(super) fn set_with(listed: usize, plan: &Plan) -> Result<Self> {
        let directory = tempfile::tempdir()?;
        let servers = Deployment::start(&directory.path().join("servers"), plan)?;
        let people = address_book::people(PLACES[2] + 1);
        let mut stage = Self { servers, listed: vec![], directory };
        for place in PLACES.into_iter().take(listed) {
            let acquaintance = people[place].clone();
            let person = stage.person(&format!("owner-{place}"))?;
            stage.listed.push(Owner { person, acquaintance });
        }
        Ok(stage)
    }

    /// Somebody who has not opted in.
    pub(super) fn newcomer(&self, name: &str) -> Result<Person> {
        Person::new(name, &self.directory.path().join(name))
    }

    /// Somebody who has opted in.
    pub(super) fn person(&self, name: &str) -> Result<Person> {
        let person = self.newcomer(name)?;
        person.opt_in(self.servers.reference())?;
        Ok(person)
    }

    /// Somebody who has opted in, and proved a number, so that the key services let them ask.
    pub(super) fn seeker(&self, name: &str, number: &str) -> Result<Person> {
        let person = self.person(name)?;
        self.servers.prove(&person, number)?;
        Ok(person)
    }

    pub(super) fn listed(&self) -> &[Owner] {
        &self.listed
    }

    pub(super) fn publish(&self, owner: &Owner) -> Result<Value> {
        self.servers.publish(&owner.person, &owner.acquaintance.number)
    }

    /// kill -9, and a start.
    pub(super) fn restart_relay(&mut self) -> Result<()> {
        let relay = &mut self.servers.relay.server;
        relay.kill()?;
        relay.start()
    }

    /// What those who are listed are called in the book.
    pub(super) fn names(&self) -> BTreeSet<String> {
        self.listed.iter().map(|owner| owner.acquaintance.name.clone()).collect()
    }

    pub(super) fn people(&self, count: usize) -> Vec<Acquaintance> {
        address_book::people(count)
    }

    /// A book of so many people, those who are listed among them.
    pub(super) fn book(&self, count: usize) -> Result<PathBuf> {
        let file = self.directory.path().join(format!("people-{count}.vcf"));
        fs::write(&file, address_book::vcard(&self.people(count)))?;
        Ok(file)
    }

    /// How often each key service was asked to evaluate.
    pub(super) fn evaluations(&self) -> Vec<usize> {
        self.servers.key_services.iter().map(|service| service.sent_to(Evaluate::PATH).len()).collect()
    }
}
