//! Which mailboxes of different conversations have one owner, where no connection says so.
//!
//! Nobody looks at two conversations at once, and many look at one after the other; nobody's phone is without a network for
//! one mailbox alone; and who writes to one friend often writes to another in the same quarter of an hour.

use std::collections::{BTreeSet, HashMap};

use super::Means;
use super::conversations::{Candidate, Partners, in_order, openings};
use super::presence::Presence;
use super::streams::Stream;
use super::tally::{Pair, SLOTS, Tally, Window};
use crate::log::Mailbox;

/// From the end of one burst to the beginning of the next, in seconds: from one conversation to another.
const TURN: (f64, f64) = (-30.0, 40.0);
/// Begun within so many seconds of each other.
const NEAR: [f64; 2] = [150.0, 900.0];
/// From the last text to one friend to the first to another, in seconds.
const PAUSE: f64 = 120.0;
const KINDS: usize = 7;
/// Fewer coincidences than this are not looked at, unless presence matches.
const AT_LEAST: usize = 4;

/// Pairs that may have one owner.
#[must_use]
pub(super) fn candidates(streams: &[Stream], partners: &Partners, presence: &Presence) -> Vec<Candidate> {
    let pairs = coincidences(streams, partners);
    let by: HashMap<[Mailbox; 2], &Pair> = pairs.iter().map(|pair| (pair.of, pair)).collect();
    let mut of: BTreeSet<[Mailbox; 2]> = by.keys().copied().collect();
    for (one, best) in presence.best.iter().enumerate() {
        of.extend(best.iter().map(|other| sorted(one as Mailbox, *other)));
    }
    let pairwise = |mailbox: Mailbox| !streams[mailbox as usize].kind.door;
    let of = of.into_iter().filter(|of| of.iter().all(|mailbox| pairwise(*mailbox)));
    of.map(|of| Candidate { of, evidence: evidence(partners, presence, of, by.get(&of).copied()) }).collect()
}

/// Both, the smaller first.
#[must_use]
pub(super) const fn sorted(one: Mailbox, other: Mailbox) -> [Mailbox; 2] {
    if one < other { [one, other] } else { [other, one] }
}

fn coincidences(streams: &[Stream], partners: &Partners) -> Vec<Pair> {
    let begun = openings(streams);
    let written = written(streams, partners, |stream| stream.fed().collect());
    let left_off = self::written(streams, partners, |stream| stream.left_off().collect());
    let mut tally = Tally::default();
    let bursts = || {
        let of = |(of, stream): (usize, &Stream)| {
            stream.bursts.iter().map(move |burst| (*burst, of as Mailbox)).collect::<Vec<_>>()
        };
        streams.iter().enumerate().flat_map(of)
    };
    tally.count(bursts().map(|((_, to), of)| Window { from: to + TURN.0, to: to + TURN.1, of }), &begun);
    tally.count(bursts().map(|((from, to), of)| Window { from, to: to + TURN.0, of }), &begun);
    for near in NEAR {
        let around = |(at, of): &(f64, Mailbox)| Window { from: at - near, to: at + near, of: *of };
        tally.count(begun.iter().map(around), &begun);
        tally.count(written.iter().map(around), &written);
    }
    let after = |(at, of): &(f64, Mailbox)| Window { from: *at, to: at + PAUSE, of: *of };
    tally.count(left_off.iter().map(after), &written);
    tally.pairs(AT_LEAST)
}

/// When the supposed owner of each mailbox wrote to whom it is for: into its likeliest partner.
fn written(streams: &[Stream], partners: &Partners, when: impl Fn(&Stream) -> Vec<f64>) -> Vec<(f64, Mailbox)> {
    let of = |mailbox: usize| {
        let partner = partners.likeliest(mailbox as Mailbox).first().filter(|(odds, _)| *odds > -2.0);
        let fed = partner.map(|(_, partner)| when(&streams[*partner as usize])).unwrap_or_default();
        fed.into_iter().map(move |at| (at, mailbox as Mailbox))
    };
    in_order((0..streams.len()).flat_map(of).collect())
}

/// What each piece of evidence is taken from.
#[must_use]
pub(super) fn means() -> Vec<Option<Means>> {
    let kinds =
        [Means::Visits, Means::Waiting, Means::Visits, Means::Visits, Means::Visits, Means::Visits, Means::Visits];
    let kinds = kinds.into_iter().flat_map(|means| [Some(means); 2]);
    [Some(Means::Gaps); 3].into_iter().chain([None; 2]).chain(kinds).collect()
}

fn evidence(partners: &Partners, presence: &Presence, of: [Mailbox; 2], pair: Option<&Pair>) -> Vec<f32> {
    let [less, more] = presence.match_of(of[0], of[1]);
    let odds_of =
        |list: &[(f64, Mailbox)], with| list.iter().find(|(_, other)| *other == with).map_or(-10.0, |(odds, _)| *odds);
    let partner = odds_of(partners.likeliest(of[0]), of[1]).max(odds_of(partners.likeliest(of[1]), of[0]));
    let common =
        partners.likeliest(of[0]).iter().map(|(odds, with)| odds.min(odds_of(partners.likeliest(of[1]), *with)));
    let common = common.fold(-10.0, f64::max);
    let mut evidence = vec![less, more, less * less.abs(), partner as f32, common as f32];
    let none = [[0.0; SLOTS]; 2];
    let surprise = pair.map_or(&none, |pair| &pair.surprise);
    for (there, back) in surprise[0].iter().zip(&surprise[1]).take(KINDS) {
        evidence.extend([there + back, there.max(*back)]);
    }
    evidence
}
