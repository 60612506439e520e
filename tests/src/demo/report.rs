//! What came of the demo.

use serde::Serialize;

use super::Policy;
use super::account::Account;
use super::finding::Finding;
use super::seen::Relayed;
use super::stored::{Kept, Stored};
use crate::person::Received;
use crate::search::Find;

/// What came of it.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Messages that were written, by both.
    pub sent: usize,
    /// Messages that were shown, by both.
    #[serde(flatten)]
    pub account: Account,
    /// What came of looking people up.
    #[serde(flatten)]
    pub finding: Finding,
    /// Values that were looked for: texts, names, numbers.
    pub canaries_planted: usize,
    /// Values under 56 bits, of which not finding them would say nothing.
    pub canaries_too_short: usize,
    /// How often one was found.
    pub canaries_found: usize,
    /// Numbers that their owners told the attester, which is what it is there for.
    pub numbers_told_to_the_attester: usize,
    /// Ways of writing that were looked for.
    pub patterns: usize,
    /// Bytes that were searched.
    pub bytes_searched: u64,
    /// How the search itself was tried.
    pub search_tried: Trial,
    /// How often the relay was killed with -9.
    pub relay_kills: usize,
    /// How often a client was killed with -9.
    pub client_kills: usize,
    /// Envelopes that the relay accepted from the wire.
    pub envelopes: usize,
    /// How everyone collected, through the proxy; nothing where there was none.
    pub policy: Option<Policy>,
    /// Sealed requests that the proxy passed on to the relay.
    pub sealed_requests: usize,
    /// Requests that reached the relay in another way than the policy says.
    pub requests_around_the_proxy: usize,
    /// What the opt-out at the end brought.
    pub opt_out: OptOut,
    /// How long it took.
    pub seconds: u64,
    /// What each server keeps at the end.
    pub kept: Vec<Kept>,
    /// What was found, if anything.
    #[serde(skip)]
    pub finds: Vec<Find>,
    /// What the relay saw.
    #[serde(skip)]
    pub relayed: Relayed,
    /// What lay in its store when it was killed.
    #[serde(skip)]
    pub stored: Stored,
    /// What each of the two was shown.
    #[serde(skip)]
    pub shown: [Vec<Received>; 2],
}

/// A search that finds nothing says something only if it would find what is there: leaks planted in a scratch directory.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Trial {
    /// Texts and numbers that were planted there.
    pub planted: usize,
    /// Those that were found.
    pub found: usize,
}

impl Trial {
    const fn holds(self) -> bool {
        self.planted > 0 && self.found == self.planted
    }
}

/// What the relay said to an opt-out.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct OptOut {
    /// Objects of which it has stated the deletion, signed.
    pub confirmed: u64,
    /// Objects that it did not close.
    pub pending: u64,
}

impl Report {
    /// Whether all that the demo is to show was shown.
    #[must_use]
    pub fn holds(&self) -> bool {
        let Account { received, lost, duplicates, out_of_order } = self.account;
        let talk = received == self.sent && lost == 0 && duplicates == 0 && out_of_order == 0;
        talk && self.finding.holds()
            && self.canaries_found == 0
            && self.search_tried.holds()
            && self.requests_around_the_proxy == 0
            && self.policy.is_some() == (self.sealed_requests > 0)
            && self.opt_out.pending == 0
            && self.opt_out.confirmed > 0
    }
}
