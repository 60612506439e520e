//! Carrying everything to another store.

use std::ops::Bound;

use fjall::Keyspace;
use minicbor::bytes::ByteVec;
use sealpost_wire::directory::Epoch;
use sealpost_wire::time::{Day, Hour};
use sealpost_wire::{MailboxId, ShelfId};

use super::super::rows::{self, LAST_ITEM, MailboxRow, ShelfRow};
use super::{Disk, Fault};
use crate::store::dump::Record;
use crate::store::queue::Entry;

/// Bytes, and objects, that are read at a time.
const PART: usize = 4 * 1024 * 1024;
const OBJECTS: usize = 4096;

type Give<'a> = &'a mut dyn FnMut(Record) -> Result<(), Fault>;

/// Where reading objects goes on: behind an id, or at the first.
#[derive(Clone, Copy)]
pub(in super::super) enum Place {
    Mailboxes(Option<[u8; 32]>),
    Shelves(Option<[u8; 32]>),
}

impl Place {
    /// Where it begins.
    pub(in super::super) const FIRST: Self = Self::Mailboxes(None);

    const fn behind(self, id: [u8; 32]) -> Self {
        match self {
            Self::Mailboxes(_) => Self::Mailboxes(Some(id)),
            Self::Shelves(_) => Self::Shelves(Some(id)),
        }
    }
}

/// What was read.
#[derive(Default)]
struct Part {
    records: Vec<Record>,
    bytes: usize,
}

impl Disk {
    /// Gives everything that is of use at `now`.
    pub(in super::super) fn dump(&self, now: Hour, give: Give<'_>) -> Result<(), Fault> {
        self.dump_objects(now, give)?;
        self.dump_epochs(give)?;
        each(&self.spent()?, |key, value| {
            let (until, id) = key.split_first_chunk::<4>().ok_or(Fault::Damaged)?;
            let until = Day(u32::from_be_bytes(*until));
            let spent = Record::Spent { id: copied(id), until, request: copied(value) };
            if spent.is_live(now) { give(spent) } else { Ok(()) }
        })
    }

    /// Gives what is in mailboxes and on shelves alone.
    pub(in super::super) fn dump_objects(&self, now: Hour, give: Give<'_>) -> Result<(), Fault> {
        let mut place = Some(Place::FIRST);
        while let Some(here) = place {
            let (records, next) = self.part(here, now)?;
            records.into_iter().try_for_each(&mut *give)?;
            place = next;
        }
        Ok(())
    }

    /// Some mailboxes or shelves that are of use at `now`, whole, and where to go on if there are more.
    ///
    /// What others change meanwhile is there or not.
    pub(in super::super) fn part(&self, place: Place, now: Hour) -> Result<(Vec<Record>, Option<Place>), Fault> {
        let (keyspace, behind) = match place {
            Place::Mailboxes(behind) => (&self.mailboxes, behind),
            Place::Shelves(behind) => (&self.shelves, behind),
        };
        let mut part = Part::default();
        let begin = behind.map_or(Bound::Unbounded, Bound::Excluded);
        for row in keyspace.range::<[u8; 32], _>((begin, Bound::Unbounded)) {
            let (key, value) = row.into_inner()?;
            let id = <[u8; 32]>::try_from(&*key).map_err(|_| Fault::Damaged)?;
            match place {
                Place::Mailboxes(_) => self.read_mailbox(MailboxId::from_bytes(id), &value, now, &mut part)?,
                Place::Shelves(_) => self.read_shelf(ShelfId::from_bytes(id), &value, now, &mut part)?,
            }
            if part.bytes >= PART || part.records.len() >= OBJECTS {
                return Ok((part.records, Some(place.behind(id))));
            }
        }
        let next = matches!(place, Place::Mailboxes(_)).then_some(Place::Shelves(None));
        Ok((part.records, next))
    }

    fn read_mailbox(&self, id: MailboxId, row: &[u8], now: Hour, part: &mut Part) -> Result<(), Fault> {
        let MailboxRow { collect, kind, lease } = MailboxRow::from_bytes(row).ok_or(Fault::Damaged)?;
        let mailbox = Record::Mailbox { id, collect, kind, lease };
        if !mailbox.is_live(now) {
            return Ok(());
        }
        part.records.push(mailbox);
        for Entry { sequence, id: envelope, expires, class } in self.queue(&id)?.iter() {
            let key = rows::envelope_key(&id, *sequence);
            // Without its bytes it was erased.
            let Some(sealed) = self.envelope(&key, expires.day())?.filter(|_| now < *expires) else { continue };
            part.bytes += class.stored_length();
            part.records.push(Record::Envelope { mailbox: id, id: *envelope, expires: *expires, sealed });
        }
        Ok(())
    }

    fn read_shelf(&self, id: ShelfId, row: &[u8], now: Hour, part: &mut Part) -> Result<(), Fault> {
        let ShelfRow { stock, lease } = ShelfRow::from_bytes(row).ok_or(Fault::Damaged)?;
        let shelf = Record::Shelf { id, stock, lease };
        if !shelf.is_live(now) {
            return Ok(());
        }
        part.records.push(shelf);
        for number in self.item_numbers(&id)? {
            // Somebody may have taken it meanwhile.
            let Some(item) = self.item(&id, number)? else { continue };
            part.bytes += item.as_bytes().len();
            part.records.push(Record::Item { shelf: id, is_last: number == LAST_ITEM, item });
        }
        Ok(())
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
