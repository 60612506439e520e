//! Who takes part: a relay with its tap, two people with numbers of their own; and what must not be found of them.

use std::fs;
use std::path::{Path, PathBuf};

use sealpost_identity::traces::Value;
use sealpost_identity::{Imei, Imsi, PhoneNumber};

use super::play::Stage;
use super::seen::Relayed;
use super::stored::Stored;
use super::{OptOut, Progress, Trial};
use crate::Result;
use crate::person::Person;
use crate::search::{Canary, Search};
use crate::server::{Server, Settings, free_port};
use crate::talk::Talk;
use crate::tap::Tap;

/// Each person's IMEI, IMSI and number; of test ranges, so that they are nobody's.
const NUMBERS: [[&str; 3]; 2] =
    [["490154203237518", "001010123456789", "+493023125001"], ["352099001761481", "001019876543210", "+12025550143"]];

/// All that takes part.
pub(super) struct Cast {
    pub(super) relay: Server,
    pub(super) people: [Person; 2],
    tap: Tap,
    scratch: PathBuf,
    /// What lay in the store when the relay was killed.
    pub(super) stored: Stored,
}

impl Cast {
    /// Starts the relay and the tap, and brings the two people together: opted in, with each other's card.
    pub(super) fn assemble(directory: &Path, talk: &Talk, progress: Progress<'_>) -> Result<Self> {
        progress(Stage::Relay);
        let port = free_port()?;
        let options = vec![("level", "\"trace\"".to_owned()), ("disk_reserve", "\"16 MiB\"".to_owned())];
        let settings = Settings { public_port: Some(port), options, ..Settings::default() };
        let mut relay = Server::init(&directory.join("relay"), &settings)?;
        let tap = Tap::start(port, &relay)?;
        relay.start()?;
        progress(Stage::OptIn);
        let [first, second] = &talk.names;
        let people = [Person::new(first, &directory.join("first"))?, Person::new(second, &directory.join("second"))?];
        for (person, numbers) in people.iter().zip(NUMBERS) {
            let [imei, imsi, number] = numbers;
            person.set_own_numbers(&format!("imei {imei}\nimsi {imsi}\nnumber {number}\n"))?;
            person.opt_in(relay.reference())?;
        }
        let scratch = directory.join("scratch");
        fs::create_dir(&scratch)?;
        Ok(Self { relay, people, tap, scratch, stored: Stored::default() })
    }

    /// Gives each of the two the other's card.
    pub(super) fn introduce(&self) -> Result<()> {
        let [first, second] = &self.people;
        for (one, other) in [(first, second), (second, first)] {
            one.call(&["add", other.name(), &other.card()?])?;
        }
        Ok(())
    }

    /// The search for all that was said, by whom, and both people's numbers.
    pub(super) fn search(&self, talk: &Talk) -> Result<Search> {
        let texts = talk.lines.iter().enumerate().map(|(number, line)| Canary {
            what: format!("message {} of the talk", number + 1),
            value: Value::text(&line.text),
        });
        let names = talk.names.iter().enumerate().map(|(number, name)| Canary {
            what: format!("the name of person {}", number + 1),
            value: Value::text(name),
        });
        let mut canaries: Vec<_> = texts.chain(names).collect();
        for [imei, imsi, number] in NUMBERS {
            let canary = |what: &str, value| Canary { what: what.to_owned(), value };
            canaries.push(canary("an IMEI", (&Imei::parse(imei)?).into()));
            canaries.push(canary("an IMSI", (&Imsi::parse(imsi)?).into()));
            canaries.push(canary("a phone number", (&PhoneNumber::parse(number, None)?).into()));
        }
        Ok(Search::new(canaries)?)
    }

    /// Kills the relay, and searches what lies there: envelopes that nobody has collected, among others.
    pub(super) fn kill_relay(&mut self, search: &mut Search) -> Result<()> {
        self.relay.kill()?;
        self.stored = Stored::of(&self.relay.data())?;
        self.search_files(search)
    }

    /// Searches the relay's files, its log among them, and both people's logs and stores, as they are now.
    fn search_files(&self, search: &mut Search) -> Result<()> {
        for file in [self.relay.data(), self.relay.log()] {
            search.files(&file)?;
        }
        self.people.iter().try_for_each(|person| {
            search.files(&person.profile())?;
            Ok(search.files(&person.log())?)
        })
    }

    /// Searches the files and all traffic, on the wire and decrypted.
    pub(super) fn search_all(&self, search: &mut Search) -> Result<()> {
        self.search_files(search)?;
        for connection in self.tap.connections() {
            connection.raw().iter().for_each(|bytes| search.bytes("traffic on the wire", bytes));
            connection.plain().iter().for_each(|bytes| search.bytes("traffic as the relay sees it", bytes));
            connection.unmasked().iter().for_each(|bytes| search.bytes("frames as the relay sees them", bytes));
        }
        Ok(())
    }

    /// Plants all that can be searched for in a scratch directory, and looks whether it is found there.
    pub(super) fn try_search(&self, search: &Search, talk: &Talk) -> Result<Trial> {
        let said = talk.lines.iter().map(|line| &*line.text).chain(talk.names.iter().map(|name| &**name));
        let texts = said.chain(NUMBERS.iter().flatten().copied());
        let long_enough: Vec<_> = texts.filter(|text| !Value::text(text).is_too_short()).collect();
        Ok(Trial { planted: long_enough.len(), found: search.find_planted(&self.scratch, &long_enough)? })
    }

    /// What the relay saw, by its requests.
    pub(super) fn relayed(&self) -> Relayed {
        Relayed::of(&self.tap.connections())
    }

    /// The second person leaves.
    pub(super) fn opt_out(&self) -> Result<OptOut> {
        let [_, second] = &self.people;
        let report = second.call_one(&["opt-out", "--yes", "--at-once"])?;
        let count = |key: &str| report.get(key).and_then(serde_json::Value::as_u64).unwrap_or_default();
        Ok(OptOut { confirmed: count("confirmed"), pending: count("pending") })
    }
}
