//! What a phone does by itself: reach the network, take what is pushed, ask by the clocks of the SDK's own policy.

use std::collections::BTreeMap;
use std::time::Duration;

use sealpost_client::policy::{Attention, Pace, Schedule};

use super::post::Envelope;
use super::{Happening, Life, System};
use crate::log::{Mailbox, Purpose, Request};

/// Somebody's phone.
pub(super) struct Device {
    clocks: Schedule<Mailbox>,
    armed: u32,
    /// What was written while there was no network.
    pub(super) outbox: Vec<Envelope>,
    /// All mailboxes that it collects.
    pub(super) mailboxes: Vec<Mailbox>,
}

impl Device {
    pub(super) const fn new(pace: Pace) -> Self {
        Self { clocks: Schedule::new(pace), armed: 0, outbox: Vec::new(), mailboxes: Vec::new() }
    }
}

impl Life<'_> {
    pub(super) fn switch(&mut self, person: usize) {
        if !self.online(person) {
            return;
        }
        for envelope in std::mem::take(&mut self.devices[person].outbox) {
            self.deposit(envelope);
        }
        match self.setting.system {
            System::Apart => self.arm(person),
            System::Signal | System::Together => {
                for mailbox in self.devices[person].mailboxes.clone() {
                    if !self.kept[mailbox as usize].waiting.is_empty() {
                        self.ring_through(mailbox);
                    }
                }
            }
        }
    }

    /// Something is there for a phone that is connected.
    pub(super) fn ring_through(&mut self, mailbox: Mailbox) {
        let wait = self.dice.between(0.1, 0.4);
        self.after(wait, Happening::Push { mailbox });
    }

    pub(super) fn push(&mut self, mailbox: Mailbox) {
        if self.online(self.kept[mailbox as usize].owner) {
            while self.collect(mailbox) {}
        }
    }

    /// Tells the clocks which mailboxes there are, and at which of them somebody looks.
    pub(super) fn attend(&mut self, person: usize) {
        if self.setting.system != System::Apart {
            return;
        }
        let open = self.minds[person].focus.and_then(|tie| self.in_front(tie, self.end_of(person, tie)));
        let attention = |mailbox: &Mailbox| {
            let looked_at = open == Some(*mailbox);
            let door = self.kept[*mailbox as usize].purpose == Purpose::Everyone;
            let unseen = if door { Attention::Door } else { Attention::Background };
            (*mailbox, if looked_at { Attention::Foreground } else { unseen })
        };
        let mailboxes: BTreeMap<_, _> = self.devices[person].mailboxes.iter().map(attention).collect();
        self.devices[person].clocks.set(&mailboxes, self.now, self.dice.rng());
        self.arm(person);
    }

    fn arm(&mut self, person: usize) {
        let device = &mut self.devices[person];
        device.armed += 1;
        let (token, next) = (device.armed, device.clocks.next());
        if let Some(next) = next.filter(|_| self.online(person)) {
            self.at(next.max(self.now), Happening::Poll { person, token });
        }
    }

    pub(super) fn poll(&mut self, person: usize, token: u32) {
        if self.devices[person].armed != token || !self.online(person) {
            return;
        }
        while let Some(mailbox) = self.devices[person].clocks.take_due(self.now, self.dice.rng()) {
            if !self.collect(mailbox) {
                self.seen.note(self.now, mailbox, Request::Poll);
            } else if !self.kept[mailbox as usize].waiting.is_empty() {
                self.devices[person].clocks.hasten(mailbox, self.now, self.dice.rng());
            }
        }
        self.arm(person);
    }

    /// Takes one envelope out of a mailbox, if one is there.
    fn collect(&mut self, mailbox: Mailbox) -> bool {
        let Some(envelope) = self.kept[mailbox as usize].waiting.pop_front() else { return false };
        self.seen.note(self.now, mailbox, Request::Collect);
        self.first_use(mailbox);
        self.receive(envelope);
        true
    }

    /// How long it takes from pressing a key until the relay has it.
    pub(super) fn line(&mut self) -> Duration {
        self.dice.between(0.05, 0.3)
    }
}
