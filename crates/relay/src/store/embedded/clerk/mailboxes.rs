//! Mailboxes.

use std::sync::Arc;
use std::time::Instant;

use sealpost_wire::request::{MailboxKind, Stored};
use sealpost_wire::time::{Day, Hour};
use sealpost_wire::{CollectHash, EnvelopeId, MailboxId};
use tokio::sync::oneshot;

use super::{Clerk, answer_now};
use crate::store::embedded::cache::Weight;
use crate::store::embedded::disk::Fault;
use crate::store::embedded::pages::{Place, Plan};
use crate::store::embedded::rows::{MailboxRow, Space, envelope_key};
use crate::store::queue::{Admission, Entry, Queue};
use crate::store::sequence::Block;
use crate::store::{Denied, Kept, MailboxOwner, Moment, NewEnvelope, Quota, Range, Right, lease};

type Answer<T> = oneshot::Sender<T>;

/// A mailbox in use.
pub(super) struct Mailbox {
    row: MailboxRow,
    pub(super) queue: Queue,
    /// Where its next sequences come from; empty until it is deposited in.
    block: Block,
}

impl Weight for Mailbox {
    fn weight(&self) -> usize {
        self.queue.len() * (size_of::<Entry>() + size_of::<u32>())
    }
}

impl Clerk {
    pub(in super::super) fn open_mailbox(
        &mut self,
        owner: MailboxOwner,
        kind: MailboxKind,
        at: Moment,
        answer: Answer<Result<(), Denied>>,
    ) -> Result<(), Fault> {
        self.load(&owner.id)?;
        if self.is_there(&owner.id, at.now.day()) {
            if !self.owns(&owner, at.now.day()) {
                answer_now(answer, Err(Denied));
                return Ok(());
            }
            self.lease(&owner.id, at.lease);
        } else if !self.has_room() {
            return Ok(());
        } else {
            // What lapsed may still have something in it, which is not the new owner's.
            self.erase_mailbox(&owner.id);
            let row = MailboxRow { collect: owner.collect, kind, lease: at.lease };
            let mailbox = Mailbox { row, queue: Queue::default(), block: Block::default() };
            self.mailboxes.set(owner.id, Some(mailbox), self.number);
            self.pending.put(Space::Mailboxes, owner.id.as_bytes(), row.to_bytes());
        }
        self.answer_soon(answer, Ok(()));
        Ok(())
    }

    pub(in super::super) fn deposit(
        &mut self,
        envelopes: Vec<NewEnvelope>,
        now: Hour,
        answer: Answer<Vec<Kept>>,
    ) -> Result<(), Fault> {
        if !self.has_room() {
            return Ok(());
        }
        let came = Instant::now();
        let kept = envelopes.into_iter().map(|new| self.keep(new, now, came)).collect::<Result<_, _>>()?;
        self.answer_deposits(answer, kept, came);
        Ok(())
    }

    /// Whether the disk has more space than what is left to acknowledgements and closing, which need some to erase.
    /// Without it, nothing that is new is kept: an answer that is dropped tells so.
    pub(super) fn has_room(&self) -> bool {
        self.directory.free_space().map_or(true, |free| free >= self.options.disk_reserve_bytes)
    }

    fn keep(&mut self, new: NewEnvelope, now: Hour, came: Instant) -> Result<Kept, Fault> {
        let id = new.mailbox;
        self.load(&id)?;
        if !self.owns(&MailboxOwner { id, collect: new.collect }, now.day()) {
            return Ok(Kept::Gone);
        }
        match self.admits(&new, now) {
            Admission::Repeat => return Ok(Kept::Kept),
            Admission::Full => return Ok(Kept::Full),
            Admission::Fits if self.is_too_fast(&new) => return Ok(Kept::Slowed),
            Admission::Fits => {}
        }
        let sequence = self.next_sequence(&id)?;
        let entry = Entry { sequence, id: new.id, expires: new.expires, class: new.sealed.class() };
        let stored = Arc::new(Stored { sequence, id: new.id, sealed: new.sealed });
        if let Some(mailbox) = self.mailboxes.change(&id, self.number) {
            mailbox.queue.push(entry);
        }
        self.pending.keep(&id, entry, Arc::clone(&stored), came);
        self.arrivals.arrived(&id, &stored);
        Ok(Kept::Kept)
    }

    /// What the envelope would be, after making what room expiry gives if it is needed.
    fn admits(&mut self, new: &NewEnvelope, now: Hour) -> Admission {
        let (class, quota) = (new.sealed.class(), self.quota(new));
        let Some(mailbox) = self.mailboxes.find(&new.mailbox) else { return Admission::Full };
        let admission = mailbox.queue.admits(&new.id, class, &quota, now);
        if admission != Admission::Full {
            return admission;
        }
        let Some(mailbox) = self.mailboxes.change(&new.mailbox, self.number) else { return admission };
        for expired in mailbox.queue.take_expired(now) {
            self.pending.erase(&new.mailbox, &expired);
        }
        mailbox.queue.admits(&new.id, class, &quota, now)
    }

    /// How much may lie in the mailbox with the envelope.
    fn quota(&self, new: &NewEnvelope) -> Quota {
        let whole = self.options.quota;
        if self.is_strangers(new) { whole.half() } else { whole }
    }

    fn is_too_fast(&self, new: &NewEnvelope) -> bool {
        new.right == Right::Stranger { too_fast: true } && self.is_strangers(new)
    }

    /// Whether a stranger puts it into a front door.
    fn is_strangers(&self, new: &NewEnvelope) -> bool {
        let is_door = self.mailboxes.find(&new.mailbox).is_some_and(|it| it.row.kind == MailboxKind::FrontDoor);
        is_door && new.right != Right::Full
    }

    fn next_sequence(&mut self, id: &MailboxId) -> Result<u64, Fault> {
        loop {
            let mailbox = self.mailboxes.change(id, self.number).ok_or(Fault::Damaged)?;
            if let Some(sequence) = mailbox.block.next() {
                return Ok(sequence);
            }
            if let Some(mark) = self.blocks.due() {
                self.shared.write(|disk| disk.reserve(mark))?;
                self.blocks.reserved(mark);
            }
            mailbox.block = self.blocks.draw().ok_or(Fault::Damaged)?;
        }
    }

    pub(in super::super) fn plan_page(
        &mut self,
        owner: MailboxOwner,
        range: Range,
        at: Moment,
        answer: Answer<Result<Plan, Denied>>,
    ) -> Result<(), Fault> {
        self.load(&owner.id)?;
        if !self.owns(&owner, at.now.day()) {
            answer_now(answer, Err(Denied));
            return Ok(());
        }
        self.lease(&owner.id, at.lease);
        answer_now(answer, Ok(self.plan(&owner.id, range, at.now)));
        Ok(())
    }

    fn plan(&self, id: &MailboxId, range: Range, now: Hour) -> Plan {
        let mut plan = Plan { places: Vec::new(), more: false };
        let mut room = range.bytes;
        for entry in self.mailboxes.find(id).into_iter().flat_map(|mailbox| mailbox.queue.behind(range.after, now)) {
            let bytes = entry.class.stored_length();
            if plan.places.len() == range.envelopes || (room < bytes && !plan.places.is_empty()) {
                plan.more = true;
                break;
            }
            room = room.saturating_sub(bytes);
            plan.places.push(self.place(id, entry));
        }
        plan
    }

    fn place(&self, id: &MailboxId, entry: &Entry) -> Place {
        let key = envelope_key(id, entry.sequence);
        let flushing = || self.flushing.as_ref().and_then(|batch| batch.stored(&key));
        match self.pending.stored(&key).or_else(flushing) {
            Some(stored) => Place::Here(Arc::clone(stored)),
            None => Place::OnDisk { key, day: entry.expires.day(), sequence: entry.sequence, id: entry.id },
        }
    }

    pub(in super::super) fn acknowledge(
        &mut self,
        received: &[(MailboxOwner, Vec<EnvelopeId>)],
        now: Hour,
        answer: Answer<Vec<Result<(), Denied>>>,
    ) -> Result<(), Fault> {
        let answers =
            received.iter().map(|(owner, ids)| self.erase_received(owner, ids, now)).collect::<Result<_, _>>()?;
        self.answer(answer, answers);
        Ok(())
    }

    fn erase_received(
        &mut self,
        owner: &MailboxOwner,
        ids: &[EnvelopeId],
        now: Hour,
    ) -> Result<Result<(), Denied>, Fault> {
        self.load(&owner.id)?;
        if !self.owns(owner, now.day()) {
            return Ok(Err(Denied));
        }
        if let Some(mailbox) = self.mailboxes.change(&owner.id, self.number) {
            for entry in mailbox.queue.take_ids(ids) {
                self.pending.erase(&owner.id, &entry);
            }
        }
        Ok(Ok(()))
    }

    pub(in super::super) fn close_mailbox(
        &mut self,
        owner: MailboxOwner,
        now: Hour,
        answer: Answer<Result<(), Denied>>,
    ) -> Result<(), Fault> {
        self.load(&owner.id)?;
        if !self.owns(&owner, now.day()) {
            answer_now(answer, Err(Denied));
            return Ok(());
        }
        self.erase_mailbox(&owner.id);
        self.answer_soon(answer, Ok(()));
        Ok(())
    }

    /// Erases a mailbox, if it is there, with everything in it; it must have been loaded.
    pub(super) fn erase_mailbox(&mut self, id: &MailboxId) {
        let Some(mailbox) = self.mailboxes.find(id) else { return };
        for entry in mailbox.queue.iter() {
            self.pending.erase(id, entry);
        }
        self.pending.remove(Space::Mailboxes, id.as_bytes());
        self.mailboxes.set(*id, None, self.number);
        self.arrivals.closed(id);
    }

    pub(in super::super) fn renew(
        &mut self,
        mailboxes: &[MailboxId],
        at: Moment,
        answer: Answer<()>,
    ) -> Result<(), Fault> {
        for id in mailboxes {
            self.load(id)?;
            if self.is_there(id, at.now.day()) {
                self.lease(id, at.lease);
            }
        }
        self.answer(answer, ());
        Ok(())
    }

    /// Reads the mailbox from disk, unless it is known.
    pub(super) fn load(&mut self, id: &MailboxId) -> Result<(), Fault> {
        if self.mailboxes.holds(id) {
            return Ok(());
        }
        if let Some(row) = self.disk(|disk| disk.mailbox(id))? {
            let queue = self.disk(|disk| disk.queue(id))?;
            self.mailboxes.learn(*id, Mailbox { row, queue, block: Block::default() });
        }
        Ok(())
    }

    pub(super) fn is_there(&self, id: &MailboxId, today: Day) -> bool {
        self.mailboxes.find(id).is_some_and(|mailbox| lease::holds(mailbox.row.lease, today))
    }

    /// Whether the mailbox is there and the key is its own; the same work either way.
    fn owns(&self, owner: &MailboxOwner, today: Day) -> bool {
        let nobodys = CollectHash::from_bytes([0; 32]);
        let collect = self.mailboxes.find(&owner.id).map_or(nobodys, |mailbox| mailbox.row.collect);
        collect.matches(&owner.collect) & self.is_there(&owner.id, today)
    }

    /// Extends the lease, at most once a day.
    fn lease(&mut self, id: &MailboxId, fresh: Day) {
        let Some(extended) = self.mailboxes.find(id).and_then(|mailbox| lease::extended(mailbox.row.lease, fresh))
        else {
            return;
        };
        if let Some(mailbox) = self.mailboxes.change(id, self.number) {
            mailbox.row.lease = extended;
            self.pending.put(Space::Mailboxes, id.as_bytes(), mailbox.row.to_bytes());
        }
    }
}
