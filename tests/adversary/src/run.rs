//! One run: every system lived through, and attacked by an adversary that has practised on another world.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::thread;

use sealpost_client::policy::Pace;

use crate::attack::{Adversary, Means, Study};
use crate::life::{Automatic, Setting, System, live};
use crate::log::{Request, Seen, Truth};
use crate::report::{Report, Row};
use crate::score::score;
use crate::world::World;

/// How large the world is, and by which dice it is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// People.
    pub people: usize,
    /// Days.
    pub days: u32,
    /// Of the world that is attacked.
    pub seed: u64,
    /// How fast clocks go, where mailboxes are collected apart.
    pub pace: Pace,
}

/// What the report is about.
pub const FULL: (usize, u32, u64) = (200, 30, 1);
/// The adversary practises on the world of a seed so far from that of the one it attacks.
const PRACTICE: u64 = 1_000;
/// Systems, and what phones tell by themselves, those that take longest first.
pub const SYSTEMS: [(System, Automatic); 9] = [
    (System::Apart, Automatic::Typing),
    (System::Apart, Automatic::Receipts),
    (System::Apart, Automatic::Nothing),
    (System::Together, Automatic::Typing),
    (System::Together, Automatic::Receipts),
    (System::Together, Automatic::Nothing),
    (System::Signal, Automatic::Typing),
    (System::Signal, Automatic::Receipts),
    (System::Signal, Automatic::Nothing),
];

/// A system that was lived through and recorded.
struct Recorded {
    study: Study,
    truth: Truth,
    requests: usize,
}

impl Plan {
    /// Lives and attacks these systems, on two threads. `progress` is told of each hundredth of all work.
    ///
    /// # Panics
    ///
    /// When a thread has.
    #[must_use]
    pub fn run(&self, systems: &[(System, Automatic)], progress: &(dyn Fn(&str) + Sync)) -> Report {
        let worlds = [self.seed + PRACTICE, self.seed].map(|seed| World::new(self.people, self.days, seed));
        let todo: Mutex<VecDeque<(System, Automatic)>> = Mutex::new(systems.iter().copied().collect());
        let rows = Mutex::new(Vec::new());
        let work = || {
            while let Some(next) = todo.lock().ok().and_then(|mut todo| todo.pop_front()) {
                let row = self.row(&worlds, next, progress);
                rows.lock().into_iter().for_each(|mut rows| rows.push(row.clone()));
            }
        };
        thread::scope(|scope| {
            scope.spawn(work);
            work();
        });
        let mut rows = rows.into_inner().unwrap_or_default();
        rows.sort_by_key(|row| (row.system as u8, row.automatic));
        Report { people: self.people, days: self.days, seed: self.seed, rows }
    }

    fn row(
        &self,
        worlds: &[World; 2],
        (system, automatic): (System, Automatic),
        progress: &(dyn Fn(&str) + Sync),
    ) -> Row {
        let [practice, attacked] = self.record(worlds, (system, automatic), progress);
        let adversary = Adversary::practised(&practice.study, &practice.truth, &Means::ALL);
        progress(name(system));
        let claims = adversary.attack(&attacked.study);
        progress(name(system));
        let texts: u32 = attacked.truth.texts.iter().flatten().sum();
        Row {
            system,
            automatic,
            score: score(&claims, &attacked.truth, system != System::Apart),
            texts,
            minutes: attacked.truth.latency / 60.0,
            requests: attacked.requests as f64 / (self.people as f64 * f64::from(self.days)),
        }
    }

    /// What each kind of evidence links by itself in a system, beside the timing that pairs mailboxes.
    #[must_use]
    pub fn by_means(&self, system: System, means: &[Means]) -> Vec<(Means, Row)> {
        let worlds = [self.seed + PRACTICE, self.seed].map(|seed| World::new(self.people, self.days, seed));
        let [practice, attacked] = self.record(&worlds, (system, Automatic::Nothing), &|_| ());
        let row = |means: &Means| {
            let adversary = Adversary::practised(&practice.study, &practice.truth, &[Means::Timing, *means]);
            let score = score(&adversary.attack(&attacked.study), &attacked.truth, system != System::Apart);
            (*means, Row { system, score, ..Row::default() })
        };
        means.iter().map(row).collect()
    }

    fn record(
        &self,
        worlds: &[World; 2],
        (system, automatic): (System, Automatic),
        progress: &(dyn Fn(&str) + Sync),
    ) -> [Recorded; 2] {
        [0, 1].map(|index| {
            let seed = worlds_seed(self.seed, index);
            let setting = Setting { system, automatic, pace: self.pace, seed };
            let (seen, truth) = live(&worlds[index], setting, &|| progress(name(system)));
            let requests = requests(&seen);
            Recorded { study: Study::new(&seen, self.bin()), truth, requests }
        })
    }

    /// Presence is looked at in bins of four polls, in seconds.
    fn bin(&self) -> f64 {
        (4.0 * self.pace.background.as_secs_f64()).max(3_600.0)
    }
}

/// How often progress is told of a system.
#[must_use]
pub const fn steps(days: u32) -> u64 {
    2 * 2 * days as u64 + 2
}

const fn worlds_seed(seed: u64, index: usize) -> u64 {
    if index == 0 { seed + PRACTICE } else { seed }
}

const fn name(system: System) -> &'static str {
    match system {
        System::Signal => "one mailbox each",
        System::Together => "collected together",
        System::Apart => "collected apart",
    }
}

fn requests(seen: &Seen) -> usize {
    seen.events.iter().filter(|event| !matches!(event.request, Request::Open | Request::Close)).count()
}
