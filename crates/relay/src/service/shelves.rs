//! Shelves: open, stock, count, take, close.

use sealpost_wire::codec::V1;
use sealpost_wire::request::{
    CloseShelf, ClosedReply, CountItems, Done, ItemCount, OpenShelf, Refusal, Stock, Take, Taken,
};
use sealpost_wire::statement::Closed;
use sealpost_wire::ticket::TicketKind;
use sealpost_wire::{ShelfId, StockKey};

use super::{Denial, Relay};
use crate::store::{NewItems, NotStocked, ShelfOwner};

impl Relay {
    /// Opens a shelf; the same again changes nothing.
    ///
    /// # Errors
    /// *denied*, when it is open with another key; where there are tickets, *ticket needed* and *ticket spent*; *try later*.
    pub async fn open_shelf(&self, request: OpenShelf) -> Result<Done, Denial> {
        self.0.pay(TicketKind::Shelf, request.ticket.as_ref(), &request).await?;
        self.0.store.open_shelf(owner(request.shelf, &request.stock), self.0.moment()).await??;
        self.0.counts.shelves_opened.add(1);
        Ok(Done { version: V1 })
    }

    /// Puts items on a shelf, all or none, and renews its lease.
    ///
    /// # Errors
    /// *denied*; *limit*, when there would be too many; *try later*.
    pub async fn stock(&self, request: Stock) -> Result<Done, Denial> {
        let owner = owner(request.shelf, &request.stock);
        let items = NewItems { items: request.items.into_vec(), last: request.last, replace: request.replace };
        self.0.store.stock(owner, items, self.0.moment()).await??;
        Ok(Done { version: V1 })
    }

    /// Counts the one-time items that are left.
    ///
    /// # Errors
    /// *denied*, *try later*.
    pub async fn count_items(&self, request: CountItems) -> Result<ItemCount, Denial> {
        let items = self.0.store.count_items(owner(request.shelf, &request.stock), self.0.hour()).await??;
        Ok(ItemCount { version: V1, items })
    }

    /// Takes one item; its removal is durable before it is given out.
    ///
    /// # Errors
    /// *try later*, when the shelf is taken from too fast or the store is out; *gone*, when there is no such shelf or
    /// nothing lies on it.
    pub async fn take(&self, request: Take) -> Result<Taken, Denial> {
        let id = ShelfId::of(&request.take, &request.stock);
        self.0.rates.take(&id).map_err(|seconds| {
            self.0.counts.slowed.add(1);
            Denial::try_later(seconds)
        })?;
        let item = self.0.store.take(ShelfOwner { id, stock: request.stock }, self.0.hour()).await?;
        let item = item.ok_or(Denial::of(Refusal::Gone))?;
        self.0.counts.taken.add(1);
        Ok(Taken { version: V1, item })
    }

    /// Closes a shelf, erases everything on it and states so.
    ///
    /// # Errors
    /// *denied*, also when it is already closed; *try later*.
    pub async fn close_shelf(&self, request: CloseShelf) -> Result<ClosedReply, Denial> {
        self.0.store.close_shelf(owner(request.shelf, &request.stock), self.0.hour()).await??;
        self.0.counts.shelves_closed.add(1);
        Ok(self.0.state(Closed::Shelf(request.shelf)))
    }
}

fn owner(id: ShelfId, stock: &StockKey) -> ShelfOwner {
    ShelfOwner { id, stock: stock.hash() }
}

impl From<NotStocked> for Denial {
    fn from(refused: NotStocked) -> Self {
        Self::of(match refused {
            NotStocked::Denied => Refusal::Denied,
            NotStocked::Limit => Refusal::Limit,
        })
    }
}
