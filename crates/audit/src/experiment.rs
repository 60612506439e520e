//! The experiment of 2014, on a live relay: a phone without an account, then one with; a contact, messages; and everything
//! recorded, searched, and held against what was found then.
//!
//! 1. A relay starts; a tap with the relay's own key stands before it, and writes a capture with its key log. A friend
//!    consents and is reachable.
//! 2. A fresh device has an IMEI, an IMSI, a number and an address book, and no consent. It does all that a person would
//!    try. Each command runs in a network of its own, in which the system counts packets, and under a trace of its system
//!    calls: both must count none.
//! 3. It consents, and from then on sends through a proxy of Oblivious HTTP. It adds a contact, opens the conversation,
//!    sends and receives. Calls have no counterpart here. Both consent to discovery: they prove their numbers to an attester,
//!    which alone is told them, the friend is listed, and the device looks its whole address book up. Proxy, key service and
//!    attester stand behind taps too.
//! 4. It turns everything off again. The relay states what it has erased, and is stopped.
//! 5. Traffic, store, log, metrics and, where the system allows it, the memory of the relay are searched for every value.
//!
//! What fails the run: a value that is found; a request that the leak budget has no place for; a packet without consent; a
//! message that does not arrive; a deletion that is not stated. What does not: what cannot be looked into on this machine.

mod device;
mod memory;
mod others;
mod phone;
mod play;
mod rows;
mod server;
mod wait;

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;
use tempfile::TempDir;

use crate::Trouble;
use crate::budget::Budgets;
use crate::report::Report;
use crate::search::Search;
use crate::tap::{Tap, Writer};
use crate::tls::KeyLog;
use crate::traffic;
use crate::unsearched::Unsearched;
use device::Device;
use others::Others;
use phone::Phone;
use server::Server;

/// What the experiment is made on.
#[derive(Debug, Clone)]
pub struct Options {
    /// The program `sealpost-relay`.
    pub relay: PathBuf,
    /// The program `sealpost-attester`; without it, the relay's directory has neither an attester nor a key service.
    pub attester: Option<PathBuf>,
    /// The program `sealpost`.
    pub client: PathBuf,
    /// Where capture, key log and the relay's files are left, if they are to be.
    pub keep: Option<PathBuf>,
    /// The time since 1970, for the capture.
    pub now: Duration,
}

/// Something that was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// What.
    pub what: String,
    /// What was seen of it.
    pub seen: String,
    /// Whether that is as it must be.
    pub holds: bool,
}

/// One of the findings of 2014.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// What was so then.
    pub then: &'static str,
    /// How it is here.
    pub here: &'static str,
    /// What was seen in this run.
    pub seen: String,
}

/// All that takes part.
struct Scene {
    directory: Home,
    relay: Server,
    tap: Tap,
    proxy: Server,
    _before_the_proxy: Tap,
    others: Option<Others>,
    writer: Writer,
    phone: Device,
    friend: Device,
    search: Search,
    unsearched: Unsearched,
    steps: Vec<Step>,
    facts: rows::Facts,
}

/// Where everything lies; erased in the end, or kept.
enum Home {
    Erased(TempDir),
    Kept(PathBuf),
}

/// Makes the experiment. `progress` hears what is being done.
///
/// # Errors
/// When something around it fails, such as a program that does not start; what it finds out is in the report.
pub fn run(options: &Options, progress: &mut dyn FnMut(&str)) -> Result<Report, Trouble> {
    progress("a relay starts");
    let mut scene = Scene::set(options)?;
    progress("a friend becomes reachable");
    scene.friend_is_reachable()?;
    progress("a fresh device, without consent");
    scene.without_consent()?;
    progress("consent, contacts, messages");
    scene.with_consent()?;
    progress("what lies there meanwhile is searched");
    scene.search_live()?;
    progress("turning it off");
    scene.turn_off()?;
    progress("everything that was left behind is searched");
    scene.finish()
}

impl Scene {
    fn set(options: &Options) -> Result<Self, Trouble> {
        let directory = Home::make(options.keep.as_deref())?;
        let path = directory.path();
        let writer = Writer::create(&path.join("traffic.pcap"), options.now)?;
        let mut relay = Server::init_relay(&options.relay, &path.join("relay"))?;
        let tap = Tap::start_writing(relay.public().port(), &relay, Some(writer.clone()))?;
        let others = options.attester.as_deref().map(|attester| {
            let mut others = Others::init([&options.relay, attester], path, &relay, &writer)?;
            others.key_service.start()?;
            Ok::<_, Trouble>(others)
        });
        let others = others.transpose()?;
        relay.start()?;
        let gateways = [&relay].into_iter().chain(others.as_ref().map(|others| &others.key_service));
        let proxy = Server::init_proxy(&options.relay, &path.join("proxy"), gateways)?;
        let before_the_proxy = Tap::start_writing(proxy.public().port(), &proxy, Some(writer.clone()))?;
        let (mut phone, mut friend) = (Phone::random("phone", 0)?, Phone::random("friend", 1)?);
        phone.acquaint(&mut friend);
        let search = Search::new(phone.canaries()?.into_iter().chain(friend.canaries()?).collect())?;
        Ok(Self {
            relay,
            tap,
            proxy,
            _before_the_proxy: before_the_proxy,
            others,
            writer,
            phone: Device::new(&options.client, &path.join("phone"), phone)?,
            friend: Device::new(&options.client, &path.join("friend"), friend)?,
            search,
            unsearched: Unsearched::default(),
            steps: Vec::new(),
            facts: rows::Facts::default(),
            directory,
        })
    }

    /// Searches a relay that runs, while messages lie there.
    fn search_live(&mut self) -> Result<(), Trouble> {
        self.search.begin("the relay's store, with messages in it");
        self.search.files(&self.relay.data())?;
        self.search.begin("the relay's metrics");
        self.search.bytes("metrics", self.relay.metrics()?.as_bytes());
        self.search.begin("the relay's memory");
        if let Err(trouble) = memory::search(self.relay.process()?, &mut self.search) {
            self.unsearched.add(format!("it cannot be read by this user ({trouble})"), "the relay's memory".to_owned());
        }
        Ok(())
    }

    /// Stops the relay, and searches what is left.
    fn finish(mut self) -> Result<Report, Trouble> {
        self.proxy.stop()?;
        self.relay.stop()?;
        self.search.begin("all that the proxy keeps, and its log at its most detailed level");
        self.search.files(&self.proxy.data())?;
        if let Some(others) = &mut self.others {
            others.stop()?;
            for (what, server) in [("key service", &others.key_service), ("attester", &others.attester)] {
                self.search.begin(&format!("all that the {what} keeps, and its log at its most detailed level"));
                self.search.files(&server.data())?;
                self.search.files(&server.log())?;
            }
        }
        drop(self.tap);
        self.writer.flush()?;
        let path = self.directory.path();
        let (capture, keys) = (path.join("traffic.pcap"), path.join("traffic.keys"));
        std::fs::write(&keys, self.writer.keys().bytes())?;
        self.search.begin("the relay's store, after everything was turned off");
        self.search.files(&self.relay.data())?;
        self.search.begin("the relay's log, at its most detailed level");
        self.search.files(&self.relay.log())?;
        self.search.begin("the logs of both clients, at their most detailed level");
        self.search.files(&self.phone.log())?;
        self.search.files(&self.friend.log())?;
        self.search.begin("the traffic: packets, streams, and what was inside");
        let (log, mut budgets) = (KeyLog::read(&keys)?, Budgets::read()?);
        let mut options = traffic::Options::default();
        options.gateways.add(&self.relay.gateway_keys())?;
        if let Some(others) = &self.others {
            options.gateways.add(&others.key_service.gateway_keys())?;
        }
        options.attesters = self.others.as_ref().map(Others::attesters).unwrap_or_default();
        let seen = traffic::scan(&capture, log, &options, &mut self.search, &mut budgets, &mut |_| {})?;
        let mut report = Report::of("The experiment of 2014, made again", &self.search, self.unsearched);
        report.rows = rows::rows(&self.facts, &report, &seen);
        report.add_traffic("the capture", seen);
        report.steps = self.steps;
        if let Home::Kept(path) = &self.directory {
            let files = ["traffic.pcap", "traffic.keys", "relay"];
            report.kept = files.iter().map(|file| path.join(file).display().to_string()).collect();
        }
        Ok(report)
    }

    fn step(&mut self, what: &str, seen: impl Into<String>, holds: bool) {
        self.steps.push(Step { what: what.to_owned(), seen: seen.into(), holds });
    }
}

impl Home {
    fn make(keep: Option<&Path>) -> Result<Self, Trouble> {
        Ok(match keep {
            None => Self::Erased(tempfile::Builder::new().prefix("sealpost-audit-").tempdir()?),
            Some(path) if path.exists() && path.read_dir()?.next().is_some() => {
                return Err(format!("{}: it is not empty", path.display()).into());
            }
            Some(path) => {
                std::fs::create_dir_all(path)?;
                Self::Kept(path.to_owned())
            }
        })
    }

    fn path(&self) -> &Path {
        match self {
            Self::Erased(directory) => directory.path(),
            Self::Kept(path) => path,
        }
    }
}
