//! The figures that matter, within minutes.

use std::time::Duration;

use serde::Serialize;

use super::online::{Load, Online, Plan, Times};
use super::shape::Shape;
use super::{away, idle, online};
use crate::failure::Failure;
use crate::progress::Progress;
use crate::subject::{Kind, Programs};

/// Deposits under way for each sender, when as much is sent as is taken: with fewer, processors wait for the disk.
pub const WINDOW: u64 = 256;
/// How often relay and floor take turns.
const ROUNDS: u32 = 3;
const ROUND: Times = Times { warm_up: Duration::from_millis(1_500), measured: Duration::from_secs(4) };
const HALF_LOAD: Times = Times { warm_up: Duration::from_secs(2), measured: Duration::from_secs(10) };
const STORED: u64 = 160_000;
const IDLE: u32 = 4_000;

/// The figures, of the relay with an embedded store and the smallest envelopes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Quick {
    /// Time of processors for a delivered message, both ways by WebSocket, as fast as it goes, in µs.
    pub relay_cpu_us_per_message: f64,
    /// The same with TLS.
    pub relay_cpu_us_per_message_tls: f64,
    /// Delivered a second, of what the floor delivers in the same run.
    pub ratio_to_floor: f64,
    /// The same with TLS on both.
    pub ratio_to_floor_tls: f64,
    /// At half of what it can deliver, by TLS: from when a deposit is due to its delivery.
    pub deliver_p50_ms: f64,
    /// Of 99 in 100.
    pub deliver_p99_ms: f64,
    /// To its acceptance.
    pub accept_p50_ms: f64,
    /// Of 99 in 100.
    pub accept_p99_ms: f64,
    /// Resident memory for a collector that waits.
    pub idle_bytes_per_connection: f64,
    /// The same with TLS.
    pub idle_bytes_per_connection_tls: f64,
    /// Stored, or drained, whichever is slower, a second, of what is delivered online.
    pub away_ratio: f64,
    /// Whether every accepted envelope was delivered; there are no figures when one was not.
    pub verified: bool,
}

/// A relay and the floor, in turns.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pair {
    cpu: f64,
    rate: f64,
    ratio: f64,
}

/// Measures all of it.
///
/// # Errors
/// [`Failure`]: no figures.
pub async fn run(programs: &Programs, progress: &Progress) -> Result<Quick, Failure> {
    progress.steps(u64::from(4 * ROUNDS) + 4);
    let plain = pair(programs, false, progress).await?;
    let tls = pair(programs, true, progress).await?;
    let half = half_load(programs, tls.rate / 2.0, progress).await?;
    let away_ratio = away_ratio(programs, plain.rate, progress).await?;
    Ok(Quick {
        relay_cpu_us_per_message: round(plain.cpu),
        relay_cpu_us_per_message_tls: round(tls.cpu),
        ratio_to_floor: round(plain.ratio),
        ratio_to_floor_tls: round(tls.ratio),
        deliver_p50_ms: round(half.deliver.p50_ms),
        deliver_p99_ms: round(half.deliver.p99_ms),
        accept_p50_ms: round(half.accept.p50_ms),
        accept_p99_ms: round(half.accept.p99_ms),
        idle_bytes_per_connection: idle_bytes(programs, false, progress).await?.round(),
        idle_bytes_per_connection_tls: idle_bytes(programs, true, progress).await?.round(),
        away_ratio: round(away_ratio),
        verified: true,
    })
}

/// A hundredth is more than is known.
fn round(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

/// In turns, so that whatever else the machine does meets both.
pub(super) async fn pair(programs: &Programs, tls: bool, progress: &Progress) -> Result<Pair, Failure> {
    let (mut relay, mut floor) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        for (kind, results) in [(Kind::Relay, &mut relay), (Kind::Floor, &mut floor)] {
            let subject = programs.start(kind, tls)?;
            progress.say(match kind {
                Kind::Relay => "online: the relay",
                Kind::Floor => "online: the floor",
            });
            let load = Load::Full { window: WINDOW };
            results.push(online::run(&subject, &Plan::new(Shape::default(), load, ROUND)).await?);
            progress.step();
        }
    }
    let (cpu, rate) = (cpu(&relay), rate(&relay));
    Ok(Pair { cpu, rate, ratio: rate / self::rate(&floor) })
}

/// Delivered a second, of all rounds together.
fn rate(rounds: &[Online]) -> f64 {
    let delivered: u64 = rounds.iter().map(|round| round.delivered).sum();
    delivered as f64 / rounds.iter().map(|round| round.seconds).sum::<f64>()
}

/// µs for a message, of all rounds together.
fn cpu(rounds: &[Online]) -> f64 {
    let delivered: u64 = rounds.iter().map(|round| round.delivered).sum();
    let taken = rounds.iter().map(|round| round.cpu_us_per_message.unwrap_or_default() * round.delivered as f64);
    taken.sum::<f64>() / delivered.max(1) as f64
}

async fn half_load(programs: &Programs, rate: f64, progress: &Progress) -> Result<Online, Failure> {
    progress.say("online: half load");
    let subject = programs.start(Kind::Relay, true)?;
    let plan = Plan::new(Shape::default(), Load::Rate(rate), HALF_LOAD);
    let half = online::run(&subject, &plan).await?;
    progress.step();
    Ok(half)
}

async fn away_ratio(programs: &Programs, online: f64, progress: &Progress) -> Result<f64, Failure> {
    progress.say("away: store, then drain");
    let subject = programs.start(Kind::Relay, false)?;
    let away = away::run(&subject, Shape::default(), STORED, WINDOW).await?;
    progress.step();
    Ok(away.store_rate.min(away.drain_rate) / online)
}

async fn idle_bytes(programs: &Programs, tls: bool, progress: &Progress) -> Result<f64, Failure> {
    progress.say("idle: memory");
    let subject = programs.start(Kind::Relay, tls)?;
    let idle = idle::run(&subject, IDLE).await?;
    progress.step();
    Ok(idle.bytes_per_connection)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::load::latency::Latency;

    fn round_of(delivered: u64, seconds: f64, cpu: f64) -> Online {
        let spread = Latency::default().spread();
        Online {
            offered: None,
            rate: delivered as f64 / seconds,
            delivered,
            seconds,
            cpu_us_per_message: Some(cpu),
            cpu_us_by_program: BTreeMap::new(),
            generator_us_per_message: 0.0,
            resident_bytes: None,
            deliver: spread,
            accept: spread,
            repeats: 0,
        }
    }

    #[test]
    fn rounds_count_by_what_they_delivered() {
        let rounds = [round_of(1_000, 1.0, 10.0), round_of(3_000, 1.0, 20.0)];
        assert_eq!((rate(&rounds), cpu(&rounds)), (2_000.0, 17.5));
    }
}
