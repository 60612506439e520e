//! The curious relay. All of it takes [`Seen`] and nothing else; it has practised in another world, of which it was told the truth.

use std::collections::HashMap;

use crate::log::{Mailbox, Purpose, Seen, Truth};
use conversations::{Candidate, Partners};
use practice::{Evidence, Judgement, sigmoid};
use presence::Presence;
use streams::Stream;

mod conversations;
mod doors;
mod owners;
pub mod practice;
pub mod presence;
pub mod streams;
mod succession;
pub mod tally;

/// Something that the adversary says of two mailboxes, and how sure it is: a score, the higher the surer.
#[derive(Debug, Clone, Copy)]
pub struct Claim {
    /// How sure.
    pub score: f64,
    /// Of what.
    pub of: [Mailbox; 2],
}

/// All that it says.
#[derive(Debug, Clone, Default)]
pub struct Claims {
    /// These two answer each other.
    pub conversations: Vec<Claim>,
    /// The second took the place of the first.
    pub successions: Vec<Claim>,
    /// These two, of different conversations, have one owner; the first may be a door.
    pub owners: Vec<Claim>,
    /// The owners of these two doors write to each other.
    pub people: Vec<Claim>,
}

/// Which kinds of evidence an adversary looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Means {
    /// What follows what: statistical disclosure, and pairing by timing.
    Timing,
    /// What happens while somebody has a conversation open.
    Waiting,
    /// Larger sizes by themselves.
    Sizes,
    /// Who is not there when.
    Gaps,
    /// What begins shortly after something else began or ended.
    Visits,
    /// First contacts.
    Strangers,
}

impl Means {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Timing, Self::Waiting, Self::Sizes, Self::Gaps, Self::Visits, Self::Strangers];
}

/// What it has learned.
#[derive(Debug, Clone, Default)]
pub struct Adversary {
    means: Vec<Means>,
    conversations: Judgement,
    successions: Judgement,
    owners: Judgement,
    doors: Judgement,
}

/// How strongly a relative is believed to be one, at least: the logarithm of the odds.
const BELIEVED: f64 = 0.0;
/// How many relatives are asked.
const RELATIVES: usize = 8;

/// The log, sorted, and what is computed of it once.
pub struct Study {
    streams: Vec<Stream>,
    presence: Option<Presence>,
    pairwise: bool,
}

impl Study {
    /// Sorts what a relay has seen. Bins of presence are so many seconds long.
    #[must_use]
    pub fn new(seen: &Seen, bin: f64) -> Self {
        let streams = streams::streams(seen);
        let hidden = seen.mailboxes.iter().all(|kind| kind.collected_by.is_none());
        let presence = hidden.then(|| Presence::new(&streams, bin, seen.seconds));
        let pairwise = seen.mailboxes.iter().any(|kind| !kind.door);
        Self { streams, presence, pairwise }
    }
}

impl Adversary {
    /// Practises, with some means alone, on a world whose truth it is told.
    #[must_use]
    pub fn practised(study: &Study, truth: &Truth, means: &[Means]) -> Self {
        let mut adversary = Self { means: means.to_vec(), ..Self::default() };
        let candidates = adversary.conversations(study);
        adversary.conversations = learned(&candidates, |of| is_conversation(truth, of));
        let partners = Partners::weighed(&candidates, &adversary.conversations, study.pairwise);
        drop(candidates);
        if study.pairwise {
            let candidates = adversary.successions(study, &partners);
            adversary.successions = learned(&candidates, |of| is_succession(truth, of));
            if let Some(presence) = &study.presence {
                let succeeded = adversary.succeeded(&candidates);
                let candidates = adversary.owners(study, &partners, presence);
                adversary.owners = learned(&candidates, |of| is_one_owner(truth, of));
                let relatives = adversary.relatives(&candidates);
                let candidates = adversary.doors(study, &partners, presence, (&relatives, &succeeded));
                adversary.doors = learned(&candidates, |of| is_one_owner(truth, of));
            }
        }
        adversary
    }

    /// Says all that can be said of what a relay has seen.
    #[must_use]
    pub fn attack(&self, study: &Study) -> Claims {
        let candidates = self.conversations(study);
        let partners = Partners::weighed(&candidates, &self.conversations, study.pairwise);
        drop(candidates);
        let conversations = partners.pairs.iter().map(|(score, of)| Claim { score: *score, of: *of }).collect();
        let mut claims = Claims { conversations, ..Claims::default() };
        let mut whose = connections(&study.streams);
        if study.pairwise {
            let candidates = self.successions(study, &partners);
            claims.successions = weighed(&candidates, &self.successions);
            if let Some(presence) = &study.presence {
                let succeeded = self.succeeded(&candidates);
                let candidates = self.owners(study, &partners, presence);
                claims.owners = weighed(&candidates, &self.owners);
                let relatives = self.relatives(&candidates);
                let candidates = self.doors(study, &partners, presence, (&relatives, &succeeded));
                let doors = weighed(&candidates, &self.doors);
                whose = likeliest_doors(&doors);
                claims.owners.extend(named(&whose));
            }
        }
        claims.people = people(&claims.conversations, &whose);
        claims
    }

    fn conversations(&self, study: &Study) -> Vec<Candidate> {
        self.masked(conversations::candidates(&study.streams), &conversations::means())
    }

    fn successions(&self, study: &Study, partners: &Partners) -> Vec<Candidate> {
        let candidates = succession::candidates(&study.streams, partners, study.presence.as_ref());
        self.masked(candidates, &succession::MEANS)
    }

    fn owners(&self, study: &Study, partners: &Partners, presence: &Presence) -> Vec<Candidate> {
        self.masked(owners::candidates(&study.streams, partners, presence), &owners::means())
    }

    fn doors(
        &self,
        study: &Study,
        partners: &Partners,
        presence: &Presence,
        (relatives, succeeded): (&HashMap<Mailbox, Vec<Mailbox>>, &HashMap<Mailbox, f64>),
    ) -> Vec<Candidate> {
        let candidates = doors::candidates(&study.streams, partners, presence, relatives, succeeded);
        self.masked(candidates, &doors::MEANS)
    }

    /// Looks away from what is not among its means.
    fn masked(&self, mut candidates: Vec<Candidate>, means: &[Option<Means>]) -> Vec<Candidate> {
        let hidden = |means: &Option<Means>| means.is_some_and(|means| !self.means.contains(&means));
        let hidden: Vec<usize> = (0..means.len()).filter(|index| hidden(&means[*index])).collect();
        for candidate in &mut candidates {
            hidden.iter().for_each(|index| candidate.evidence[*index] = 0.0);
        }
        candidates
    }

    fn succeeded(&self, candidates: &[Candidate]) -> HashMap<Mailbox, f64> {
        let mut best = HashMap::new();
        for candidate in candidates {
            let odds = self.successions.weigh(&candidate.evidence);
            let known = best.entry(candidate.of[1]).or_insert(odds);
            *known = f64::max(*known, odds);
        }
        best
    }

    fn relatives(&self, candidates: &[Candidate]) -> HashMap<Mailbox, Vec<Mailbox>> {
        let mut claims = weighed(candidates, &self.owners);
        claims.retain(|claim| claim.score > BELIEVED);
        claims.sort_by(|one, other| other.score.total_cmp(&one.score));
        let mut relatives: HashMap<Mailbox, Vec<Mailbox>> = HashMap::new();
        for Claim { of: [one, other], .. } in claims {
            for (of, with) in [(one, other), (other, one)] {
                let list = relatives.entry(of).or_default();
                if list.len() < RELATIVES {
                    list.push(with);
                }
            }
        }
        relatives
    }
}

fn learned(candidates: &[Candidate], truth: impl Fn([Mailbox; 2]) -> bool) -> Judgement {
    let examples: Vec<(&Evidence, bool)> =
        candidates.iter().map(|candidate| (&candidate.evidence, truth(candidate.of))).collect();
    Judgement::learned(&examples)
}

fn weighed(candidates: &[Candidate], judgement: &Judgement) -> Vec<Claim> {
    candidates.iter().map(|candidate| Claim { score: judgement.weigh(&candidate.evidence), of: candidate.of }).collect()
}

/// Whose a mailbox is where its connection says it, as the door on the same connection.
fn connections(streams: &[Stream]) -> HashMap<Mailbox, Vec<(f64, Mailbox)>> {
    let doors: HashMap<u32, Mailbox> = streams
        .iter()
        .enumerate()
        .filter(|(_, stream)| stream.kind.door)
        .filter_map(|(door, stream)| stream.kind.collected_by.map(|by| (by, door as Mailbox)))
        .collect();
    let door = |stream: &Stream| stream.kind.collected_by.and_then(|by| doors.get(&by)).map(|door| vec![(1.0, *door)]);
    streams.iter().enumerate().filter_map(|(of, stream)| door(stream).map(|door| (of as Mailbox, door))).collect()
}

/// The doors that a mailbox may belong to, each with its probability: it belongs to one at most.
fn likeliest_doors(doors: &[Claim]) -> HashMap<Mailbox, Vec<(f64, Mailbox)>> {
    let mut of: HashMap<Mailbox, Vec<(f64, Mailbox)>> = HashMap::new();
    for Claim { score, of: [door, mailbox] } in doors {
        of.entry(*mailbox).or_default().push((score.clamp(-30.0, 30.0).exp(), *door));
    }
    for list in of.values_mut() {
        let all = 1.0 + list.iter().map(|(odds, _)| odds).sum::<f64>();
        list.iter_mut().for_each(|(odds, _)| *odds /= all);
        list.sort_by(|one, other| other.0.total_cmp(&one.0));
        list.truncate(3);
    }
    of
}

/// Which door a mailbox belongs to, if to any.
fn named(whose: &HashMap<Mailbox, Vec<(f64, Mailbox)>>) -> Vec<Claim> {
    let claim = |mailbox: Mailbox, (score, door): (f64, Mailbox)| Claim {
        score: (score / (1.0 - score).max(1e-12)).ln(),
        of: [door, mailbox],
    };
    let mut claims: Vec<Claim> =
        whose.iter().flat_map(|(mailbox, doors)| doors.iter().map(|door| claim(*mailbox, *door))).collect();
    claims.sort_by_key(|claim| claim.of);
    claims
}

/// Who writes to whom: for two doors, how many conversations between mailboxes of theirs are to be expected.
fn people(conversations: &[Claim], whose: &HashMap<Mailbox, Vec<(f64, Mailbox)>>) -> Vec<Claim> {
    let mut expected: HashMap<[Mailbox; 2], f64> = HashMap::new();
    for Claim { score, of } in conversations {
        let [Some(ones), Some(others)] = of.map(|mailbox| whose.get(&mailbox)) else { continue };
        for (one, of_one) in ones {
            for (other, of_other) in others.iter().filter(|(_, other)| other != of_one) {
                *expected.entry(owners::sorted(*of_one, *of_other)).or_insert(0.0) += one * other * sigmoid(*score);
            }
        }
    }
    let mut claims: Vec<Claim> = expected.into_iter().map(|(of, score)| Claim { score, of }).collect();
    claims.sort_by_key(|claim| claim.of);
    claims
}

/// Whether two mailboxes are the two ends of one acquaintance, or two people who write to each other.
#[must_use]
pub fn is_conversation(truth: &Truth, of: [Mailbox; 2]) -> bool {
    match of.map(|mailbox| truth.mailboxes[mailbox as usize]) {
        [(_, Purpose::Tie { tie, end }), (_, Purpose::Tie { tie: of, end: other })] => tie == of && end != other,
        [(one, Purpose::Everyone), (other, Purpose::Everyone)] => truth.acquainted(one, other),
        _ => false,
    }
}

/// Whether they are mailboxes of one end of an acquaintance.
#[must_use]
pub fn is_succession(truth: &Truth, of: [Mailbox; 2]) -> bool {
    match of.map(|mailbox| truth.mailboxes[mailbox as usize].1) {
        [one @ Purpose::Tie { .. }, other] => one == other,
        [Purpose::Everyone, _] => false,
    }
}

/// Whether one person has both, for different conversations, or one of them for strangers.
#[must_use]
pub fn is_one_owner(truth: &Truth, of: [Mailbox; 2]) -> bool {
    let [(one, purpose), (other, with)] = of.map(|mailbox| truth.mailboxes[mailbox as usize]);
    one == other && purpose != with
}
