//! Counts how often something happens at one mailbox soon after something at another, and how often it would by chance.
//!
//! ```text
//! expected(x, y) = share of y in all that happens of this kind · all of it that happens in the windows of x
//! ```
//!
//! That is the background of statistical disclosure: windows after x, compared with what is in them anyway. Since it is
//! counted in the very same windows, it follows the hours of the day and the load of the moment.

use std::collections::HashMap;

use crate::log::Mailbox;

/// Bits of a kind and direction, and of a mailbox.
const KIND: u32 = 8;
const MAILBOX: u32 = 28;

/// Kinds of coincidences that one tally tells apart.
pub const SLOTS: usize = 12;

/// A stretch of time at one mailbox, in seconds.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    /// Its first moment.
    pub from: f64,
    /// Its last.
    pub to: f64,
    /// Of which mailbox.
    pub of: Mailbox,
}

/// Two mailboxes, the smaller number first, and what coincided: with windows of the first, then of the second.
#[derive(Debug, Clone)]
pub struct Pair {
    /// Both.
    pub of: [Mailbox; 2],
    /// How unlikely by chance, in deviations, by kind and direction.
    pub surprise: [[f32; SLOTS]; 2],
    /// How many coincidences of any kind.
    pub count: u32,
}

/// A count of coincidences.
#[derive(Debug, Default)]
pub struct Tally {
    /// Both mailboxes and the kind, in one number: there are many.
    found: Vec<u64>,
    /// For each kind: all events in the windows of a mailbox, and the share of a mailbox in all events.
    chances: Vec<(HashMap<Mailbox, f64>, HashMap<Mailbox, f64>)>,
}

impl Tally {
    /// Counts the events that lie in windows of other mailboxes, as a kind of their own. Events are in the order of time.
    pub fn count(&mut self, windows: impl Iterator<Item = Window>, events: &[(f64, Mailbox)]) {
        let slot = self.chances.len() as u8;
        let (mut within, mut shares) = (HashMap::new(), HashMap::new());
        for (_, of) in events {
            *shares.entry(*of).or_insert(0.0) += 1.0 / events.len() as f64;
        }
        for window in windows {
            let first = events.partition_point(|(at, _)| *at <= window.from);
            for (_, of) in events[first..].iter().take_while(|(at, _)| *at <= window.to) {
                *within.entry(window.of).or_insert(0.0) += 1.0;
                if *of != window.of {
                    self.found.push(key(window.of, *of) | u64::from(slot * 2 + u8::from(window.of > *of)));
                }
            }
        }
        self.chances.push((within, shares));
    }

    /// All pairs with at least so many coincidences.
    #[must_use]
    pub fn pairs(mut self, at_least: usize) -> Vec<Pair> {
        self.found.sort_unstable();
        let same = self.found.chunk_by(|one, other| one >> KIND == other >> KIND);
        same.filter(|found| found.len() >= at_least).map(|found| self.pair(found)).collect()
    }

    fn pair(&self, found: &[u64]) -> Pair {
        let of = [found[0] >> (KIND + MAILBOX), found[0] >> KIND].map(|of| (of & ((1 << MAILBOX) - 1)) as Mailbox);
        let mut counts = [[0_u32; SLOTS]; 2];
        for found in found {
            let slot = (found & ((1 << KIND) - 1)) as u8;
            counts[usize::from(slot % 2)][usize::from(slot / 2)] += 1;
        }
        let mut surprise = [[0.0; SLOTS]; 2];
        for (slot, (within, shares)) in self.chances.iter().enumerate() {
            for side in 0..2 {
                let chance = |map: &HashMap<Mailbox, f64>, mailbox| map.get(&mailbox).copied().unwrap_or(0.0);
                let expected = chance(within, of[side]) * chance(shares, of[1 - side]);
                surprise[side][slot] = deviations(f64::from(counts[side][slot]), expected) as f32;
            }
        }
        Pair { of, surprise, count: found.len() as u32 }
    }
}

const fn key(one: Mailbox, other: Mailbox) -> u64 {
    let (low, high) = if one < other { (one, other) } else { (other, one) };
    (low as u64) << (KIND + MAILBOX) | (high as u64) << KIND
}

/// The signed root of the deviance of a Poisson count: about a standard normal by chance.
#[must_use]
pub fn deviations(count: f64, expected: f64) -> f64 {
    let expected = expected.max(0.01);
    let log = if count > 0.0 { count * (count / expected).ln() } else { 0.0 };
    (2.0 * (log - (count - expected)).max(0.0)).sqrt().copysign(count - expected)
}
