//! Who takes part: servers with their taps, the two who talk, and those who can be found by number.

use std::fs;
use std::path::{Path, PathBuf};

use super::finding::Listed;
use super::play::Stage;
use super::seen::Relayed;
use super::stored::{Kept, Stored};
use super::{OptOut, Policy, Progress, Setting};
use crate::Result;
use crate::deployment::{Deployment, Plan, Watched};
use crate::person::{Person, Way};
use crate::search::Search;

/// Each person's IMEI, IMSI and number; of test ranges, so that they are nobody's.
pub(super) const NUMBERS: [[&str; 3]; 2] =
    [["490154203237518", "001010123456789", "+493023125001"], ["352099001761481", "001019876543210", "+12025550143"]];

/// All that takes part.
pub(super) struct Cast {
    pub(super) servers: Deployment,
    pub(super) people: [Person; 2],
    /// Those who are in the directory, the third person of the demo first.
    pub(super) listed: Vec<Listed>,
    pub(super) directory: PathBuf,
    /// What lay in the relay's store when it was killed.
    pub(super) stored: Stored,
}

impl Cast {
    /// Starts the servers with their taps, and has the two people opt in.
    pub(super) fn assemble(directory: &Path, setting: &Setting<'_>, progress: Progress<'_>) -> Result<Self> {
        progress(Stage::Servers);
        let by_invite = ("tickets.policy", "\"invite\"".to_owned());
        let relay = vec![("store.disk_reserve", "\"16 MiB\"".to_owned()), by_invite];
        let keys = vec![("tickets.policy", "\"attestation\"".to_owned())];
        let plan = Plan { relay, keys, proxied: setting.policy.is_some(), ..Plan::default() };
        let servers = Deployment::start(&directory.join("servers"), &plan)?;
        progress(Stage::OptIn);
        let [first, second] = &setting.talk.names;
        let way = way(&servers, setting);
        let mut people =
            [Person::new(first, &directory.join("first"))?, Person::new(second, &directory.join("second"))?];
        for (person, numbers) in people.iter_mut().zip(NUMBERS) {
            person.set_way(way.clone());
            let [imei, imsi, number] = numbers;
            person.set_own_numbers(&format!("imei {imei}\nimsi {imsi}\nnumber {number}\n"))?;
            person.opt_in_by(servers.reference(), &servers.relay.server.invite()?)?;
        }
        fs::create_dir(directory.join("scratch"))?;
        let mut listed = Listed::of(setting.book, directory)?;
        listed.iter_mut().for_each(|listed| listed.person.set_way(way.clone()));
        Ok(Self { servers, people, listed, directory: directory.to_owned(), stored: Stored::default() })
    }

    /// Gives each of the two the other's card.
    pub(super) fn introduce(&self) -> Result<()> {
        let [first, second] = &self.people;
        for (one, other) in [(first, second), (second, first)] {
            one.call(&["add", other.name(), &other.card()?])?;
        }
        Ok(())
    }

    /// Everyone with a device.
    pub(super) fn everyone(&self) -> impl Iterator<Item = &Person> {
        self.people.iter().chain(self.listed.iter().map(|listed| &listed.person))
    }

    /// Kills the relay, and searches what lies there: envelopes that nobody has collected, among others.
    pub(super) fn kill_relay(&mut self, search: &mut Search) -> Result<()> {
        let relay = &mut self.servers.relay.server;
        relay.kill()?;
        self.stored = Stored::of(&relay.data())?;
        self.search_files(search)
    }

    /// What the relay saw, by its requests.
    pub(super) fn relayed(&self) -> Relayed {
        Relayed::of(&self.servers.relay.tap.connections())
    }

    /// What every server keeps. Of an attester that is its keys, its configuration and its log.
    pub(super) fn kept(&self) -> Result<Vec<Kept>> {
        let names = [
            "the first key service",
            "the second key service",
            "the relay with the directory",
            "the attester",
            "the proxy",
        ];
        let kept = |(server, watched): (&'static str, &Watched)| {
            Ok(Kept { server, stored: Stored::of(&watched.server.data())? })
        };
        names.into_iter().zip(self.servers.all()).map(kept).collect()
    }

    /// The second person leaves.
    pub(super) fn opt_out(&self) -> Result<OptOut> {
        let [_, second] = &self.people;
        let report = second.call_one(&["opt-out", "--yes", "--at-once"])?;
        let count = |key: &str| report.get(key).and_then(serde_json::Value::as_u64).unwrap_or_default();
        Ok(OptOut { confirmed: count("confirmed"), pending: count("pending") })
    }
}

/// Clocks that go faster than any phone's, so that a talk takes a minute.
const PACE: &str = "500ms";

fn way(servers: &Deployment, setting: &Setting<'_>) -> Option<Way> {
    let (proxy, policy) = (servers.proxy.as_ref()?, setting.policy?);
    let policy = match policy {
        Policy::Together => "together",
        Policy::Apart => "apart",
    };
    Some(Way { proxy: proxy.server.reference().to_owned(), policy, pace: PACE })
}
