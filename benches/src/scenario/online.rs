//! Everyone is there: what is deposited is delivered at once.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::sync::Notify;

use super::crew::{Crew, accepted, compare};
use super::shape::{Content, Manner, Over, Shape};
use crate::failure::Failure;
use crate::load::collector::Collected;
use crate::load::latency::{Latency, Spread};
use crate::load::pace::{LOOK_EVERY, Pace, Schedule};
use crate::process::Usage;
use crate::subject::Subject;

/// How much is deposited.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Load {
    /// As much as is taken, with so many under way for each sender.
    Full {
        /// The most.
        window: u64,
    },
    /// So many a second, of all senders together.
    Rate(f64),
}

/// Who does what, for how long.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plan {
    /// Who takes part.
    pub shape: Shape,
    /// How much is deposited.
    pub load: Load,
    /// For how long.
    pub times: Times,
    /// How deposits go.
    pub over: Over,
    /// What is deposited.
    pub content: Content,
}

impl Plan {
    /// One of deposits by WebSocket.
    #[must_use]
    pub const fn new(shape: Shape, load: Load, times: Times) -> Self {
        Self { shape, load, times, over: Over::Websocket, content: Content::Random }
    }
}

/// How long it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// Before it is measured.
    pub warm_up: Duration,
    /// While it is.
    pub measured: Duration,
}

impl Times {
    /// How long it takes in all.
    #[must_use]
    pub const fn all(self) -> Duration {
        self.warm_up.saturating_add(self.measured)
    }
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Online {
    /// What was to be deposited a second, where that was fixed.
    pub offered: Option<f64>,
    /// Delivered a second, on this machine at this time.
    pub rate: f64,
    /// Delivered while it was measured.
    pub delivered: u64,
    /// How long that took, in seconds.
    pub seconds: f64,
    /// Time of processors that all servers together took for a delivered message, in µs; none where it is not known.
    pub cpu_us_per_message: Option<f64>,
    /// The same of each, where there are several.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub cpu_us_by_program: BTreeMap<&'static str, f64>,
    /// The same of this program, on both ends.
    pub generator_us_per_message: f64,
    /// Resident memory of the server at the end, in bytes.
    pub resident_bytes: Option<u64>,
    /// From when a deposit was due to its delivery.
    pub deliver: Spread,
    /// From when a deposit was due to its acceptance.
    pub accept: Spread,
    /// Envelopes that came more than once.
    pub repeats: u64,
}

/// A moment of a run.
struct Reading {
    at: Instant,
    delivered: u64,
    servers: Vec<(&'static str, Usage)>,
    own: Usage,
}

/// Does it once.
///
/// # Errors
/// [`Failure`]: no figures.
pub async fn run(subject: &Subject, plan: &Plan) -> Result<Online, Failure> {
    run_as(subject, plan, |_| Manner::AtOnce).await.map(|(online, _)| online)
}

/// The same with collectors of several manners; what each of them got, besides.
pub(super) async fn run_as(
    subject: &Subject,
    plan: &Plan,
    manner: impl Fn(u32) -> Manner,
) -> Result<(Online, Vec<Collected>), Failure> {
    let Plan { shape, load, times, over, content } = *plan;
    let mut crew = Crew::gather_with(subject, shape, content).await?.over(over);
    crew.collect_as(true, manner).await?;
    let ticks = Arc::<Notify>::default();
    let ticking = matches!(load, Load::Rate(_)).then(|| Ticking::start(Arc::clone(&ticks)));
    let start = crew.phase.elapsed();
    crew.send(|turn| pace(load, shape, start, turn, &ticks)).await?;
    crew.work(times.warm_up).await?;
    crew.phase.measure();
    let before = read(subject, &crew)?;
    crew.work(times.measured).await?;
    crew.phase.measured();
    let after = read(subject, &crew)?;
    crew.phase.end();
    let posted = crew.posted().await?;
    drop(ticking);
    crew.delivered_all(accepted(&posted)).await?;
    let collected = crew.collected().await?;
    let repeats = compare(&posted, &collected)?;
    let accept = sum(posted.iter().map(|posted| &posted.latency));
    let deliver = sum(collected.iter().map(|collected| &collected.latency));
    let offered = if let Load::Rate(rate) = load { Some(rate) } else { None };
    Ok((Online { offered, ..figures(&before, &after, deliver, accept, repeats) }, collected))
}

fn pace(load: Load, shape: Shape, start: Duration, turn: u32, ticks: &Arc<Notify>) -> Pace {
    match load {
        Load::Full { window } => Pace::Closed { window },
        Load::Rate(rate) => {
            let schedule = Box::new(Schedule::new(rate / f64::from(shape.senders), start, u64::from(turn)));
            Pace::Open { schedule, ticks: Arc::clone(ticks) }
        }
    }
}

fn read(subject: &Subject, crew: &Crew<'_>) -> Result<Reading, Failure> {
    let own = Usage::of(std::process::id())?;
    Ok(Reading { at: Instant::now(), delivered: crew.delivered(), servers: subject.usage_by_program()?, own })
}

pub(super) fn sum<'a>(parts: impl Iterator<Item = &'a Latency>) -> Spread {
    let mut whole = Latency::default();
    parts.for_each(|part| whole.add(part));
    whole.spread()
}

fn figures(before: &Reading, after: &Reading, deliver: Spread, accept: Spread, repeats: u64) -> Online {
    let seconds = after.at.duration_since(before.at).as_secs_f64();
    let delivered = after.delivered - before.delivered;
    let each = |before: Usage, after: Usage| (after.cpu - before.cpu).as_secs_f64() * 1e6 / delivered.max(1) as f64;
    let both = before.servers.iter().zip(&after.servers);
    let by_program: BTreeMap<_, _> = both.map(|((name, before), (_, after))| (*name, each(*before, *after))).collect();
    Online {
        offered: None,
        rate: delivered as f64 / seconds,
        delivered,
        seconds,
        cpu_us_per_message: (!by_program.is_empty()).then(|| by_program.values().sum()),
        cpu_us_by_program: if by_program.len() > 1 { by_program } else { BTreeMap::new() },
        generator_us_per_message: each(before.own, after.own),
        resident_bytes: after.servers.iter().map(|(_, usage)| usage.resident).reduce(|one, other| one + other),
        deliver,
        accept,
        repeats,
    }
}

/// Calls the senders to look for what is due. The runtime's own timers know milliseconds only.
pub(super) struct Ticking {
    ticks: Arc<Notify>,
    /// Ended by being the only one left.
    held: Arc<()>,
}

impl Ticking {
    pub(super) fn start(ticks: Arc<Notify>) -> Self {
        let held = Arc::new(());
        let (called, alive) = (Arc::clone(&ticks), Arc::downgrade(&held));
        thread::spawn(move || {
            while alive.strong_count() > 0 {
                thread::sleep(LOOK_EVERY);
                called.notify_waiters();
            }
        });
        Self { ticks, held }
    }
}

impl Drop for Ticking {
    fn drop(&mut self) {
        self.held = Arc::default();
        self.ticks.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;
    use crate::floor::{self, Fault};
    use crate::load::client::Target;
    use crate::load::verify::Wrong;
    use crate::seal::Opening;

    /// Four mailboxes on a floor in this process.
    async fn loaded(fault: Fault, load: Load, tls: bool) -> Result<Online, Failure> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let target = Target::new(listener.local_addr()?, "localhost", tls)?;
        let floor = tokio::spawn(floor::serve_with(listener, tls, fault));
        let shape = Shape { mailboxes: 4, senders: 2, collectors: 2, ..Shape::default() };
        let times = Times { warm_up: Duration::from_millis(100), measured: Duration::from_millis(200) };
        let online = run(&Subject::at(target, Opening::Bare), &Plan::new(shape, load, times)).await;
        floor.abort();
        online
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_run_that_holds_has_figures() {
        for (load, tls) in [(Load::Full { window: 8 }, false), (Load::Rate(500.0), true)] {
            let online = loaded(Fault::None, load, tls).await.unwrap();
            assert!(online.delivered > 0 && online.deliver.count > 0 && online.accept.count > 0, "{online:?}");
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_run_that_does_not_hold_has_none() {
        let wrong = async |fault| match loaded(fault, Load::Full { window: 8 }, false).await {
            Err(Failure::Wrong(wrong)) => wrong,
            other => panic!("{fault:?}: {other:?}"),
        };
        // One of each mailbox.
        assert_eq!(wrong(Fault::Loses).await, Wrong::Lost(4));
        assert_eq!(wrong(Fault::Delays).await, Wrong::Order);
        assert_eq!(wrong(Fault::Alters).await, Wrong::Altered);
        assert_eq!(wrong(Fault::Misdirects).await, Wrong::Foreign);
    }

    fn reading(at: Instant, delivered: u64, server_ms: u64) -> Reading {
        let usage = |ms| Usage { cpu: Duration::from_millis(ms), resident: 5, files: 0 };
        Reading {
            at,
            delivered,
            servers: vec![("relay", usage(server_ms)), ("redis", usage(server_ms))],
            own: usage(server_ms / 2),
        }
    }

    #[test]
    fn figures_are_of_what_lies_between_two_readings() {
        let start = Instant::now();
        let (before, after) = (reading(start, 1_000, 50), reading(start + Duration::from_secs(2), 21_000, 250));
        let spread = Latency::default().spread();
        let online = figures(&before, &after, spread, spread, 0);
        assert_eq!((online.delivered, online.rate, online.cpu_us_per_message), (20_000, 10_000.0, Some(20.0)));
        assert_eq!(online.cpu_us_by_program, BTreeMap::from([("redis", 10.0), ("relay", 10.0)]));
        assert_eq!(online.generator_us_per_message, 5.0);
    }
}
