//! Filling a database with what another store held, so that it can be interrupted at any point.
//!
//! From time to time it is noted how far it is, once all before is durable. What came since comes again after an
//! interruption, with the same sequences and numbers, and so comes to the same rows.

use fjall::{Keyspace, OwnedWriteBatch, PersistMode};
use sealpost_wire::time::Hour;
use sealpost_wire::{AtRest, EnvelopeId, MailboxId, SealedItem, ShelfId};

use super::super::rows::{self, FILLED, LAST_ITEM, MailboxRow, Progress, RESERVED, ShelfRow};
use super::tables::Tables;
use super::{Disk, Fault};
use crate::store::dump::{Filling, ItemName, Part, Record};
use crate::store::queue::Entry;
use crate::store::sequence::beyond;

/// So many bytes go in before it is noted how far it is; in tests, so few that this is in many places.
const NOTED: usize = if cfg!(test) { 6 * 1024 } else { 512 * 1024 * 1024 };
/// Bytes that are written at a time of what comes out of order.
const BATCH: usize = 4 * 1024 * 1024;

/// How a filling begins.
pub(in super::super) enum Begun<'a> {
    /// This many records are there already.
    At(u64, Box<Filler<'a>>),
    /// It is there to its end.
    Done,
    /// It belongs to another one.
    Other,
}

/// Fills a database.
pub(in super::super) struct Filler<'a> {
    disk: &'a Disk,
    tables: Tables,
    /// What comes out of order, or goes.
    batch: OwnedWriteBatch,
    /// Whether nothing was there when it began.
    is_fresh: bool,
    /// How long the batch is, and all that came since it was noted how far it is.
    bytes: usize,
    since: usize,
    progress: Progress,
    /// The mailbox that something was last taken out of, and what is left in it.
    mailbox: Option<(MailboxId, Vec<Entry>)>,
    /// The same of a shelf.
    shelf: Option<(ShelfId, Vec<(u64, ItemName)>)>,
}

impl Disk {
    /// Begins to fill a database that is empty or holds the first part, or goes on.
    pub(in super::super) fn filler(&self, filling: &Filling) -> Result<Begun<'_>, Fault> {
        Ok(match (self.progress()?, filling.part) {
            // It was interrupted before it was in its place.
            (None, _) if self.relay.get(RESERVED)?.is_some() => Begun::Done,
            (None, Part::Whole | Part::First) => {
                let progress = Progress::new(filling.mark);
                self.relay.insert(FILLED, progress.to_bytes())?;
                self.fill_from(progress, true)
            }
            (Some(progress), _) if progress.mark == filling.mark && progress.is_done() => Begun::Done,
            (Some(progress), _) if progress.mark == filling.mark => self.fill_from(progress, false),
            (Some(first), Part::Rest { of }) if first.mark == of && first.is_done() => {
                self.fill_from(first.followed_by(filling.mark), false)
            }
            _ => Begun::Other,
        })
    }

    /// Has sequences go on behind those that were given, and forgets with what it was filled, if that was all.
    pub(in super::super) fn end_filling(&self) -> Result<(), Fault> {
        match self.progress()? {
            Some(progress) if progress.is_done() => {
                let mut writes = self.database.batch().durability(Some(PersistMode::SyncAll));
                writes.insert(&self.relay, RESERVED, beyond(progress.sequence).to_be_bytes());
                writes.remove(&self.relay, FILLED);
                writes.commit()?;
                self.flush();
                Ok(())
            }
            None if self.relay.get(RESERVED)?.is_some() => Ok(()),
            _ => Err(Fault::Damaged),
        }
    }

    fn progress(&self) -> Result<Option<Progress>, Fault> {
        self.relay.get(FILLED)?.map(|row| Progress::from_bytes(&row).ok_or(Fault::Damaged)).transpose()
    }

    fn fill_from(&self, progress: Progress, is_fresh: bool) -> Begun<'_> {
        let (tables, batch) = (Tables::default(), self.database.batch());
        let (bytes, since) = (0, 0);
        let filler = Filler { disk: self, tables, batch, is_fresh, bytes, since, progress, mailbox: None, shelf: None };
        Begun::At(progress.records, Box::new(filler))
    }
}

impl Filler<'_> {
    /// Puts something into it, or takes it out again.
    pub(in super::super) fn put(&mut self, record: Record) -> Result<(), Fault> {
        let disk = self.disk;
        match record {
            Record::Mailbox { id, collect, kind, lease } => {
                self.row(&disk.mailboxes, id.as_bytes(), &MailboxRow { collect, kind, lease }.to_bytes())?;
            }
            Record::Envelope { mailbox, id, expires, sealed } => self.envelope(&mailbox, id, expires, &sealed)?,
            Record::Shelf { id, stock, lease } => {
                self.row(&disk.shelves, id.as_bytes(), &ShelfRow { stock, lease }.to_bytes())?;
            }
            Record::Item { shelf, is_last, item } => self.item(&shelf, is_last, &item)?,
            Record::Epoch { epoch, state } => self.row(&disk.epochs, &rows::epoch_key(epoch), &state)?,
            Record::Entry { epoch, key, row } => {
                self.row(&disk.listings.open(&disk.database, epoch)?.entries, &key, &row)?;
            }
            Record::Claim { epoch, key, row } => {
                self.row(&disk.listings.open(&disk.database, epoch)?.claims, &key, &row)?;
            }
            Record::Spent { id, until, request } => {
                self.row(&disk.spent()?, &[&until.0.to_be_bytes(), id.as_slice()].concat(), &request)?;
            }
            gone => self.take_out(&gone)?,
        }
        self.progress.records += 1;
        if self.since >= NOTED {
            self.note()
        } else if self.bytes >= BATCH {
            self.flush()
        } else {
            Ok(())
        }
    }

    fn envelope(&mut self, mailbox: &MailboxId, id: EnvelopeId, expires: Hour, sealed: &AtRest) -> Result<(), Fault> {
        self.progress.sequence += 1;
        let key = rows::envelope_key(mailbox, self.progress.sequence);
        let entry = Entry { sequence: self.progress.sequence, id, expires, class: sealed.class() };
        let day = self.disk.days.open(&self.disk.database, expires.day())?;
        self.row(&day, &key, sealed.as_bytes())?;
        self.row(&self.disk.queue, &key, &rows::entry_to_bytes(&entry))
    }

    fn item(&mut self, shelf: &ShelfId, is_last: bool, item: &SealedItem) -> Result<(), Fault> {
        self.progress.item += 1;
        let number = if is_last { LAST_ITEM } else { self.progress.item };
        self.row(&self.disk.items, &rows::item_key(shelf, number), item.as_bytes())
    }

    /// What was there in the first part alone, and was written with it.
    fn take_out(&mut self, gone: &Record) -> Result<(), Fault> {
        match gone {
            Record::MailboxGone { id } => {
                let lying = self.lying(id)?.drain(..).collect::<Vec<_>>();
                lying.iter().for_each(|entry| self.erase_envelope(id, entry));
                self.remove(&self.disk.mailboxes, id.as_bytes());
            }
            Record::EnvelopeGone { mailbox, id } => {
                let lying = self.lying(mailbox)?;
                let erased = lying.iter().position(|entry| entry.id == *id).map(|at| lying.remove(at));
                erased.into_iter().for_each(|entry| self.erase_envelope(mailbox, &entry));
            }
            Record::ShelfGone { id } => {
                let numbers = self.disk.item_numbers(id)?;
                numbers.into_iter().for_each(|number| self.remove(&self.disk.items, &rows::item_key(id, number)));
                self.remove(&self.disk.shelves, id.as_bytes());
            }
            Record::ItemGone { shelf, item } => {
                let lying = self.stocked(shelf)?;
                let erased = lying.iter().position(|(_, name)| name == item).map(|at| lying.remove(at));
                let keys = erased.into_iter().map(|(number, _)| rows::item_key(shelf, number));
                keys.for_each(|key| self.remove(&self.disk.items, &key));
            }
            _ => return Err(Fault::Damaged),
        }
        Ok(())
    }

    fn erase_envelope(&mut self, mailbox: &MailboxId, entry: &Entry) {
        let key = rows::envelope_key(mailbox, entry.sequence);
        self.remove(&self.disk.queue, &key);
        if let Some(day) = self.disk.days.find(entry.expires.day()) {
            self.remove(&day, &key);
        }
    }

    /// What lies in a mailbox on the disk; what goes comes together, so it is read once.
    fn lying(&mut self, mailbox: &MailboxId) -> Result<&mut Vec<Entry>, Fault> {
        if self.mailbox.as_ref().is_none_or(|(known, _)| known != mailbox) {
            self.mailbox = Some((*mailbox, self.disk.queue(mailbox)?.iter().copied().collect()));
        }
        self.mailbox.as_mut().map(|(_, lying)| lying).ok_or(Fault::Damaged)
    }

    /// The numbers and names of a shelf's one-time items on the disk.
    fn stocked(&mut self, shelf: &ShelfId) -> Result<&mut Vec<(u64, ItemName)>, Fault> {
        if self.shelf.as_ref().is_none_or(|(known, _)| known != shelf) {
            let numbers = self.disk.item_numbers(shelf)?.into_iter().filter(|number| *number != LAST_ITEM);
            let named = |number| {
                let item = self.disk.item(shelf, number)?.ok_or(Fault::Damaged)?;
                Ok::<_, Fault>((number, ItemName::of(&item)))
            };
            self.shelf = Some((*shelf, numbers.map(named).collect::<Result<_, _>>()?));
        }
        self.shelf.as_mut().map(|(_, stocked)| stocked).ok_or(Fault::Damaged)
    }

    fn remove(&mut self, from: &Keyspace, key: &[u8]) {
        self.batch.remove(from, key);
        self.bytes += key.len();
        self.since += key.len();
    }

    fn row(&mut self, to: &Keyspace, key: &[u8], value: &[u8]) -> Result<(), Fault> {
        let length = key.len() + value.len();
        self.since += length;
        // fjall does not tell long values of one key apart that were written into tables at once.
        let there = if self.is_fresh || !to.is_kv_separated() { None } else { to.get(key)? };
        if there.as_deref() == Some(value) || (there.is_none() && self.tables.write(to, key, value)?) {
            return Ok(());
        }
        self.batch.insert(to, key, value);
        self.bytes += length;
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Fault> {
        self.bytes = 0;
        let full = std::mem::replace(&mut self.batch, self.disk.database.batch());
        Ok(full.commit()?)
    }

    /// Makes all that came durable, and notes it.
    fn note(&mut self) -> Result<(), Fault> {
        self.since = 0;
        self.tables.finish()?;
        self.batch.insert(&self.disk.relay, FILLED, self.progress.to_bytes());
        self.flush()?;
        Ok(self.disk.database.persist(PersistMode::SyncAll)?)
    }

    /// The same, at the end.
    pub(in super::super) fn finish(mut self) -> Result<(), Fault> {
        self.progress = self.progress.done();
        self.note()
    }
}
