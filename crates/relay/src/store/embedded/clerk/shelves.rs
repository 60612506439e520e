//! Shelves.

use std::collections::VecDeque;

use sealpost_wire::time::{Day, Hour};
use sealpost_wire::{SealedItem, ShelfId, StockHash};
use tokio::sync::oneshot;

use super::{Clerk, answer_now};
use crate::store::embedded::cache::Weight;
use crate::store::embedded::disk::Fault;
use crate::store::embedded::rows::{LAST_ITEM, ShelfRow, Space, item_key};
use crate::store::{Denied, Moment, NewItems, NotStocked, ShelfOwner, lease};

type Answer<T> = oneshot::Sender<T>;

/// A shelf in use.
pub(super) struct Shelf {
    row: ShelfRow,
    /// The numbers of the one-time items, in order.
    items: VecDeque<u64>,
    has_last: bool,
}

impl Weight for Shelf {
    fn weight(&self) -> usize {
        self.items.len() * size_of::<u64>()
    }
}

impl Shelf {
    fn empty(row: ShelfRow) -> Self {
        Self { row, items: VecDeque::new(), has_last: false }
    }

    /// The numbers of everything on it.
    fn numbers(&self) -> impl Iterator<Item = u64> {
        self.items.iter().copied().chain(self.has_last.then_some(LAST_ITEM))
    }
}

impl Clerk {
    pub(in super::super) fn open_shelf(
        &mut self,
        owner: ShelfOwner,
        at: Moment,
        answer: Answer<Result<(), Denied>>,
    ) -> Result<(), Fault> {
        self.load_shelf(&owner.id)?;
        if self.is_shelf_there(&owner.id, at.now.day()) {
            if !self.owns_shelf(&owner, at.now.day()) {
                answer_now(answer, Err(Denied));
                return Ok(());
            }
            self.lease_shelf(&owner.id, at.lease);
        } else if !self.has_room() {
            return Ok(());
        } else {
            self.erase_shelf(&owner.id);
            let row = ShelfRow { stock: owner.stock, lease: at.lease };
            self.shelves.set(owner.id, Some(Shelf::empty(row)), self.number);
            self.pending.put(Space::Shelves, owner.id.as_bytes(), row.to_bytes());
        }
        self.answer_soon(answer, Ok(()));
        Ok(())
    }

    pub(in super::super) fn stock(
        &mut self,
        owner: ShelfOwner,
        new: NewItems,
        at: Moment,
        answer: Answer<Result<(), NotStocked>>,
    ) -> Result<(), Fault> {
        self.load_shelf(&owner.id)?;
        if !self.owns_shelf(&owner, at.now.day()) {
            answer_now(answer, Err(NotStocked::Denied));
            return Ok(());
        }
        if !self.fits(&owner.id, &new) {
            answer_now(answer, Err(NotStocked::Limit));
            return Ok(());
        }
        if self.has_room() {
            self.lease_shelf(&owner.id, at.lease);
            self.put_items(&owner.id, new);
            self.answer_soon(answer, Ok(()));
        }
        Ok(())
    }

    fn fits(&self, id: &ShelfId, new: &NewItems) -> bool {
        let lying = self.shelves.find(id).filter(|_| !new.replace).map_or(0, |shelf| shelf.items.len());
        lying + new.items.len() <= self.options.quota.items
    }

    fn put_items(&mut self, id: &ShelfId, new: NewItems) {
        let Some(shelf) = self.shelves.change(id, self.number) else { return };
        if new.replace {
            for number in shelf.items.drain(..) {
                self.pending.remove(Space::Items, &item_key(id, number));
            }
        }
        for item in new.items {
            let number = shelf.items.back().map_or(0, |last| last + 1);
            shelf.items.push_back(number);
            self.pending.put(Space::Items, &item_key(id, number), item.as_bytes().to_vec());
        }
        if let Some(last) = new.last {
            shelf.has_last = true;
            self.pending.put(Space::Items, &item_key(id, LAST_ITEM), last.as_bytes().to_vec());
        }
    }

    pub(in super::super) fn count_items(
        &mut self,
        owner: ShelfOwner,
        now: Hour,
        answer: Answer<Result<u16, Denied>>,
    ) -> Result<(), Fault> {
        self.load_shelf(&owner.id)?;
        let shelf = self.shelves.find(&owner.id).filter(|_| self.owns_shelf(&owner, now.day()));
        let count = shelf.map(|shelf| u16::try_from(shelf.items.len()).unwrap_or(u16::MAX));
        answer_now(answer, count.ok_or(Denied));
        Ok(())
    }

    pub(in super::super) fn take(
        &mut self,
        shelf: ShelfOwner,
        now: Hour,
        answer: Answer<Option<SealedItem>>,
    ) -> Result<(), Fault> {
        self.load_shelf(&shelf.id)?;
        let item = if self.owns_shelf(&shelf, now.day()) { self.take_item(&shelf.id)? } else { None };
        self.answer_soon(answer, item);
        Ok(())
    }

    fn take_item(&mut self, id: &ShelfId) -> Result<Option<SealedItem>, Fault> {
        let Some(number) = self.shelves.find(id).and_then(|shelf| shelf.numbers().next()) else { return Ok(None) };
        let item = self.item(id, number)?;
        if number != LAST_ITEM {
            self.pending.remove(Space::Items, &item_key(id, number));
            self.shelves.change(id, self.number).and_then(|shelf| shelf.items.pop_front());
        }
        Ok(Some(item))
    }

    /// An item as it is now, written or not.
    fn item(&self, id: &ShelfId, number: u64) -> Result<SealedItem, Fault> {
        let key = item_key(id, number);
        let flushing = || self.flushing.as_ref().and_then(|batch| batch.row(Space::Items, &key));
        let item = match self.pending.row(Space::Items, &key).or_else(flushing) {
            Some(bytes) => SealedItem::new(bytes.as_slice().into()),
            None => self.disk(|disk| disk.item(id, number))?,
        };
        item.ok_or(Fault::Damaged)
    }

    pub(in super::super) fn close_shelf(
        &mut self,
        owner: ShelfOwner,
        now: Hour,
        answer: Answer<Result<(), Denied>>,
    ) -> Result<(), Fault> {
        self.load_shelf(&owner.id)?;
        if !self.owns_shelf(&owner, now.day()) {
            answer_now(answer, Err(Denied));
            return Ok(());
        }
        self.erase_shelf(&owner.id);
        self.answer_soon(answer, Ok(()));
        Ok(())
    }

    /// Erases a shelf, if it is there, with everything on it; it must have been loaded.
    pub(super) fn erase_shelf(&mut self, id: &ShelfId) {
        let Some(shelf) = self.shelves.find(id) else { return };
        for number in shelf.numbers() {
            self.pending.remove(Space::Items, &item_key(id, number));
        }
        self.pending.remove(Space::Shelves, id.as_bytes());
        self.shelves.set(*id, None, self.number);
    }

    /// Reads the shelf from disk, unless it is known.
    pub(super) fn load_shelf(&mut self, id: &ShelfId) -> Result<(), Fault> {
        if self.shelves.holds(id) {
            return Ok(());
        }
        if let Some(row) = self.disk(|disk| disk.shelf(id))? {
            let mut items: VecDeque<u64> = self.disk(|disk| disk.item_numbers(id))?.into();
            let has_last = items.pop_back_if(|number| *number == LAST_ITEM).is_some();
            self.shelves.learn(*id, Shelf { row, items, has_last });
        }
        Ok(())
    }

    pub(super) fn is_shelf_there(&self, id: &ShelfId, today: Day) -> bool {
        self.shelves.find(id).is_some_and(|shelf| lease::holds(shelf.row.lease, today))
    }

    /// Whether the shelf is there and the key is its own; the same work either way.
    fn owns_shelf(&self, owner: &ShelfOwner, today: Day) -> bool {
        let nobodys = StockHash::from_bytes([0; 32]);
        let stock = self.shelves.find(&owner.id).map_or(nobodys, |shelf| shelf.row.stock);
        stock.matches(&owner.stock) & self.is_shelf_there(&owner.id, today)
    }

    fn lease_shelf(&mut self, id: &ShelfId, fresh: Day) {
        let Some(extended) = self.shelves.find(id).and_then(|shelf| lease::extended(shelf.row.lease, fresh)) else {
            return;
        };
        if let Some(shelf) = self.shelves.change(id, self.number) {
            shelf.row.lease = extended;
            self.pending.put(Space::Shelves, id.as_bytes(), shelf.row.to_bytes());
        }
    }
}
