//! Everything that is measured, for docs/performance.

use std::time::Duration;

use sealpost_wire::SizeClass;
use serde::Serialize;

use super::away::{self, Away};
use super::further::{self, Further};
use super::idle::{self, Idle};
use super::online::{self, Load, Online, Plan, Times};
use super::quick::WINDOW;
use super::shape::{Shape, Sizes};
use crate::failure::Failure;
use crate::machine::{self, Machine};
use crate::progress::Progress;
use crate::subject::{Kind, Programs};

const TIMES: Times = Times { warm_up: Duration::from_secs(2), measured: Duration::from_secs(6) };
/// Shares of what the relay delivers at most at which latencies are taken.
const SHARES: [f64; 5] = [0.1, 0.25, 0.5, 0.7, 0.9];
const STORED: u64 = 200_000;
const IDLE: [u32; 5] = [1_000, 2_500, 5_000, 7_500, 10_000];

/// All results, with what they were got on.
#[derive(Debug, Clone, Serialize)]
pub struct All {
    /// The machine.
    pub machine: Machine,
    /// How long its disk takes to sync 4 KiB, in ms, before the runs.
    pub disk_sync_ms: f64,
    /// As fast as it goes.
    pub online: Vec<Row>,
    /// Open loop, by TLS, at shares of what was delivered at most.
    pub latency: Vec<Online>,
    /// Stored and drained, without TLS.
    pub away: Away,
    /// Collectors that wait, without TLS.
    pub idle: Vec<Idle>,
    /// The same with TLS.
    pub idle_tls: Vec<Idle>,
    /// Other people, other ways, other stores.
    pub further: Further,
    /// Whether every accepted envelope was delivered; there are no results when one was not.
    pub verified: bool,
}

/// One way to use all that the machine has: the relay, and the floor in the same way.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    /// Who took part.
    pub shape: Shape,
    /// With TLS, or without.
    pub tls: bool,
    /// The relay.
    pub relay: Online,
    /// The floor.
    pub floor: Online,
    /// Delivered a second, of what the floor delivers.
    pub ratio: f64,
}

/// Measures all of it.
///
/// # Errors
/// [`Failure`]: no results.
pub async fn run(programs: &Programs, progress: &Progress) -> Result<All, Failure> {
    let (machine, disk_sync_ms) = (Machine::this(), machine::sync_ms(programs.data.as_deref())?);
    let shapes = shapes();
    progress.steps((2 * shapes.len() + SHARES.len() + 3) as u64 + further::STEPS);
    let mut online = Vec::new();
    for (shape, tls) in shapes {
        online.push(row(programs, shape, tls, progress).await?);
    }
    let most = online.iter().find(|row| row.tls).map_or(1.0, |row| row.relay.rate);
    let latency = latency(programs, most, progress).await?;
    let away = away(programs, progress).await?;
    let (idle, idle_tls) = (idle(programs, false, progress).await?, idle(programs, true, progress).await?);
    let further = further::run(programs, progress).await?;
    Ok(All { machine, disk_sync_ms, online, latency, away, idle, idle_tls, further, verified: true })
}

/// The first two are what the targets are about.
fn shapes() -> Vec<(Shape, bool)> {
    let small = Shape::default();
    let apart = Shape { collectors: small.mailboxes, ..small };
    let medium = Shape { class: Sizes::Of(SizeClass::Medium), ..small };
    vec![(small, false), (small, true), (apart, true), (medium, true)]
}

async fn row(programs: &Programs, shape: Shape, tls: bool, progress: &Progress) -> Result<Row, Failure> {
    // As many bytes are under way, whatever the size: of more than it keeps in flight a relay puts some off.
    let times = shape.class.of(0).envelope_length().div_ceil(SizeClass::Small.envelope_length()) as u64;
    let plan = Plan::new(shape, Load::Full { window: WINDOW / times }, TIMES);
    let relay = online::run(&programs.start(Kind::Relay, tls)?, &plan).await?;
    progress.step();
    let floor = online::run(&programs.start(Kind::Floor, tls)?, &plan).await?;
    progress.step();
    let ratio = relay.rate / floor.rate;
    Ok(Row { shape, tls, relay, floor, ratio })
}

async fn latency(programs: &Programs, most: f64, progress: &Progress) -> Result<Vec<Online>, Failure> {
    progress.say("online: latency by rate");
    let mut all = Vec::new();
    for share in SHARES {
        let subject = programs.start(Kind::Relay, true)?;
        let plan = Plan::new(Shape::default(), Load::Rate(share * most), TIMES);
        all.push(online::run(&subject, &plan).await?);
        progress.step();
    }
    Ok(all)
}

async fn away(programs: &Programs, progress: &Progress) -> Result<Away, Failure> {
    progress.say("away: store, then drain");
    let away = away::run(&programs.start(Kind::Relay, false)?, Shape::default(), STORED, WINDOW).await?;
    progress.step();
    Ok(away)
}

async fn idle(programs: &Programs, tls: bool, progress: &Progress) -> Result<Vec<Idle>, Failure> {
    progress.say("idle: memory by connections");
    let idle = idle::series(&programs.start(Kind::Relay, tls)?, &IDLE).await?;
    progress.step();
    Ok(idle)
}
