//! One world: a relay behind a tap, two people who know each other, and what the relay sees while one writes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rand::Rng;
use sealpost_audit::capture::Who;
use sealpost_tests::Result;
use sealpost_tests::person::{Listener, Person};
use sealpost_tests::server::{Server, Settings, free_port};
use sealpost_tests::tap::{Connection, Moment, Tap};
use sealpost_wire::frame::{COLLECT_SOCKET, DEPOSIT_SOCKET, DepositFrame};
use sealpost_wire::from_bytes;

use super::super::company::{PATIENCE, introduce};
use super::shape::shape;

/// Between two messages.
const PAUSE: std::ops::Range<u64> = 20..200;

pub(super) struct World {
    relay: Server,
    tap: Tap,
    people: [Person; 2],
    listeners: [Listener; 2],
}

/// What a relay saw while one wrote to another.
#[derive(Debug, Clone, Default)]
pub(super) struct View {
    /// Requests and frames, by path and shape.
    pub(super) kinds: BTreeMap<String, u64>,
    /// Seconds from one thing that a sender says to the next, on one connection.
    pub(super) pauses: Vec<f64>,
    /// Seconds from what the relay says to a recipient to what that says next.
    pub(super) reactions: Vec<f64>,
    pub(super) envelopes: Vec<Vec<u8>>,
}

/// How much of each connection belongs to what came before.
struct Before(Vec<(usize, usize)>);

impl World {
    /// Two people who have written to each other both ways, so that each has a mailbox for the other.
    pub(super) fn begin(names: [&str; 2], directory: &Path) -> Result<Self> {
        fs::create_dir_all(directory)?;
        let port = free_port()?;
        let options = vec![("deposits_per_minute", "60000".to_owned())];
        let mut relay = Server::init(
            &directory.join("relay"),
            &Settings { public_port: Some(port), options, ..Settings::default() },
        )?;
        let tap = Tap::start(port, &relay)?;
        relay.start()?;
        let person = |name: &str| Person::new(name, &directory.join(name));
        let people = [person(names[0])?, person(names[1])?];
        introduce(&people[0], &people[1], relay.reference())?;
        let listeners = [people[0].listen(0)?, people[1].listen(0)?];
        for (from, to) in [(0, 1), (1, 0), (0, 1)] {
            let shown = listeners[to].shown().len();
            people[from].write(names[to], &["hello"])?;
            listeners[to].wait_for(shown + 1, PATIENCE)?;
        }
        Ok(Self { relay, tap, people, listeners })
    }

    /// The first writes so many messages to the second.
    pub(super) fn run(mut self, messages: usize, text: impl Fn(usize) -> String) -> Result<View> {
        let before = Before::of(&self.tap.connections());
        let mut writer = self.people[0].writer(self.people[1].name())?;
        let mut input = writer.stdin.take().ok_or("it takes no lines")?;
        let shown = self.listeners[1].shown().len();
        for number in 0..messages {
            sleep(Duration::from_millis(rand::rng().random_range(PAUSE)));
            writeln!(input, "{}", text(number))?;
            self.listeners[1].wait_for(shown + number + 1, PATIENCE)?;
        }
        drop(input);
        writer.wait()?;
        let view = before.view_after(&self.tap.connections());
        self.relay.stop()?;
        Ok(view)
    }
}

impl View {
    /// The kinds of requests and frames that came at least so often, without how often each came.
    pub(super) fn shapes(&self, least: u64) -> BTreeSet<&String> {
        self.kinds.iter().filter(|(_, count)| **count >= least).map(|(kind, _)| kind).collect()
    }

    fn add(&mut self, connection: &Connection, (requests, moments): (usize, usize)) {
        let seen = connection.requests();
        let path = seen.first().map(|seen| seen.path.clone()).unwrap_or_default();
        for seen in seen.iter().skip(requests) {
            *self.kinds.entry(format!("{} {}", seen.path, shape(&seen.body))).or_default() += 1;
            if seen.path == DEPOSIT_SOCKET {
                let frame = from_bytes::<DepositFrame>(&seen.body).unwrap_or_default();
                self.envelopes.extend(frame.deposits.iter().map(|it| it.deposit.envelope.as_bytes().to_vec()));
            }
        }
        let moments: Vec<_> = connection.moments().into_iter().skip(moments).collect();
        match path.as_str() {
            DEPOSIT_SOCKET => self.pauses.extend(seconds_between(&moments, Who::Client, Who::Client)),
            COLLECT_SOCKET => self.reactions.extend(seconds_between(&moments, Who::Server, Who::Client)),
            _ => {}
        }
    }
}

impl Before {
    fn of(connections: &[Connection]) -> Self {
        let counts = |connection: &Connection| (connection.requests().len(), connection.moments().len());
        Self(connections.iter().map(counts).collect())
    }

    fn view_after(&self, connections: &[Connection]) -> View {
        let mut view = View::default();
        for (number, connection) in connections.iter().enumerate() {
            view.add(connection, self.0.get(number).copied().unwrap_or_default());
        }
        view
    }
}

/// From each last thing that `one` says to the next that `other` says.
fn seconds_between(moments: &[Moment], one: Who, other: Who) -> Vec<f64> {
    let mut since: Option<Instant> = None;
    let mut between = Vec::new();
    for moment in moments {
        if moment.who == other
            && let Some(start) = since.take()
        {
            between.push((moment.at - start).as_secs_f64());
        }
        if moment.who == one {
            since = Some(moment.at);
        }
    }
    between
}
