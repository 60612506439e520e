//! Mailboxes of both ends of an acquaintance: opened ahead, put into use, told, replaced every week, closed.

use std::collections::VecDeque;
use std::time::Duration;

use sealpost_client::policy::{self, Held};
use sealpost_crypto::stocking::RENEWAL_DAYS;

use super::post::{Envelope, Inside};
use super::{Happening, Life, System};
use crate::log::{Kind, Mailbox, Purpose, Request};
use crate::world::DAY;

/// A mailbox is in use for so long, in seconds.
const TERM: f64 = RENEWAL_DAYS as f64 * DAY;
/// A spare is opened up to so long before it is needed, in seconds.
const AHEAD: f64 = 2.0 * DAY;
/// From the first use of a new mailbox until the old one is closed, in seconds.
const TIME_TO_LIVE: f64 = 14.0 * DAY;

/// A mailbox on the relay.
pub(super) struct Kept {
    pub(super) owner: usize,
    pub(super) purpose: Purpose,
    pub(super) waiting: VecDeque<Envelope>,
    used: bool,
}

/// One end of an acquaintance.
#[derive(Debug, Default)]
pub(super) struct End {
    pub(super) unread: u32,
    pub(super) intends: bool,
    pub(super) writing: bool,
    pub(super) owes: bool,
    pub(super) receipts: u32,
    /// When it told last that it types.
    pub(super) typed: Option<Duration>,
    /// Where the other end is written to; at its door while unknown.
    pub(super) peer: Option<Mailbox>,
    /// One's own mailboxes that are not closed, the oldest first.
    own: Vec<Mailbox>,
    /// The one that the other end is to use.
    current: Option<Mailbox>,
    spare: Option<Mailbox>,
    told: bool,
}

impl Life<'_> {
    pub(super) fn open(&mut self, owner: usize, purpose: Purpose) -> Mailbox {
        let mailbox = self.kept.len() as Mailbox;
        self.kept.push(Kept { owner, purpose, waiting: VecDeque::new(), used: false });
        self.truth.mailboxes.push((owner as u32, purpose));
        let collected_by = (self.setting.system != System::Apart).then_some(owner as u32);
        self.seen.mailboxes.push(Kind { door: purpose == Purpose::Everyone, collected_by });
        self.devices[owner].mailboxes.push(mailbox);
        if !self.now.is_zero() {
            self.seen.note(self.now, mailbox, Request::Open);
        }
        mailbox
    }

    /// The mailboxes of an end that begins: in use for some time already, or a spare that was opened ahead.
    pub(super) fn furnish(&mut self, tie: usize, end: usize, since: Duration) {
        if !since.is_zero() {
            let ahead = self.dice.between(0.0, AHEAD.min(since.as_secs_f64()));
            self.at(since - ahead, Happening::Spare { tie, end });
            return self.at(since, Happening::Rotate { tie, end });
        }
        self.spare(tie, end);
        let spare = self.ends[tie][end].spare.take();
        let state = &mut self.ends[tie][end];
        (state.current, state.told) = (spare, true);
        self.ends[tie][1 - end].peer = spare;
        if let Some(mailbox) = spare {
            self.kept[mailbox as usize].used = true;
        }
        let rest = self.dice.between(0.0, TERM).as_secs_f64();
        self.plan_rotation(tie, end, rest);
    }

    fn plan_rotation(&mut self, tie: usize, end: usize, after: f64) {
        let ahead = self.dice.between(0.0, AHEAD).as_secs_f64();
        self.after(Duration::from_secs_f64((after - ahead).max(0.0)), Happening::Spare { tie, end });
        self.after(Duration::from_secs_f64(after), Happening::Rotate { tie, end });
    }

    pub(super) fn spare(&mut self, tie: usize, end: usize) {
        let owner = self.world.ties[tie].ends[end];
        let mailbox = self.open(owner, Purpose::Tie { tie: tie as u32, end: end as u8 });
        self.ends[tie][end].own.push(mailbox);
        self.ends[tie][end].spare = Some(mailbox);
        if !self.now.is_zero() {
            self.attend(owner);
        }
    }

    pub(super) fn rotate(&mut self, tie: usize, end: usize) {
        let Some(mailbox) = self.ends[tie][end].spare.take() else { return };
        self.ends[tie][end].current = Some(mailbox);
        self.ends[tie][end].told = false;
        self.plan_rotation(tie, end, TERM);
        if self.ends[tie][end].peer.is_some() {
            let wait = self.dice.between(0.0, self.announce_within);
            self.after(wait, Happening::Announce { tie, end, mailbox });
        }
    }

    pub(super) fn announce(&mut self, tie: usize, end: usize, mailbox: Mailbox) {
        let state = &self.ends[tie][end];
        if state.current == Some(mailbox) && !state.told {
            self.send(tie, end, Inside::Control);
        }
    }

    /// What a message says of where to answer it.
    pub(super) fn return_address(&mut self, tie: usize, end: usize) -> Option<Mailbox> {
        if !std::mem::replace(&mut self.ends[tie][end].told, true) {
            self.attend(self.world.ties[tie].ends[end]);
        }
        self.ends[tie][end].current
    }

    /// Where what is for this end goes: what its other end knows, or the door.
    pub(super) fn target(&self, tie: usize, to: usize) -> Mailbox {
        let known = self.ends[tie][1 - to].peer;
        known.unwrap_or_else(|| self.doors[self.world.ties[tie].ends[to]])
    }

    /// Once a mailbox is used, those before it have a time to live.
    pub(super) fn first_use(&mut self, mailbox: Mailbox) {
        let kept = &mut self.kept[mailbox as usize];
        let Purpose::Tie { tie, end } = kept.purpose else { return };
        if std::mem::replace(&mut kept.used, true) {
            return;
        }
        let own = self.ends[tie as usize][end as usize].own.clone();
        for old in own.into_iter().filter(|old| *old < mailbox) {
            self.after(Duration::from_secs_f64(TIME_TO_LIVE), Happening::Close { mailbox: old });
        }
    }

    pub(super) fn close(&mut self, mailbox: Mailbox) {
        let kept = &self.kept[mailbox as usize];
        let (owner, Purpose::Tie { tie, end }) = (kept.owner, kept.purpose) else { return };
        let own = &mut self.ends[tie as usize][end as usize].own;
        if !own.contains(&mailbox) {
            return;
        }
        own.retain(|other| *other != mailbox);
        self.devices[owner].mailboxes.retain(|other| *other != mailbox);
        self.seen.note(self.now, mailbox, Request::Close);
        self.attend(owner);
    }

    /// The mailbox that is asked for more often while somebody looks at the conversation. They are numbered as they are opened.
    pub(super) fn in_front(&self, tie: usize, end: usize) -> Option<Mailbox> {
        let state = &self.ends[tie][end];
        let given = state.own.iter().filter(|mailbox| Some(**mailbox) != state.spare);
        policy::in_front(given.map(|mailbox| Held {
            key: *mailbox,
            generation: *mailbox,
            named: state.told || Some(*mailbox) != state.current,
        }))
    }

    pub(super) fn end_of(&self, person: usize, tie: usize) -> usize {
        usize::from(self.world.ties[tie].ends[0] != person)
    }

    pub(super) fn ties_of(&self, person: usize) -> Vec<usize> {
        self.world.people[person].ties.clone()
    }
}
