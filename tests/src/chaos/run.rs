//! A run: a stage, a load, and faults until the time is up.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::runtime::{Handle, Runtime};

use super::fault::Fault;
use super::ledger::Ledger;
use super::load::{Load, Shape};
use super::outage::{self, Spell};
use super::report::{Latency, Report};
use super::stage::{Durability, Setting, Stage};
use crate::Result;

/// The load between faults, by which the others are measured.
const QUIET: Duration = Duration::from_secs(2);
/// For so long, what was done to a stage counts as the cause of what senders wait for.
const AFTERWARDS: Duration = Duration::from_secs(1);

/// What a run is to be.
#[derive(Debug, Clone)]
pub struct Plan {
    /// No further round of faults is begun after that time. The first is always gone through.
    pub time: Duration,
    /// What decides which faults come when, and whom they meet.
    pub seed: u64,
    /// When something is accepted.
    pub durability: Durability,
    /// The kinds of faults.
    pub faults: Vec<Fault>,
    /// Mailboxes.
    pub mailboxes: u32,
}

/// How far a run is.
#[derive(Debug, Clone, Copy)]
pub enum Progress {
    /// Servers and relays start.
    Starting,
    /// This is done to them, so many faults in.
    Breaking(Fault, usize),
    /// They recover by themselves.
    Recovering,
    /// Everything is collected, and compared.
    Comparing,
}

/// Makes a run.
///
/// # Errors
/// The stage cannot be set, or does not recover.
pub fn run(plan: &Plan, progress: &dyn Fn(Progress)) -> Result<Report> {
    progress(Progress::Starting);
    let directory = tempfile::tempdir()?;
    let setting = Setting { durability: plan.durability, tls: false, public_port: None };
    let mut stage = Stage::set(directory.path(), setting)?;
    let runtime = Runtime::new()?;
    let shape = Shape { mailboxes: plan.mailboxes, senders: 8, rate: 50 };
    let mut load = runtime.block_on(Load::begin(stage.addresses(), shape))?;
    let spells = break_it(plan, &mut stage, &load, runtime.handle(), progress)?;
    progress(Progress::Comparing);
    runtime.block_on(load.finish())?;
    let report = report(plan, &load.ledger, &spells);
    runtime.shutdown_background();
    Ok(report)
}

fn break_it(
    plan: &Plan,
    stage: &mut Stage,
    load: &Load,
    handle: &Handle,
    progress: &dyn Fn(Progress),
) -> Result<Vec<Spell>> {
    let (start, mut rng, mut spells) = (Instant::now(), StdRng::seed_from_u64(plan.seed), Vec::new());
    loop {
        for fault in Fault::round(&plan.faults, &mut rng) {
            sleep(QUIET);
            progress(Progress::Breaking(fault, spells.len()));
            let from = Instant::now();
            load.ledger.breaks(Some(fault));
            fault.happen(stage, &mut rng).map_err(|trouble| format!("{}: {trouble}", fault.name()))?;
            progress(Progress::Recovering);
            handle.block_on(load.is_well()).map_err(|trouble| format!("{}: {trouble}", fault.name()))?;
            sleep(AFTERWARDS);
            load.ledger.breaks(None);
            spells.push(Spell { fault, from, until: Instant::now() });
        }
        if start.elapsed() >= plan.time {
            return Ok(spells);
        }
    }
}

fn report(plan: &Plan, ledger: &Arc<Ledger>, spells: &[Spell]) -> Report {
    let (balance, counts) = (ledger.balance(), &ledger.counts);
    let mut faults = BTreeMap::new();
    spells.iter().for_each(|spell| *faults.entry(spell.fault).or_insert(0) += 1);
    let millis = |(fault, time): (Fault, Duration)| (fault, u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
    Report {
        seed: plan.seed,
        durability: plan.durability,
        accepted: balance.accepted,
        delivered: balance.delivered,
        lost: balance.lost,
        repeated: balance.repeated,
        refused: counts.refused.load(Ordering::Relaxed),
        denied: counts.denied.load(Ordering::Relaxed),
        altered: counts.altered.load(Ordering::Relaxed),
        faults,
        longest_outage_ms: outage::longest(spells, &ledger.gaps()).into_iter().map(millis).collect(),
        normal: Latency::of(ledger.latencies(None)),
        rolling_restart: Latency::of(ledger.latencies(Some(Fault::RollingRestart))),
    }
}
