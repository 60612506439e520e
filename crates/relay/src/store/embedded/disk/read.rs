//! Reading rows.

use fjall::{Guard, UserValue};
use sealpost_wire::time::Day;
use sealpost_wire::{AtRest, MailboxId, SealedItem, ShelfId};

use super::{Disk, Fault};
use crate::store::embedded::rows::{self, MailboxRow, ShelfRow, Space};
use crate::store::lease;
use crate::store::queue::Queue;

impl Disk {
    pub(in super::super) fn mailbox(&self, id: &MailboxId) -> Result<Option<MailboxRow>, Fault> {
        let row = self.mailboxes.get(id.as_bytes())?;
        row.map(|row| MailboxRow::from_bytes(&row).ok_or(Fault::Damaged)).transpose()
    }

    pub(in super::super) fn queue(&self, id: &MailboxId) -> Result<Queue, Fault> {
        let mut queue = Queue::default();
        for row in self.queue.prefix(id.as_bytes()) {
            let (key, value) = row.into_inner()?;
            let (_, sequence) = rows::split_key(&key).ok_or(Fault::Damaged)?;
            queue.push(rows::entry_from_bytes(sequence, &value).ok_or(Fault::Damaged)?);
        }
        Ok(queue)
    }

    /// An envelope's bytes; `None` when it is erased.
    pub(in super::super) fn envelope(&self, key: &[u8; 40], day: Day) -> Result<Option<AtRest>, Fault> {
        let Some(keyspace) = self.days.find(day) else { return Ok(None) };
        let Some(bytes) = keyspace.get(key)? else { return Ok(None) };
        AtRest::new((*bytes).into()).ok_or(Fault::Damaged).map(Some)
    }

    pub(in super::super) fn shelf(&self, id: &ShelfId) -> Result<Option<ShelfRow>, Fault> {
        let row = self.shelves.get(id.as_bytes())?;
        row.map(|row| ShelfRow::from_bytes(&row).ok_or(Fault::Damaged)).transpose()
    }

    /// The numbers of a shelf's items, in order, the last one's among them.
    pub(in super::super) fn item_numbers(&self, id: &ShelfId) -> Result<Vec<u64>, Fault> {
        let number = |row: Guard| Ok(rows::split_key(&row.key()?).ok_or(Fault::Damaged)?.1);
        self.items.prefix(id.as_bytes()).map(number).collect()
    }

    pub(in super::super) fn item(&self, id: &ShelfId, number: u64) -> Result<Option<SealedItem>, Fault> {
        let Some(bytes) = self.items.get(rows::item_key(id, number))? else { return Ok(None) };
        SealedItem::new((*bytes).into()).ok_or(Fault::Damaged).map(Some)
    }

    /// A row of a directory.
    pub(in super::super) fn row(&self, space: Space, key: &[u8]) -> Result<Option<UserValue>, Fault> {
        Ok(self.find_space(space).map_or(Ok(None), |keyspace| keyspace.get(key))?)
    }

    /// Up to `most` mailboxes, and as many shelves, whose lease does not reach `today`.
    pub(in super::super) fn lapsed(&self, today: Day, most: usize) -> Result<(Vec<MailboxId>, Vec<ShelfId>), Fault> {
        let lapsed = |lease| !lease::holds(lease, today);
        let (mut mailboxes, mut shelves) = (Vec::new(), Vec::new());
        for row in self.mailboxes.iter() {
            let (id, value) = row.into_inner()?;
            if lapsed(MailboxRow::from_bytes(&value).ok_or(Fault::Damaged)?.lease) {
                mailboxes.push(MailboxId::from_bytes(id_of(&id)?));
            }
            if mailboxes.len() == most {
                break;
            }
        }
        for row in self.shelves.iter() {
            let (id, value) = row.into_inner()?;
            if lapsed(ShelfRow::from_bytes(&value).ok_or(Fault::Damaged)?.lease) {
                shelves.push(ShelfId::from_bytes(id_of(&id)?));
            }
            if shelves.len() == most {
                break;
            }
        }
        Ok((mailboxes, shelves))
    }
}

fn id_of(key: &[u8]) -> Result<[u8; 32], Fault> {
    key.try_into().map_err(|_| Fault::Damaged)
}
