//! How long senders got nothing accepted, and what had been done to them then.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::fault::Fault;

/// A time in which one sender got nothing accepted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gap {
    pub(super) from: Instant,
    pub(super) until: Instant,
}

/// A time in which something was wrong, and its consequences.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spell {
    pub(super) fault: Fault,
    pub(super) from: Instant,
    pub(super) until: Instant,
}

/// The longest gap that has a part in a spell, by the kind of fault.
pub(super) fn longest(spells: &[Spell], gaps: &[Gap]) -> BTreeMap<Fault, Duration> {
    let mut longest = BTreeMap::new();
    for spell in spells {
        let inside = gaps.iter().filter(|gap| gap.until > spell.from && gap.from < spell.until);
        let most = inside.map(|gap| gap.until.saturating_duration_since(gap.from)).max().unwrap_or_default();
        let entry = longest.entry(spell.fault).or_insert(most);
        *entry = most.max(*entry);
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_belongs_to_the_spells_that_it_meets() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let spell = |fault, from, until| Spell { fault, from: at(from), until: at(until) };
        let spells =
            [spell(Fault::RelayKilled, 10, 20), spell(Fault::RedisFull, 30, 40), spell(Fault::RelayKilled, 50, 60)];
        let gaps = [(1, 9), (12, 14), (19, 22), (55, 56)].map(|(from, until)| Gap { from: at(from), until: at(until) });
        let longest = longest(&spells, &gaps);
        assert_eq!(longest[&Fault::RelayKilled], Duration::from_secs(3));
        assert_eq!(longest[&Fault::RedisFull], Duration::ZERO);
    }
}
