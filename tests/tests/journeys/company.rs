//! A relay and two people who know each other.

use std::time::Duration;

use sealpost_tests::Result;
use sealpost_tests::person::{Listener, Person};
use sealpost_tests::server::{Server, Settings};
use tempfile::TempDir;

/// How long to wait for what should happen at once.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// A running relay, and two people who have opted in and added each other.
pub(super) struct Company {
    pub(super) relay: Server,
    pub(super) anna: Person,
    pub(super) ben: Person,
    pub(super) directory: TempDir,
}

impl Company {
    /// With a relay that differs from the defaults by these settings.
    pub(super) fn meet(settings: &Settings) -> Result<Self> {
        let directory = tempfile::tempdir()?;
        let mut relay = Server::init(&directory.path().join("relay"), settings)?;
        relay.start()?;
        let person = |name| Person::new(name, &directory.path().join(name));
        let (anna, ben) = (person("anna")?, person("ben")?);
        introduce(&anna, &ben, relay.reference())?;
        Ok(Self { relay, anna, ben, directory })
    }
}

/// Both opt in, and add each other's card.
pub(super) fn introduce(anna: &Person, ben: &Person, relay: &str) -> Result<()> {
    for person in [anna, ben] {
        person.opt_in(relay)?;
        let _listener = person.listen(0)?;
        person.wait_until_reachable()?;
    }
    anna.call(&["add", ben.name(), &ben.card()?])?;
    ben.call(&["add", anna.name(), &anna.card()?])?;
    Ok(())
}

/// What a listener has shown.
pub(super) fn texts(listener: &Listener) -> Vec<String> {
    listener.shown().into_iter().map(|message| message.text).collect()
}
