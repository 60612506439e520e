//! Three times as much as the relay can store: it is to put off what it cannot take, with a hint, and to serve what it takes
//! about as soon as ever; and to be as before when that is over.
//!
//! Nobody collects meanwhile, so that all of it has to be written; in the end all that was accepted is collected and compared.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::sync::Notify;

use super::away;
use super::crew::{Crew, accepted, compare};
use super::online::{Ticking, sum};
use super::shape::Shape;
use crate::failure::Failure;
use crate::load::latency::Spread;
use crate::load::pace::{Pace, Schedule};
use crate::load::tally::Posted;
use crate::subject::{Subject, Tuning};

/// Envelopes by which it is found out what the relay can store.
const TRIAL: u64 = 60_000;
const WINDOW: u64 = 256;
const CALM: Duration = Duration::from_secs(5);
const BURST: Duration = Duration::from_secs(6);
/// So long behind the burst all is to be as before.
const RECOVERY: Duration = Duration::from_secs(2);
/// Times of what the relay can store.
const CALM_SHARE: f64 = 0.5;
const BURST_SHARE: f64 = 3.0;
/// Times as long as with half the load, for 99 in 100 of what is accepted.
const MOST_SLOWER: f64 = 4.0;
/// What is not slower than this is not slow, however quick it is with half the load, in ms.
const NOT_SLOW: f64 = 50.0;

/// What came of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Burst {
    /// Stored a second, when as much was sent as was taken.
    pub capacity: f64,
    /// With half of it: from when a deposit was due to its acceptance.
    pub calm: Spread,
    /// With three times of it, of what was accepted.
    pub burst: Spread,
    /// Accepted a second meanwhile.
    pub accepted_rate: f64,
    /// Deposits that the relay put off.
    pub put_off: u64,
    /// Deposits that were due and not sent, since the relay had said until when to wait.
    pub held_back: u64,
    /// With half of it again, from two seconds behind the burst on.
    pub after: Spread,
    /// Deposits that the relay put off then.
    pub put_off_after: u64,
    /// Resident memory before the burst and at its end, in bytes.
    pub resident_before: Option<u64>,
    /// And at its end.
    pub resident_after: Option<u64>,
    /// Whether 99 in 100 took at most four times as long in the burst, and not longer afterwards than before.
    pub holds: bool,
    /// Whether every accepted envelope was delivered; there are no figures when one was not.
    pub verified: bool,
}

/// What the relay is run with: room for all of it.
#[must_use]
pub fn tuning() -> Tuning {
    Tuning {
        values: vec![("limits", "mailbox_envelopes", 1_000_000.into()), ("limits", "mailbox_bytes", "16 GiB".into())],
    }
}

/// Does it once.
///
/// # Errors
/// [`Failure`]: no figures.
pub async fn run(subject: &Subject) -> Result<Burst, Failure> {
    let capacity = away::run(subject, Shape::default(), TRIAL, WINDOW).await?.store_rate;
    let (mut before, mut during, mut after) =
        (Part::gather(subject).await?, Part::gather(subject).await?, Part::gather(subject).await?);
    let calm = before.load(capacity * CALM_SHARE, RECOVERY, CALM).await?;
    let resident_before = subject.usage()?.map(|usage| usage.resident);
    let burst = during.load(capacity * BURST_SHARE, Duration::ZERO, BURST).await?;
    let resident_after = subject.usage()?.map(|usage| usage.resident);
    let recovered = after.load(capacity * CALM_SHARE, RECOVERY, CALM).await?;
    for part in [&mut before, &mut during, &mut after] {
        part.verify().await?;
    }
    let (calm, burst, after) = (calm.spread(), burst, recovered);
    let after_spread = after.spread();
    let most = |times: f64| (calm.p99_ms * times).max(NOT_SLOW);
    Ok(Burst {
        capacity,
        calm,
        burst: burst.spread(),
        accepted_rate: burst.accepted() as f64 / BURST.as_secs_f64(),
        put_off: burst.put_off(),
        held_back: burst.posted.iter().map(|posted| posted.held_back).sum(),
        after: after_spread,
        put_off_after: after.put_off(),
        resident_before,
        resident_after,
        holds: burst.spread().p99_ms <= most(MOST_SLOWER) && after_spread.p99_ms <= most(2.0),
        verified: true,
    })
}

/// A crew with one load to bear.
struct Part<'a> {
    crew: Crew<'a>,
    posted: Arc<Vec<Posted>>,
}

/// What its senders did.
struct Done {
    posted: Arc<Vec<Posted>>,
}

impl<'a> Part<'a> {
    async fn gather(subject: &'a Subject) -> Result<Self, Failure> {
        Ok(Self { crew: Crew::gather(subject, Shape::default()).await?, posted: Arc::default() })
    }

    /// Deposits so many a second; what was due in the second part of the time is measured.
    async fn load(&mut self, rate: f64, warm_up: Duration, measured: Duration) -> Result<Done, Failure> {
        let ticks = Arc::<Notify>::default();
        let ticking = Ticking::start(Arc::clone(&ticks));
        let start = self.crew.phase.elapsed();
        let pace = |turn| Pace::Patient {
            schedule: Box::new(Schedule::new(rate / 8.0, start, u64::from(turn))),
            ticks: Arc::clone(&ticks),
        };
        self.crew.send(pace).await?;
        self.crew.work(warm_up).await?;
        self.crew.phase.measure();
        self.crew.work(measured).await?;
        self.crew.phase.measured();
        self.crew.phase.end();
        self.posted = Arc::new(self.crew.posted().await?);
        drop(ticking);
        Ok(Done { posted: Arc::clone(&self.posted) })
    }

    async fn verify(&mut self) -> Result<(), Failure> {
        self.crew.collect(false).await?;
        self.crew.delivered_all(accepted(&self.posted)).await?;
        let collected = self.crew.collected().await?;
        compare(&self.posted, &collected).map(drop)
    }
}

impl Done {
    fn spread(&self) -> Spread {
        sum(self.posted.iter().map(|posted| &posted.latency))
    }

    fn accepted(&self) -> u64 {
        accepted(&self.posted)
    }

    fn put_off(&self) -> u64 {
        self.posted.iter().map(|posted| posted.put_off).sum()
    }
}
