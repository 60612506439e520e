//! Pairing by timing: which two mailboxes answer each other.
//!
//! Whoever collects from *x* writes into *y* soon after; whoever waits at *x* writes into *y* meanwhile. Windows of several
//! lengths, each in both directions, and larger sizes by themselves.

use std::collections::HashMap;

use super::Means;
use super::practice::{Evidence, Judgement};
use super::streams::Stream;
use super::tally::{Pair, Tally, Window};
use crate::log::Mailbox;

/// After a collection, in seconds: a receipt's time, a quick answer's, a slow one's, one from who was away.
const SOON: [(f64, f64); 5] = [(-0.1, 3.0), (3.0, 30.0), (30.0, 120.0), (120.0, 600.0), (600.0, 1_800.0)];
/// With sizes of their own within the first three.
const BY_SIZE: usize = 3;
/// Fewer coincidences than this are not looked at.
const AT_LEAST: usize = 2;

/// Two mailboxes, and what speaks for a claim about them.
pub(super) struct Candidate {
    /// Both.
    pub(super) of: [Mailbox; 2],
    /// What speaks for it.
    pub(super) evidence: Evidence,
}

/// All pairs of mailboxes for which anything speaks.
#[must_use]
pub(super) fn candidates(streams: &[Stream]) -> Vec<Candidate> {
    let pairwise = streams.iter().any(|stream| !stream.kind.door);
    let wanted = |mailbox: Mailbox| !(pairwise && streams[mailbox as usize].kind.door);
    let small = deposits(streams, false, &wanted);
    let large = deposits(streams, true, &wanted);
    let mut tally = Tally::default();
    for (index, (from, to)) in SOON.into_iter().enumerate() {
        tally.count(after_collecting(streams, from, to, &wanted), &small);
        if index < BY_SIZE {
            tally.count(after_collecting(streams, from, to, &wanted), &large);
        }
    }
    tally.count(while_waiting(streams), &small);
    tally.count(while_waiting(streams), &openings(streams));
    let pairs = tally.pairs(AT_LEAST).into_iter();
    pairs.filter(|pair| apart(streams, pair)).map(|pair| evidence(streams, &pair)).collect()
}

/// What is collected on one connection belongs to one person, who does not write to themselves.
fn apart(streams: &[Stream], pair: &Pair) -> bool {
    let [one, other] = pair.of.map(|mailbox| streams[mailbox as usize].kind.collected_by);
    one.is_none() || one != other
}

fn deposits(streams: &[Stream], larger: bool, wanted: &dyn Fn(Mailbox) -> bool) -> Vec<(f64, Mailbox)> {
    let of = |(mailbox, stream): (usize, &Stream)| stream.left(mailbox as Mailbox, larger).collect::<Vec<_>>();
    in_order(streams.iter().enumerate().filter(|(mailbox, _)| wanted(*mailbox as Mailbox)).flat_map(of).collect())
}

/// The beginnings of bursts, of all mailboxes.
pub(super) fn openings(streams: &[Stream]) -> Vec<(f64, Mailbox)> {
    let of = |(mailbox, stream): (usize, &Stream)| {
        stream.bursts.iter().map(|(from, _)| (*from, mailbox as Mailbox)).collect::<Vec<_>>()
    };
    in_order(streams.iter().enumerate().flat_map(of).collect())
}

pub(super) fn in_order(mut events: Vec<(f64, Mailbox)>) -> Vec<(f64, Mailbox)> {
    events.sort_by(|one, other| one.0.total_cmp(&other.0));
    events
}

fn after_collecting(
    streams: &[Stream],
    from: f64,
    to: f64,
    wanted: &dyn Fn(Mailbox) -> bool,
) -> impl Iterator<Item = Window> {
    let of = move |(mailbox, stream): (usize, &Stream)| {
        let window = move |at: &f64| Window { from: at + from, to: at + to, of: mailbox as Mailbox };
        stream.collects.iter().map(window).collect::<Vec<_>>()
    };
    let wanted = streams.iter().enumerate().filter(|(mailbox, _)| wanted(*mailbox as Mailbox));
    wanted.flat_map(of).collect::<Vec<_>>().into_iter()
}

fn while_waiting(streams: &[Stream]) -> impl Iterator<Item = Window> + '_ {
    let of = |(mailbox, stream): (usize, &Stream)| {
        let window = move |(from, to): &(f64, f64)| Window { from: from - 10.0, to: to + 10.0, of: mailbox as Mailbox };
        stream.bursts.iter().map(window).collect::<Vec<_>>()
    };
    streams.iter().enumerate().flat_map(of)
}

/// What each piece of evidence is taken from.
#[must_use]
pub(super) fn means() -> Vec<Option<Means>> {
    let sizes = |index| (index < BY_SIZE).then_some(Means::Sizes);
    let timing = (0..SOON.len()).flat_map(|index| std::iter::once(Means::Timing).chain(sizes(index)));
    let kinds = timing.chain([Means::Waiting; 2]);
    kinds.flat_map(|means| [Some(means); 2]).chain([None]).collect()
}

fn evidence(streams: &[Stream], pair: &Pair) -> Candidate {
    let kinds = SOON.len() + BY_SIZE + 2;
    let mut evidence = Vec::with_capacity(2 * kinds + 1);
    for (there, back) in pair.surprise[0].iter().zip(&pair.surprise[1]).take(kinds) {
        evidence.extend([there + back, there.min(*back)]);
    }
    let count = |mailbox: Mailbox| streams[mailbox as usize].deposits.len() as f32;
    evidence.push(((count(pair.of[0]) + 1.0) * (count(pair.of[1]) + 1.0)).ln());
    Candidate { of: pair.of, evidence }
}

/// Who answers whom, with the logarithm of the odds. A mailbox answers one other at a time, so claims on one compete.
pub(super) struct Partners {
    /// Each pair once.
    pub(super) pairs: Vec<(f64, [Mailbox; 2])>,
    /// The likeliest few of each mailbox, the likeliest first.
    pub(super) of: HashMap<Mailbox, Vec<(f64, Mailbox)>>,
}

/// How many rivals a mailbox remembers.
const FEW: usize = 4;

impl Partners {
    /// Weighs all candidates. Mailboxes for everyone answer many, and there nothing competes.
    #[must_use]
    pub(super) fn weighed(candidates: &[Candidate], judgement: &Judgement, exclusive: bool) -> Self {
        let mut pairs: Vec<(f64, [Mailbox; 2])> =
            candidates.iter().map(|candidate| (judgement.weigh(&candidate.evidence), candidate.of)).collect();
        let mut claims: HashMap<Mailbox, f64> = HashMap::new();
        for (odds, of) in &pairs {
            of.iter().for_each(|mailbox| *claims.entry(*mailbox).or_insert(0.0) += odds.min(30.0).exp());
        }
        if exclusive {
            for (odds, of) in &mut pairs {
                let own = odds.min(30.0).exp();
                let rivals = of.map(|mailbox| claims[&mailbox] - own);
                *odds -= (1.0 + rivals[0].max(rivals[1]).max(0.0)).ln();
            }
        }
        pairs.sort_by(|one, other| other.0.total_cmp(&one.0));
        let mut partners: HashMap<Mailbox, Vec<(f64, Mailbox)>> = HashMap::new();
        for (odds, [one, other]) in &pairs {
            for (of, with) in [(one, other), (other, one)] {
                let list = partners.entry(*of).or_default();
                if list.len() < FEW {
                    list.push((*odds, *with));
                }
            }
        }
        Self { pairs, of: partners }
    }

    /// The likeliest few of a mailbox.
    #[must_use]
    pub(super) fn likeliest(&self, mailbox: Mailbox) -> &[(f64, Mailbox)] {
        self.of.get(&mailbox).map_or(&[], Vec::as_slice)
    }
}
