//! Days and nights: when somebody is awake, and when their phone reaches the network.

use std::time::Duration;

use super::DAY;
use crate::draw::Dice;

/// The share of people whose phone is off, or lets no program run, while they sleep.
const OFF_AT_NIGHT: f64 = 0.4;
/// A day without a phone, out of so many.
const PHONELESS: f64 = 1.0 / 25.0;
/// Tunnels, flights, empty batteries: so many a day, and their length in seconds.
const OUTAGES: f64 = 1.0;
const OUTAGE: (f64, f64) = (1_200.0, 1.1);

/// Times of which each is in or out, as the moments at which that changes, in order. It begins out.
#[derive(Debug, Clone, Default)]
pub struct Spans(Vec<Duration>);

/// What days make of somebody's time.
pub(super) struct Days {
    pub(super) active: Spans,
    pub(super) online: Spans,
}

impl Spans {
    /// Whether this moment is in.
    #[must_use]
    pub fn contain(&self, at: Duration) -> bool {
        self.0.partition_point(|edge| *edge <= at) % 2 == 1
    }

    /// This moment if it is in, else the next one that is; `None` if there is none.
    #[must_use]
    pub fn next_in(&self, at: Duration) -> Option<Duration> {
        let passed = self.0.partition_point(|edge| *edge <= at);
        if passed % 2 == 1 { Some(at) } else { self.0.get(passed).copied() }
    }

    /// Everything until then.
    #[must_use]
    pub(super) fn all(end: Duration) -> Self {
        Self(vec![Duration::ZERO, end])
    }

    /// All moments at which it changes.
    pub fn edges(&self) -> impl Iterator<Item = Duration> + '_ {
        self.0.iter().copied()
    }

    /// All that is in none of these, until the end.
    fn outside(mut out: Vec<(f64, f64)>, end: f64) -> Self {
        out.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (mut edges, mut from) = (Vec::new(), 0.0_f64);
        for (begins, ends) in out {
            if begins > from {
                edges.extend([from, begins]);
            }
            from = from.max(ends);
        }
        if from < end {
            edges.extend([from, end]);
        }
        Self(edges.into_iter().map(Duration::from_secs_f64).collect())
    }
}

/// Draws somebody's nights, the days on which they are parted from their phone, and its outages.
pub(super) fn of_somebody(zone: f64, days: u32, dice: &mut Dice) -> Days {
    let (rises, retires) = (7.0 + dice.normal(), 23.0 + 1.2 * dice.normal());
    let off_at_night = dice.chance(OFF_AT_NIGHT);
    let (mut away, mut unreachable) = (Vec::new(), Vec::new());
    let local = |day: f64, hour: f64| day.mul_add(DAY, (hour - zone) * 3_600.0);
    let hour = |usual: f64, dice: &mut Dice| dice.normal().mul_add(0.6, usual);
    for day in -1..=i64::from(days) + 1 {
        let day = day as f64;
        let night = (local(day, hour(retires, dice)), local(day + 1.0, hour(rises, dice)));
        away.push(night);
        if off_at_night {
            unreachable.push(night);
        }
        if dice.chance(PHONELESS) {
            let without = (local(day, hour(rises, dice)), local(day + 1.0, hour(rises, dice)));
            away.push(without);
            unreachable.push(without);
        }
        for _ in 0..dice.runs(OUTAGES / (1.0 + OUTAGES)) {
            let begins = local(day, 24.0 * dice.uniform());
            unreachable.push((begins, begins + dice.around(OUTAGE.0, OUTAGE.1)));
        }
    }
    let end = f64::from(days) * DAY;
    let within = |spans: Vec<(f64, f64)>| -> Vec<(f64, f64)> {
        spans.into_iter().map(|(a, b)| (a.clamp(0.0, end), b.clamp(0.0, end))).filter(|(a, b)| b > a).collect()
    };
    Days { active: Spans::outside(within(away), end), online: Spans::outside(within(unreachable), end) }
}
