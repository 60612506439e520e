//! Nobody is there: what is deposited is stored, and drained when its owners come.

use std::time::Instant;

use serde::Serialize;

use super::crew::{Crew, accepted, compare};
use super::shape::Shape;
use crate::failure::Failure;
use crate::load::pace::Pace;
use crate::subject::Subject;

/// What came of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Away {
    /// Envelopes that were stored and drained.
    pub messages: u64,
    /// Stored a second.
    pub store_rate: f64,
    /// Time of processors that the server took to store one, in µs.
    pub store_us_per_message: Option<f64>,
    /// Drained a second.
    pub drain_rate: f64,
    /// Time of processors that the server took to deliver and erase one, in µs.
    pub drain_us_per_message: Option<f64>,
}

/// Stores so many of all senders together, with a window for each, then drains them.
///
/// # Errors
/// [`Failure`]: no figures.
pub async fn run(subject: &Subject, shape: Shape, messages: u64, window: u64) -> Result<Away, Failure> {
    let mut crew = Crew::gather(subject, shape).await?;
    let start = Part::begin(subject)?;
    let left = messages / u64::from(shape.senders);
    crew.send(|_| Pace::Count { left, window }).await?;
    let posted = crew.posted().await?;
    let count = accepted(&posted);
    let (store_rate, store_us_per_message) = start.end(subject, count)?;
    let start = Part::begin(subject)?;
    crew.collect(false).await?;
    crew.delivered_all(count).await?;
    let (drain_rate, drain_us_per_message) = start.end(subject, count)?;
    let collected = crew.collected().await?;
    compare(&posted, &collected)?;
    Ok(Away { messages: count, store_rate, store_us_per_message, drain_rate, drain_us_per_message })
}

struct Part {
    at: Instant,
    cpu: Option<std::time::Duration>,
}

impl Part {
    fn begin(subject: &Subject) -> Result<Self, Failure> {
        Ok(Self { at: Instant::now(), cpu: subject.usage()?.map(|usage| usage.cpu) })
    }

    /// So many a second, and µs of the server for each.
    fn end(self, subject: &Subject, count: u64) -> Result<(f64, Option<f64>), Failure> {
        let rate = count as f64 / self.at.elapsed().as_secs_f64();
        let now = subject.usage()?.map(|usage| usage.cpu);
        let each = self.cpu.zip(now).map(|(before, now)| (now - before).as_secs_f64() * 1e6 / count.max(1) as f64);
        Ok((rate, each))
    }
}
