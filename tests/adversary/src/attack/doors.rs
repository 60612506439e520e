//! Whose mailbox it is: which front door, that anyone with the card can find, is its owner's.
//!
//! A door is asked for in the hours in which its owner's other mailboxes are. And when a stranger has written to it, an answer
//! soon begins a conversation of two mailboxes that nobody has written into before.

use std::collections::HashMap;

use super::Means;
use super::conversations::{Candidate, Partners};
use super::presence::Presence;
use super::streams::Stream;
use crate::log::Mailbox;

/// An answer to a stranger that takes longer, in seconds, is not found.
const ANSWERED: f64 = 2.0 * 86_400.0;
/// A conversation that was there in the first hours of the log is not new.
const KNOWN: f64 = 43_200.0;
/// How many relatives vouch for where an owner was.
const NEAREST: usize = 4;
/// Polls of a door that are looked at.
const LOOKED_AT: usize = 200;
/// A pause so many times as long as usual is no chance.
const DEEP: f64 = 8.0;
/// With fewer pauses than this, nothing can be said.
const FEWEST: usize = 20;

/// All that is looked at for every door and mailbox.
struct Study<'a> {
    streams: &'a [Stream],
    /// How every door matches every mailbox, by door.
    matches: HashMap<Mailbox, Vec<[f32; 2]>>,
    answers: HashMap<[Mailbox; 2], [f32; 6]>,
}

/// A door first, and a mailbox that may be of the same owner.
pub(super) fn candidates(
    streams: &[Stream],
    partners: &Partners,
    presence: &Presence,
    relatives: &HashMap<Mailbox, Vec<Mailbox>>,
    succeeded: &HashMap<Mailbox, f64>,
) -> Vec<Candidate> {
    let doors: Vec<Mailbox> = (0..streams.len()).filter(|of| streams[*of].kind.door).map(|of| of as Mailbox).collect();
    let of_door = |door: Mailbox| (0..streams.len()).map(|of| presence.match_of(door, of as Mailbox)).collect();
    let matches = doors.iter().map(|door| (*door, of_door(*door))).collect();
    let study = Study { streams, matches, answers: answers(streams, partners, succeeded) };
    let mut candidates = Vec::new();
    for (mailbox, stream) in streams.iter().enumerate().filter(|(_, stream)| !stream.kind.door) {
        let kin = relatives.get(&(mailbox as Mailbox)).map_or(&[][..], Vec::as_slice);
        let there = There::new(streams, mailbox as Mailbox, kin);
        let met = doors.iter().filter(|door| stream.meets(&streams[**door as usize]));
        candidates.extend(met.map(|door| study.candidate([*door, mailbox as Mailbox], kin, &there)));
    }
    candidates
}

impl Study<'_> {
    fn candidate(&self, of: [Mailbox; 2], kin: &[Mailbox], there: &There) -> Candidate {
        let matches = &self.matches[&of[0]];
        let [less, more] = matches[of[1] as usize];
        let sum: f32 = kin.iter().map(|other| matches[*other as usize][0]).sum();
        let mean = if kin.is_empty() { less } else { sum / kin.len() as f32 };
        let answer = self.answers.get(&of).copied();
        let kin_answers = kin.iter().filter_map(|other| self.answers.get(&[of[0], *other]));
        let kin_answer = kin_answers.map(|answer| answer[0]).fold(0.0, f32::max);
        let [silence, contradictions, likely] = there.alibis(&self.streams[of[0] as usize].asks);
        let mut evidence =
            vec![less, more, mean, less * less.abs(), mean * mean.abs(), silence, contradictions, likely, kin_answer];
        evidence.extend(answer.unwrap_or_default());
        Candidate { of, evidence }
    }
}

/// When the supposed owner of a mailbox was there, as it and its nearest relatives say.
struct There {
    asks: Vec<f64>,
    /// A pause by chance, in seconds: the mean.
    usual: f64,
    /// The share of all time that is not in a pause deeper than chance makes it.
    share: f64,
}

impl There {
    fn new(streams: &[Stream], mailbox: Mailbox, kin: &[Mailbox]) -> Self {
        let of = kin.iter().take(NEAREST).chain([&mailbox]);
        let mut asks: Vec<f64> = of.flat_map(|of| streams[*of as usize].asks.iter().copied()).collect();
        asks.sort_by(f64::total_cmp);
        let mut pauses: Vec<f64> = asks.windows(2).map(|two| two[1] - two[0]).collect();
        if pauses.len() < FEWEST {
            return Self { asks: Vec::new(), usual: 1.0, share: 1.0 };
        }
        let middle = pauses.len() / 2;
        let usual = pauses.select_nth_unstable_by(middle, f64::total_cmp).1.max(30.0) / std::f64::consts::LN_2;
        let all: f64 = pauses.iter().sum();
        let there: f64 = pauses.iter().filter(|pause| **pause <= DEEP * usual).sum();
        Self { asks, usual, share: (there / all).clamp(0.01, 1.0) }
    }

    /// Where a door was asked for while nothing else of its supposed owner was: how deep the silence is around its polls, in
    /// mean pauses, on average; how many polls are in one that is deeper than chance makes them; and how likely all polls
    /// are if they come whenever the owner is there, which says the more the less the owner is.
    fn alibis(&self, door: &[f64]) -> [f32; 3] {
        let (mut depth, mut deep, mut count) = (0.0, 0.0, 0.0_f64);
        for ask in door.iter().step_by(door.len() / LOOKED_AT + 1) {
            let next = self.asks.partition_point(|at| at <= ask);
            if next > 0 && next < self.asks.len() {
                let silence = (self.asks[next] - self.asks[next - 1]) / self.usual;
                depth += silence.min(20.0);
                deep += f64::from(u8::from(silence > DEEP));
                count += 1.0;
            }
        }
        let likely = (count - deep) * -self.share.ln() - 5.0 * deep;
        [(depth / count.max(1.0)) as f32, (deep / count.max(1.0).sqrt()) as f32, likely.clamp(-60.0, 60.0) as f32]
    }
}

const GAPS: Option<Means> = Some(Means::Gaps);
const STRANGERS: Option<Means> = Some(Means::Strangers);

/// What each piece of evidence is taken from.
pub(super) const MEANS: [Option<Means>; 15] = [
    GAPS, GAPS, GAPS, GAPS, GAPS, GAPS, GAPS, GAPS, STRANGERS, STRANGERS, STRANGERS, STRANGERS, STRANGERS, STRANGERS,
    STRANGERS,
];

/// Doors, and mailboxes whose owner may have answered a stranger there.
///
/// The stranger's mailbox gets its first envelope after the door was collected; the mailbox wanted is its partner.
fn answers(
    streams: &[Stream],
    partners: &Partners,
    succeeded: &HashMap<Mailbox, f64>,
) -> HashMap<[Mailbox; 2], [f32; 6]> {
    let mut begun: Vec<(f64, Mailbox)> = Vec::new();
    for (mailbox, stream) in streams.iter().enumerate().filter(|(_, stream)| !stream.kind.door) {
        if let Some((at, _)) = stream.deposits.first().filter(|_| stream.life.0 > KNOWN) {
            begun.push((*at, mailbox as Mailbox));
        }
    }
    begun.sort_by(|one, other| one.0.total_cmp(&other.0));
    let mut answers = HashMap::new();
    for (door, stream) in streams.iter().enumerate().filter(|(_, stream)| stream.kind.door) {
        for collected in &stream.collects {
            let first = begun.partition_point(|(at, _)| at <= collected);
            let soon = begun[first..].iter().take_while(|(at, _)| at - collected < ANSWERED);
            for (rank, (at, stranger)) in soon.enumerate() {
                for (odds, mailbox) in partners.likeliest(*stranger) {
                    let evidence = answer(streams, succeeded, *mailbox, *stranger, (rank, at - collected, *odds));
                    let known = answers.entry([door as Mailbox, *mailbox]).or_insert(evidence);
                    if known[0] < evidence[0] {
                        *known = evidence;
                    }
                }
            }
        }
    }
    answers
}

fn answer(
    streams: &[Stream],
    succeeded: &HashMap<Mailbox, f64>,
    mailbox: Mailbox,
    stranger: Mailbox,
    (rank, wait, odds): (usize, f64, f64),
) -> [f32; 6] {
    let first = |mailbox: Mailbox| streams[mailbox as usize].deposits.first().map_or(0.0, |(at, _)| *at);
    let fresh = streams[mailbox as usize].life.0 > KNOWN && first(mailbox) > first(stranger);
    let older = |mailbox: Mailbox| succeeded.get(&mailbox).copied().unwrap_or(-8.0).clamp(-8.0, 4.0);
    let fresh = f32::from(u8::from(fresh));
    let both_new = -(older(mailbox).max(older(stranger))) as f32;
    let near = (ANSWERED / (wait + 30.0)).ln() as f32;
    let odds = odds.clamp(-8.0, 8.0) as f32;
    [near * (0.2 + fresh) * (8.0 + both_new).max(0.0), near, fresh, both_new, odds, -(rank as f32 + 1.0).ln()]
}
