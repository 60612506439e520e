//! Carrying everything to another store, and from another one.

use fjall::{Keyspace, OwnedWriteBatch, PersistMode};
use minicbor::bytes::ByteVec;
use sealpost_wire::directory::Epoch;
use sealpost_wire::time::{Day, Hour};
use sealpost_wire::{AtRest, EnvelopeId, MailboxId, SealedItem, ShelfId};

use super::super::rows::{self, LAST_ITEM, MailboxRow, RESERVED, ShelfRow};
use super::{Disk, Fault};
use crate::store::dump::Record;
use crate::store::queue::Entry;
use crate::store::sequence::beyond;

/// Bytes that are written at a time.
const BATCH: usize = 4 * 1024 * 1024;

type Give<'a> = &'a mut dyn FnMut(Record) -> Result<(), Fault>;

impl Disk {
    /// Gives everything that is of use at `now`.
    pub(in super::super) fn dump(&self, now: Hour, give: Give<'_>) -> Result<(), Fault> {
        let live: Give<'_> = &mut |record| if record.is_live(now) { give(record) } else { Ok(()) };
        self.dump_mailboxes(live)?;
        self.dump_shelves(live)?;
        self.dump_epochs(live)?;
        each(&self.spent()?, |key, value| {
            let (until, id) = key.split_first_chunk::<4>().ok_or(Fault::Damaged)?;
            let until = Day(u32::from_be_bytes(*until));
            live(Record::Spent { id: copied(id), until, request: copied(value) })
        })
    }

    fn dump_mailboxes(&self, give: Give<'_>) -> Result<(), Fault> {
        each(&self.mailboxes, |key, value| {
            let id = MailboxId::from_bytes(key.try_into().map_err(|_| Fault::Damaged)?);
            let MailboxRow { collect, kind, lease } = MailboxRow::from_bytes(value).ok_or(Fault::Damaged)?;
            give(Record::Mailbox { id, collect, kind, lease })?;
            for Entry { sequence, id: envelope, expires, class: _ } in self.queue(&id)?.iter() {
                let key = rows::envelope_key(&id, *sequence);
                // Without its bytes it was erased.
                let Some(sealed) = self.envelope(&key, expires.day())? else { continue };
                give(Record::Envelope { mailbox: id, id: *envelope, expires: *expires, sealed })?;
            }
            Ok(())
        })
    }

    fn dump_shelves(&self, give: Give<'_>) -> Result<(), Fault> {
        each(&self.shelves, |key, value| {
            let id = ShelfId::from_bytes(key.try_into().map_err(|_| Fault::Damaged)?);
            let ShelfRow { stock, lease } = ShelfRow::from_bytes(value).ok_or(Fault::Damaged)?;
            give(Record::Shelf { id, stock, lease })?;
            for number in self.item_numbers(&id)? {
                let item = self.item(&id, number)?.ok_or(Fault::Damaged)?;
                give(Record::Item { shelf: id, is_last: number == LAST_ITEM, item })?;
            }
            Ok(())
        })
    }

    fn dump_epochs(&self, give: Give<'_>) -> Result<(), Fault> {
        each(&self.epochs, |key, value| {
            let epoch = Epoch(u32::from_be_bytes(key.try_into().map_err(|_| Fault::Damaged)?));
            give(Record::Epoch { epoch, state: copied(value) })?;
            let Some(listings) = self.listings.find(epoch) else { return Ok(()) };
            each(&listings.entries, |key, row| give(Record::Entry { epoch, key: copied(key), row: copied(row) }))?;
            each(&listings.claims, |key, row| give(Record::Claim { epoch, key: copied(key), row: copied(row) }))
        })
    }

    /// Begins to fill an empty database.
    pub(in super::super) fn filler(&self) -> Filler<'_> {
        Filler { disk: self, batch: self.database.batch(), bytes: 0, sequence: 0, item: 0 }
    }
}

fn each(keyspace: &Keyspace, mut work: impl FnMut(&[u8], &[u8]) -> Result<(), Fault>) -> Result<(), Fault> {
    for row in keyspace.iter() {
        let (key, value) = row.into_inner()?;
        work(&key, &value)?;
    }
    Ok(())
}

fn copied(bytes: &[u8]) -> ByteVec {
    bytes.to_vec().into()
}

/// Fills a database.
pub(in super::super) struct Filler<'a> {
    disk: &'a Disk,
    batch: OwnedWriteBatch,
    bytes: usize,
    /// The last sequence that was given.
    sequence: u64,
    /// The last number of an item.
    item: u64,
}

impl Filler<'_> {
    /// Puts something into it.
    pub(in super::super) fn put(&mut self, record: Record) -> Result<(), Fault> {
        let disk = self.disk;
        match record {
            Record::Mailbox { id, collect, kind, lease } => {
                self.row(&disk.mailboxes, id.as_bytes(), &MailboxRow { collect, kind, lease }.to_bytes())
            }
            Record::Envelope { mailbox, id, expires, sealed } => self.envelope(&mailbox, id, expires, &sealed),
            Record::Shelf { id, stock, lease } => {
                self.row(&disk.shelves, id.as_bytes(), &ShelfRow { stock, lease }.to_bytes())
            }
            Record::Item { shelf, is_last, item } => self.item(&shelf, is_last, &item),
            Record::Epoch { epoch, state } => self.row(&disk.epochs, &rows::epoch_key(epoch), &state),
            Record::Entry { epoch, key, row } => {
                self.row(&disk.listings.open(&disk.database, epoch)?.entries, &key, &row)
            }
            Record::Claim { epoch, key, row } => {
                self.row(&disk.listings.open(&disk.database, epoch)?.claims, &key, &row)
            }
            Record::Spent { id, until, request } => {
                self.row(&disk.spent()?, &[&until.0.to_be_bytes(), id.as_slice()].concat(), &request)
            }
        }
    }

    fn envelope(&mut self, mailbox: &MailboxId, id: EnvelopeId, expires: Hour, sealed: &AtRest) -> Result<(), Fault> {
        self.sequence += 1;
        let key = rows::envelope_key(mailbox, self.sequence);
        let entry = Entry { sequence: self.sequence, id, expires, class: sealed.class() };
        let day = self.disk.days.open(&self.disk.database, expires.day())?;
        self.row(&day, &key, sealed.as_bytes())?;
        self.row(&self.disk.queue, &key, &rows::entry_to_bytes(&entry))
    }

    fn item(&mut self, shelf: &ShelfId, is_last: bool, item: &SealedItem) -> Result<(), Fault> {
        self.item += 1;
        let number = if is_last { LAST_ITEM } else { self.item };
        self.row(&self.disk.items, &rows::item_key(shelf, number), item.as_bytes())
    }

    fn row(&mut self, to: &Keyspace, key: &[u8], value: &[u8]) -> Result<(), Fault> {
        self.batch.insert(to, key, value);
        self.bytes += key.len() + value.len();
        if self.bytes < BATCH { Ok(()) } else { self.flush() }
    }

    fn flush(&mut self) -> Result<(), Fault> {
        self.bytes = 0;
        let full = std::mem::replace(&mut self.batch, self.disk.database.batch());
        Ok(full.commit()?)
    }

    /// Makes all of it durable, and has sequences go on behind those that were given.
    pub(in super::super) fn finish(mut self) -> Result<(), Fault> {
        self.batch.insert(&self.disk.relay, RESERVED, beyond(self.sequence).to_be_bytes());
        self.flush()?;
        Ok(self.disk.database.persist(PersistMode::SyncAll)?)
    }
}
