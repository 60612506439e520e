//! Succession: which mailbox took the place of which. The old one falls silent when the new one begins, the same mailbox
//! answers both, and who looks at their conversation goes from asking for the one to asking for the other.

use std::collections::{HashMap, HashSet};

use super::Means;
use super::conversations::{Candidate, Partners};
use super::presence::Presence;
use super::streams::Stream;
use crate::log::Mailbox;

/// Pairs that may be an old mailbox and its successor.
#[must_use]
pub(super) fn candidates(streams: &[Stream], partners: &Partners, presence: Option<&Presence>) -> Vec<Candidate> {
    let mut pairs: HashSet<[Mailbox; 2]> = HashSet::new();
    for list in partners.of.values() {
        pairs.extend(list.iter().flat_map(|(_, one)| list.iter().map(|(_, other)| [*one, *other])));
    }
    for (one, best) in presence.iter().flat_map(|presence| presence.best.iter().enumerate()) {
        pairs.extend(best.iter().flat_map(|other| [[one as Mailbox, *other], [*other, one as Mailbox]]));
    }
    let mut pairs: Vec<_> = pairs.into_iter().filter(|pair| succeed(streams, *pair)).collect();
    pairs.sort_unstable();
    pairs.into_iter().map(|of| Candidate { of, evidence: evidence(streams, partners, presence, of) }).collect()
}

/// Whether the second began after the first, and could be of the same owner.
fn succeed(streams: &[Stream], [old, new]: [Mailbox; 2]) -> bool {
    let (old, new) = (&streams[old as usize], &streams[new as usize]);
    let same = old.kind.collected_by == new.kind.collected_by;
    let begun = |stream: &Stream| stream.deposits.first().map_or(f64::INFINITY, |(at, _)| *at);
    same && !old.kind.door && !new.kind.door && begun(old) < begun(new) && begun(new).is_finite()
}

/// What each piece of evidence is taken from.
pub(super) const MEANS: [Option<Means>; 9] = [
    Some(Means::Timing),
    Some(Means::Timing),
    Some(Means::Timing),
    Some(Means::Timing),
    Some(Means::Gaps),
    Some(Means::Gaps),
    Some(Means::Timing),
    Some(Means::Waiting),
    Some(Means::Waiting),
];

/// Nothing was handed over within so many seconds.
const NEVER: f64 = 1e6;

/// From the end of a visit to the old one until the first to the new one begins, in seconds: at the closest, either way; and how
/// many visits there were to both at once.
fn handover(old: &Stream, new: &Stream) -> (f64, usize) {
    let first = new.bursts.first().map_or(f64::INFINITY, |(from, _)| *from);
    let closest = old.bursts.iter().map(|(_, to)| (first - to).abs()).fold(NEVER, f64::min);
    let meet = |(from, to): &(f64, f64)| new.bursts.iter().any(|(begun, ended)| begun < to && from < ended);
    (closest, old.bursts.iter().filter(|burst| meet(burst)).count())
}

fn evidence(streams: &[Stream], partners: &Partners, presence: Option<&Presence>, of: [Mailbox; 2]) -> Vec<f32> {
    let [old, new] = of.map(|mailbox| &streams[mailbox as usize]);
    let first = new.deposits.first().map_or(0.0, |(at, _)| *at);
    let before = old.deposits.iter().rev().find(|(at, _)| *at < first).map_or(0.0, |(at, _)| *at);
    let after = old.deposits.iter().filter(|(at, _)| *at > first).count();
    let odds: HashMap<Mailbox, f64> = partners.likeliest(of[0]).iter().map(|(odds, with)| (*with, *odds)).collect();
    let both = partners.likeliest(of[1]).iter().filter_map(|(of_new, with)| odds.get(with).map(|old| old.min(*of_new)));
    let shared = both.fold(-10.0, f64::max);
    let [less, more] = presence.map_or([0.0; 2], |presence| presence.match_of(of[0], of[1]));
    let same_end = f64::from(u8::from(after == 0));
    let silent = (first - before + 60.0).ln();
    let (closest, both) = handover(old, new);
    vec![
        silent as f32,
        (after as f32).ln_1p(),
        same_end as f32,
        shared as f32,
        less,
        more,
        (first - new.life.0 + 60.0).ln() as f32,
        (closest + 10.0).ln() as f32,
        (both as f32).ln_1p(),
    ]
}
