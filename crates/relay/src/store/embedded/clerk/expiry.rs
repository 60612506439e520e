//! What is erased by time: envelopes of past days, objects whose lease lapsed.

use sealpost_wire::MailboxId;
use sealpost_wire::time::{Day, Hour};
use tokio::sync::oneshot;

use super::{Clerk, answer_now};
use crate::store::embedded::disk::{Disk, Fault};
use crate::store::embedded::rows::split_key;

/// Envelopes whose rows are removed at a time, before others have their turn.
const ENVELOPES: usize = 4_096;

/// Mailboxes, and shelves, that are erased at a time.
const OBJECTS: usize = 256;

/// How far a past day has been gone through.
pub(super) struct Cursor {
    day: Day,
    after: Vec<u8>,
}

impl Clerk {
    /// Goes through a part of the first past day; at its end, drops the day.
    ///
    /// Nothing else is in flight meanwhile, so that no row is removed twice.
    pub(in super::super) fn expire(&mut self, now: Hour, answer: oneshot::Sender<bool>) -> Result<(), Fault> {
        let Some(day) = self.disk(|disk| Ok(disk.past_day(now.day())))? else {
            answer_now(answer, false);
            return Ok(());
        };
        self.settle()?;
        let after =
            self.expiring.take().filter(|cursor| cursor.day == day).map(|cursor| cursor.after).unwrap_or_default();
        let keys = self.disk(|disk| disk.day_keys(day, &after, ENVELOPES))?;
        self.shared.write(|disk| disk.forget(&keys))?;
        keys.iter().for_each(|key| self.forget(key));
        match keys.last() {
            Some(last) if keys.len() == ENVELOPES => self.expiring = Some(Cursor { day, after: last.to_vec() }),
            _ => self.shared.write(|disk| disk.drop_day(day))?,
        }
        answer_now(answer, true);
        Ok(())
    }

    /// Takes an envelope whose rows are gone out of the index.
    fn forget(&mut self, key: &[u8]) {
        let Some((mailbox, sequence)) = split_key(key) else { return };
        let mailbox = MailboxId::from_bytes(mailbox);
        if self.mailboxes.holds(&mailbox) {
            self.mailboxes.change(&mailbox, self.number).and_then(|mailbox| mailbox.queue.take_sequence(sequence));
        }
    }

    /// Erases a part of what lapsed.
    pub(in super::super) fn lapse(&mut self, today: Day, answer: oneshot::Sender<u64>) -> Result<(), Fault> {
        // So that the disk knows every lease that was extended.
        self.settle()?;
        let (mailboxes, shelves) = self.disk(|disk: &Disk| disk.lapsed(today, OBJECTS))?;
        for id in &mailboxes {
            self.load(id)?;
            self.erase_mailbox(id);
        }
        for id in &shelves {
            self.load_shelf(id)?;
            self.erase_shelf(id);
        }
        let count = (mailboxes.len() + shelves.len()) as u64;
        self.answer_soon(answer, count);
        Ok(())
    }
}
