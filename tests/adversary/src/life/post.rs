//! Texts, receipts, notices of typing and control messages, from one phone into a mailbox and out of it.

use std::time::Duration;

use super::{Automatic, Happening, Life, System};
use crate::log::{Mailbox, Request};

/// What an envelope holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Inside {
    /// A text, and how large it is, if that is not left to chance.
    Text(Option<u8>),
    Receipt,
    Typing,
    /// A return address and nothing else.
    Control,
}

/// One message on its way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Envelope {
    pub(super) tie: usize,
    /// Whose end it goes to.
    pub(super) to: usize,
    inside: Inside,
    /// The sender's current return address.
    carries: Option<Mailbox>,
    written: Duration,
}

/// Shares of the two larger classes among texts.
const MEDIUM: f64 = 0.04;
const LARGE: f64 = 0.01;
/// Who types tells it so often, in seconds, as the SDK does.
const TYPING_EVERY: f64 = 10.0;

impl Life<'_> {
    /// Sends a text of a size that is given, or of one as common as sizes are.
    pub(super) fn send_text(&mut self, tie: usize, from: usize, size: Option<u8>) {
        self.truth.texts[tie][from] += 1;
        if self.setting.system != System::Signal {
            // Whatever receipt is owed goes with it.
            self.ends[tie][from].owes = false;
        }
        self.send(tie, from, Inside::Text(size));
    }

    pub(super) fn send(&mut self, tie: usize, from: usize, inside: Inside) {
        let carries = self.return_address(tie, from);
        let envelope = Envelope { tie, to: 1 - from, inside, carries, written: self.now };
        let person = self.world.ties[tie].ends[from];
        if self.online(person) {
            self.deposit(envelope);
        } else {
            self.devices[person].outbox.push(envelope);
        }
    }

    pub(super) fn deposit(&mut self, envelope: Envelope) {
        let Envelope { tie, to, .. } = envelope;
        let mailbox = self.target(tie, to);
        let (size, wait) = (self.size(envelope.inside), self.line());
        self.seen.note(self.now + wait, mailbox, Request::Deposit(size));
        self.kept[mailbox as usize].waiting.push_back(envelope);
        if self.setting.system != System::Apart && self.online(self.kept[mailbox as usize].owner) {
            self.ring_through(mailbox);
        }
    }

    /// The size that the relay sees: a class, or with one mailbox for all, a number of blocks.
    fn size(&mut self, inside: Inside) -> u8 {
        match (self.setting.system, inside) {
            (_, Inside::Text(Some(size))) => size,
            (System::Signal, Inside::Text(None)) => 1 + self.dice.runs(0.4) as u8,
            (_, Inside::Text(None)) if self.dice.chance(MEDIUM) => 1,
            (_, Inside::Text(None)) if self.dice.chance(LARGE) => 2,
            _ => 0,
        }
    }

    pub(super) fn receive(&mut self, envelope: Envelope) {
        let Envelope { tie, to, inside, carries, written } = envelope;
        if let Some(address) = carries {
            let known = self.ends[tie][to].peer.replace(address);
            // A return address that came later holds, also if an earlier one is collected after it.
            if known.is_some_and(|known| known > address) {
                self.ends[tie][to].peer = known;
            }
        }
        if matches!(inside, Inside::Text(_)) {
            self.waits.0 += (self.now - written).as_secs_f64();
            self.waits.1 += 1;
            self.owe_receipt(tie, to);
            self.rings(self.world.ties[tie].ends[to], tie);
        }
    }

    fn owe_receipt(&mut self, tie: usize, end: usize) {
        if self.setting.automatic != Automatic::Receipts {
            return;
        }
        let wait = match self.setting.system {
            // At once, and for each text.
            System::Signal => self.dice.between(0.2, 1.0),
            _ if self.ends[tie][end].owes => return,
            // Nobody is told anything before they were answered.
            _ if !self.knows(tie, end) => return,
            _ => self.dice.between(self.receipt_within / 8.0, self.receipt_within),
        };
        let state = &mut self.ends[tie][end];
        state.owes = true;
        state.receipts += 1;
        let token = state.receipts;
        self.after(wait, Happening::Receipt { tie, end, token });
    }

    /// Somebody begins to type, or goes on.
    pub(super) fn types(&mut self, person: usize, tie: usize, until: Duration) {
        let end = self.end_of(person, tie);
        if self.now >= until || !self.ends[tie][end].writing {
            return;
        }
        let every = Duration::from_secs_f64(TYPING_EVERY);
        let is_due = self.ends[tie][end].typed.is_none_or(|last| self.now >= last + every);
        // It goes to no front door, and does not wait for a network.
        let has_a_way = self.setting.system == System::Signal || self.ends[tie][end].peer.is_some();
        if is_due && has_a_way && self.knows(tie, end) && self.online(person) {
            self.ends[tie][end].typed = Some(self.now);
            self.send(tie, end, Inside::Typing);
        }
        self.after(every, Happening::Type { person, tie, until });
    }

    /// Whether this end has accepted the other.
    fn knows(&self, tie: usize, end: usize) -> bool {
        self.world.ties[tie].since.is_zero() || self.truth.texts[tie][end] > 0
    }

    pub(super) fn receipt_is_due(&mut self, tie: usize, end: usize, token: u32) {
        let state = &mut self.ends[tie][end];
        let due = self.setting.system == System::Signal || state.owes && state.receipts == token;
        if due {
            state.owes = false;
            self.send(tie, end, Inside::Receipt);
        }
    }
}
