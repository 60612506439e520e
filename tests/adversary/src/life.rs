//! Lives the world through one system, event by event, and records what its relay sees.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use sealpost_client::Options;
use sealpost_client::policy::Pace;

use crate::draw::Dice;
use crate::log::{Mailbox, Purpose, Seen, Truth};
use crate::script::Act;
use crate::world::World;

mod device;
mod mailboxes;
mod mind;
mod post;

use device::Device;
use mailboxes::{End, Kept};
use mind::Mind;

/// How people write to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum System {
    /// One mailbox each, sealed sender, sizes in steps of 160 bytes; the network hides addresses.
    Signal,
    /// Sealpost's mailboxes, collected together on one connection; deposits come through a proxy.
    Together,
    /// Sealpost's mailboxes, each collected on a clock of its own; everything comes through a proxy.
    Apart,
}

/// What all phones tell by themselves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Automatic {
    /// Nothing, as by default.
    #[default]
    Nothing,
    /// What has arrived and was read.
    Receipts,
    /// That somebody is writing.
    Typing,
}

/// Which system, how it is set, and by which dice it is lived.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// The system.
    pub system: System,
    /// What all have turned on.
    pub automatic: Automatic,
    /// How fast clocks go, where mailboxes are collected apart.
    pub pace: Pace,
    /// For the dice.
    pub seed: u64,
}

/// What happens at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Happening {
    /// The phone reaches the network, or no longer does.
    Switch { person: usize },
    /// One end of an acquaintance thinks of the other.
    Begin { tie: usize },
    /// Somebody looks at what has come.
    Look { person: usize, token: u32 },
    /// Somebody finishes a text of a burst.
    Write { person: usize, tie: usize, left: u32 },
    /// What the script says.
    Act(Act),
    /// Somebody types, until a text is finished.
    Type { person: usize, tie: usize, until: Duration },
    /// Somebody has looked at a conversation long enough.
    Leave { person: usize, token: u32 },
    /// The time of a receipt that nothing has carried.
    Receipt { tie: usize, end: usize, token: u32 },
    /// A deposit is there for whoever is subscribed.
    Push { mailbox: Mailbox },
    /// The clock of somebody's next mailbox.
    Poll { person: usize, token: u32 },
    /// A mailbox is opened for later.
    Spare { tie: usize, end: usize },
    /// A new mailbox takes the place of the old one.
    Rotate { tie: usize, end: usize },
    /// The time to tell of it, if no text has.
    Announce { tie: usize, end: usize, mailbox: Mailbox },
    /// An old mailbox has had its time.
    Close { mailbox: Mailbox },
}

struct Life<'w> {
    world: &'w World,
    setting: Setting,
    /// People do what a script says, and nothing else.
    scripted: bool,
    dice: Dice,
    now: Duration,
    queue: BinaryHeap<Reverse<(Duration, u64, Happening)>>,
    queued: u64,
    minds: Vec<Mind>,
    devices: Vec<Device>,
    doors: Vec<Mailbox>,
    ends: Vec<[End; 2]>,
    kept: Vec<Kept>,
    seen: Seen,
    truth: Truth,
    waits: (f64, u64),
    /// The SDK's own, in seconds.
    receipt_within: f64,
    announce_within: f64,
}

/// Seconds.
const HALF_A_DAY: u64 = 43_200;

/// Lives through the whole world. `progress` is told of every half day.
pub fn live(world: &World, setting: Setting, progress: &dyn Fn()) -> (Seen, Truth) {
    let mut life = Life::new(world, setting);
    life.go_on(progress);
    life.record()
}

/// Does in a world what a script says, and nothing that people do by themselves.
#[must_use]
pub fn enact(world: &World, acts: &[(Duration, Act)], setting: Setting) -> (Seen, Truth) {
    let mut life = Life::new(world, setting);
    life.scripted = true;
    acts.iter().for_each(|(at, act)| life.at(*at, Happening::Act(*act)));
    life.go_on(&|| ());
    life.record()
}

impl<'w> Life<'w> {
    fn new(world: &'w World, setting: Setting) -> Self {
        let (people, options) = (world.people.len(), Options::default());
        let ends = world.ties.iter().map(|_| [End::default(), End::default()]).collect();
        let ties = world.ties.iter().map(|tie| tie.ends.map(|end| end as u32)).collect();
        let truth = Truth { ties, texts: vec![[0, 0]; world.ties.len()], people, ..Truth::default() };
        let mut life = Self {
            world,
            setting,
            scripted: false,
            dice: Dice::new(setting.seed, 1),
            now: Duration::ZERO,
            queue: BinaryHeap::new(),
            queued: 0,
            minds: (0..people).map(|_| Mind::default()).collect(),
            devices: (0..people).map(|_| Device::new(setting.pace)).collect(),
            doors: Vec::new(),
            ends,
            kept: Vec::new(),
            seen: Seen { seconds: world.end.as_secs_f64(), ..Seen::default() },
            truth,
            waits: (0.0, 0),
            receipt_within: options.receipt_within.as_secs_f64(),
            announce_within: options.announce_within.as_secs_f64(),
        };
        life.begin_world();
        life
    }

    fn begin_world(&mut self) {
        for person in 0..self.world.people.len() {
            let door = self.open(person, Purpose::Everyone);
            self.doors.push(door);
        }
        for tie in 0..self.world.ties.len() {
            self.begin_tie(tie);
        }
        for (person, of) in self.world.people.iter().enumerate() {
            of.online.edges().for_each(|at| self.at(at, Happening::Switch { person }));
            self.attend(person);
        }
    }

    fn begin_tie(&mut self, index: usize) {
        let tie = self.world.ties[index];
        if self.setting.system != System::Signal {
            (0..2).for_each(|end| self.furnish(index, end, tie.since));
        }
        if tie.since.is_zero() {
            self.think_later(index);
        } else {
            self.at(tie.since, Happening::Begin { tie: index });
        }
    }

    fn go_on(&mut self, progress: &dyn Fn()) {
        let mut told = 0_u64;
        while let Some(Reverse((at, _, happening))) = self.queue.pop() {
            if at >= self.world.end {
                break;
            }
            while told < at.as_secs() / HALF_A_DAY {
                told += 1;
                progress();
            }
            self.now = at;
            self.happen(happening);
        }
        progress();
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Act(act) => self.act(act),
            Happening::Switch { person } => self.switch(person),
            Happening::Begin { tie } => self.begin(tie),
            Happening::Look { person, token } => self.look(person, token),
            Happening::Write { person, tie, left } => self.write(person, tie, left),
            Happening::Type { person, tie, until } => self.types(person, tie, until),
            Happening::Leave { person, token } => self.leave(person, token),
            Happening::Receipt { tie, end, token } => self.receipt_is_due(tie, end, token),
            Happening::Push { mailbox } => self.push(mailbox),
            Happening::Poll { person, token } => self.poll(person, token),
            Happening::Spare { tie, end } => self.spare(tie, end),
            Happening::Rotate { tie, end } => self.rotate(tie, end),
            Happening::Announce { tie, end, mailbox } => self.announce(tie, end, mailbox),
            Happening::Close { mailbox } => self.close(mailbox),
        }
    }

    fn at(&mut self, at: Duration, happening: Happening) {
        self.queued += 1;
        self.queue.push(Reverse((at, self.queued, happening)));
    }

    fn after(&mut self, wait: Duration, happening: Happening) {
        self.at(self.now + wait, happening);
    }

    fn online(&self, person: usize) -> bool {
        self.world.people[person].online.contain(self.now)
    }

    fn record(mut self) -> (Seen, Truth) {
        self.seen.events.sort_by_key(|event| event.at);
        self.truth.latency = self.waits.0 / self.waits.1.max(1) as f64;
        (self.seen, self.truth)
    }
}
