//! Compares claims with the truth.

use std::collections::HashSet;

use crate::attack::{Claim, Claims, is_conversation, is_one_owner, is_succession};
use crate::log::{Mailbox, Purpose, Truth};

/// The least share of claims that must be right for them to count: an adversary that says everything says nothing.
pub const PRECISION: f64 = 0.5;

/// What came of claims of one kind, at the threshold that links the most.
#[derive(Debug, Clone, Copy, PartialEq, Default, serde::Serialize)]
pub struct Linked {
    /// How many things were linked: conversations, or people.
    pub linked: usize,
    /// Of how many.
    pub of: usize,
    /// Claims at that threshold.
    pub claims: usize,
    /// Claims at that threshold that are false.
    pub false_claims: usize,
}

impl Linked {
    /// The share of what was linked.
    #[must_use]
    pub fn share(&self) -> f64 {
        self.linked as f64 / self.of.max(1) as f64
    }

    /// The share of claims that are right.
    #[must_use]
    pub fn precision(&self) -> f64 {
        (self.claims - self.false_claims) as f64 / self.claims.max(1) as f64
    }
}

/// What an adversary linked in one system.
#[derive(Debug, Clone, Copy, PartialEq, Default, serde::Serialize)]
pub struct Score {
    /// Conversations whose two mailboxes it paired.
    pub conversations: Linked,
    /// People of whom it named somebody that they write to.
    pub people: Linked,
    /// People of whom it tied two mailboxes of different conversations, or one to their door.
    pub owners: Linked,
    /// People whose door it tied to a mailbox of theirs.
    pub named: Linked,
    /// Ends of conversations of which it tied an old mailbox to its successor.
    pub successions: Linked,
}

/// Counts. `tied` is whether the system itself shows what belongs to one person.
#[must_use]
pub fn score(claims: &Claims, truth: &Truth, tied: bool) -> Score {
    let conversations = truth.texts.iter().filter(|texts| texts.iter().any(|count| *count > 0)).count();
    let tie = |of: [Mailbox; 2]| truth.tie_of(truth.mailboxes[of[0] as usize].0, truth.mailboxes[of[1] as usize].0);
    let is_pair = |of: [Mailbox; 2]| is_conversation(truth, of).then(|| tie(of)).flatten();
    let owner = |mailbox: Mailbox| truth.mailboxes[mailbox as usize].0 as usize;
    let owners = if tied {
        Linked { linked: truth.people, of: truth.people, claims: 0, false_claims: 0 }
    } else {
        best(&claims.owners, truth.people, |of| is_one_owner(truth, of).then(|| vec![owner(of[0])]))
    };
    let is_door = |mailbox: Mailbox| truth.mailboxes[mailbox as usize].1 == Purpose::Everyone;
    let doors: Vec<Claim> = claims.owners.iter().filter(|claim| is_door(claim.of[0])).copied().collect();
    let named = if tied {
        owners
    } else {
        best(&doors, truth.people, |of| is_one_owner(truth, of).then(|| vec![owner(of[0])]))
    };
    let pairwise: Vec<Claim> = claims.owners.iter().filter(|claim| !is_door(claim.of[0])).copied().collect();
    let owners = if tied {
        owners
    } else {
        best(&pairwise, truth.people, |of| is_one_owner(truth, of).then(|| vec![owner(of[0])]))
    };
    let end = |mailbox: Mailbox| match truth.mailboxes[mailbox as usize].1 {
        Purpose::Tie { tie, end } => tie as usize * 2 + end as usize,
        Purpose::Everyone => 0,
    };
    Score {
        conversations: best(&claims.conversations, conversations, |of| is_pair(of).map(|tie| vec![tie])),
        people: best(&claims.people, truth.people, |of| tie(of).map(|_| of.map(owner).to_vec())),
        owners,
        named,
        successions: best(&claims.successions, conversations * 2, |of| {
            is_succession(truth, of).then(|| vec![end(of[0])])
        }),
    }
}

/// Of all thresholds at which at least half of the claims are right, the one that links the most.
fn best(claims: &[Claim], of: usize, right: impl Fn([Mailbox; 2]) -> Option<Vec<usize>>) -> Linked {
    let mut claims = claims.to_vec();
    claims.sort_by(|one, other| other.score.total_cmp(&one.score));
    let (mut linked, mut false_claims) = (HashSet::new(), 0);
    let mut best = Linked { of, ..Linked::default() };
    for (index, claim) in claims.iter().enumerate() {
        match right(claim.of) {
            Some(things) => linked.extend(things),
            None => false_claims += 1,
        }
        let claims = index + 1;
        if (claims - false_claims) as f64 >= PRECISION * claims as f64 && linked.len() > best.linked {
            best = Linked { linked: linked.len(), of, claims, false_claims };
        }
    }
    best
}
