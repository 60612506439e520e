//! The five processes.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use sealpost_identity::traces::Value;
use sealpost_tests::Result;
use sealpost_tests::person::{Listener, Person};
use sealpost_tests::search::{Canary, Search};
use sealpost_tests::server::{Server, Settings};
use sealpost_tests::wait;

use super::ledger::{Ledger, MARK};
use super::writer::Writer;

/// So many accepted lines may be on their way before a person writes no more until some have arrived.
const AHEAD: usize = 200;
const NAMES: [&str; 2] = ["Anneliese-of-the-journey", "Bartholomew-of-the-journey"];

/// What is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Victim {
    Relay,
    Listener(usize),
    Writer(usize),
}

impl Victim {
    /// Each as likely as it stands here.
    pub(super) const ALL: [Self; 8] = [
        Self::Relay,
        Self::Relay,
        Self::Listener(0),
        Self::Listener(0),
        Self::Listener(1),
        Self::Listener(1),
        Self::Writer(0),
        Self::Writer(1),
    ];
}

/// The relay and the two people.
pub(super) struct Stage {
    relay: Server,
    seats: [Seat; 2],
}

/// One person: what they write, and what they were shown.
struct Seat {
    person: Person,
    other: &'static str,
    listener: Option<Listener>,
    writer: Option<Writer>,
    /// What this person writes.
    written: Ledger,
    /// What listeners that were killed had shown, and behind which position the next one goes on.
    shown: Vec<String>,
    position: u64,
    /// How many lines this person has been shown so far.
    count: Arc<AtomicUsize>,
    /// The same of the other person, so that one does not write too far ahead.
    others_count: Arc<AtomicUsize>,
}

impl Stage {
    /// All five run, and the two have each other's cards.
    pub(super) fn set(directory: &Path) -> Result<Self> {
        let options = vec![("level", "\"trace\"".to_owned()), ("deposits_per_minute", "100000".to_owned())];
        let mut relay = Server::init(&directory.join("relay"), &Settings { options, ..Settings::default() })?;
        relay.start()?;
        let counts = [Arc::default(), Arc::default()];
        let seat = |number: usize| Seat::new(directory, number, &counts);
        let mut stage = Self { relay, seats: [seat(0)?, seat(1)?] };
        for seat in &mut stage.seats {
            seat.person.opt_in(stage.relay.reference())?;
            seat.listen()?;
        }
        let [one, other] = &stage.seats;
        for (seat, friend) in [(one, other), (other, one)] {
            friend.person.wait_until_reachable()?;
            seat.person.call(&["add", seat.other, &friend.person.card()?])?;
        }
        stage.seats.iter_mut().try_for_each(Seat::write)?;
        Ok(stage)
    }

    /// kill -9.
    pub(super) fn kill(&mut self, victim: Victim) -> Result<()> {
        self.all_run()?;
        match victim {
            Victim::Relay => self.relay.kill(),
            Victim::Listener(number) => self.seats[number].stop_listening(),
            Victim::Writer(number) => self.seats[number].writer.take().ok_or("it does not write")?.kill(),
        }
    }

    pub(super) fn start(&mut self, victim: Victim) -> Result<()> {
        match victim {
            Victim::Relay => self.relay.spawn(),
            Victim::Listener(number) => self.seats[number].listen(),
            Victim::Writer(number) => self.seats[number].write(),
        }
    }

    /// Both people have written their last line.
    pub(super) fn stop_writing(&mut self) -> Result<()> {
        self.seats.iter_mut().filter_map(|seat| seat.writer.take()).try_for_each(Writer::finish)
    }

    /// Waits until every accepted line is shown, as long as more and more are.
    pub(super) fn drain(&mut self, patience: Duration) -> Result<()> {
        let (mut least, mut since) = (usize::MAX, Instant::now());
        wait::until("all accepted lines are shown", Duration::MAX, || {
            let missing = self.missing()?;
            if missing < least {
                (least, since) = (missing, Instant::now());
            }
            match missing {
                0 => Ok(Some(())),
                _ if since.elapsed() > patience => Err(format!("{missing} accepted lines do not come").into()),
                _ => Ok(None),
            }
        })
    }

    /// The verdict, and how many lines each of the two was shown.
    pub(super) fn end(mut self) -> Result<[usize; 2]> {
        self.all_run()?;
        self.seats.iter_mut().try_for_each(Seat::stop_listening)?;
        let [one, other] = &self.seats;
        other.written.judge(&one.shown).map_err(|trouble| format!("to the first: {trouble}"))?;
        one.written.judge(&other.shown).map_err(|trouble| format!("to the second: {trouble}"))?;
        self.seats.iter().try_for_each(Seat::nothing_is_left)?;
        self.search_logs()?;
        Ok([one.shown.len(), other.shown.len()])
    }

    fn missing(&self) -> Result<usize> {
        let [one, other] = &self.seats;
        Ok(other.written.missing(&one.shown_so_far())? + one.written.missing(&other.shown_so_far())?)
    }

    /// Nobody but this journey ends a process.
    fn all_run(&mut self) -> Result<()> {
        if !self.relay.runs() {
            return Err("the relay has ended by itself".into());
        }
        self.seats.iter_mut().try_for_each(Seat::runs)
    }

    fn search_logs(&self) -> Result<()> {
        let canary = |text: &str| Canary { what: text.to_owned(), value: Value::text(text) };
        let mut search = Search::new([MARK, NAMES[0], NAMES[1]].map(canary).into())?;
        search.files(&self.relay.log())?;
        self.seats.iter().try_for_each(|seat| search.files(&seat.person.log()))?;
        if search.found().is_empty() { Ok(()) } else { Err(format!("in logs: {:?}", search.found()).into()) }
    }
}

impl Seat {
    fn new(directory: &Path, number: usize, counts: &[Arc<AtomicUsize>; 2]) -> Result<Self> {
        Ok(Self {
            person: Person::new(NAMES[number], &directory.join(number.to_string()))?,
            other: NAMES[1 - number],
            listener: None,
            writer: None,
            written: Ledger::default(),
            shown: Vec::new(),
            position: 0,
            count: Arc::clone(&counts[number]),
            others_count: Arc::clone(&counts[1 - number]),
        })
    }

    fn listen(&mut self) -> Result<()> {
        self.listener = Some(self.person.listen(self.position)?);
        Ok(())
    }

    fn write(&mut self) -> Result<()> {
        let (ledger, count) = (self.written.clone(), Arc::clone(&self.others_count));
        let may_go_on = move || ledger.accepted() < count.load(Ordering::Relaxed) + AHEAD;
        self.writer = Some(Writer::start(&self.person, self.other, &self.written, may_go_on)?);
        Ok(())
    }

    fn stop_listening(&mut self) -> Result<()> {
        let shown = self.listener.take().ok_or("it does not listen")?.kill()?;
        self.position = shown.last().map_or(self.position, |last| last.position);
        self.shown.extend(shown.into_iter().map(|message| message.text));
        Ok(())
    }

    fn shown_so_far(&self) -> Vec<String> {
        let now = self.listener.iter().flat_map(|listener| listener.shown()).map(|message| message.text);
        self.shown.iter().cloned().chain(now).collect()
    }

    fn runs(&mut self) -> Result<()> {
        self.count.store(self.shown_so_far().len(), Ordering::Relaxed);
        let listens = self.listener.as_mut().is_none_or(Listener::runs);
        let writes = self.writer.as_mut().is_none_or(Writer::runs);
        if listens && writes {
            Ok(())
        } else {
            Err(format!("{}: listens {listens}, writes {writes}", self.person.name()).into())
        }
    }

    /// Nothing waits, and nothing arrived that could not be opened.
    fn nothing_is_left(&self) -> Result<()> {
        let status = self.person.call_one(&["status"])?;
        let count = |key: &str| status[key].as_u64().ok_or(format!("status has no {key}"));
        match (count("outbox")?, count("unopened")?) {
            (0, 0) => Ok(()),
            left => Err(format!("{}: {left:?} in the outbox and unopened", self.person.name()).into()),
        }
    }
}
