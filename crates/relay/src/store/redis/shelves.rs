//! Shelves.

use redis::Value;
use sealpost_wire::time::Hour;
use sealpost_wire::{SealedItem, ShelfId};

use super::answer::{Fault, integer, optional_bytes};
use super::call::Call;
use super::context::Context;
use super::keys::{Tag, beginning};
use super::scripts::{SCRIPTS, Script};
use crate::store::{Denied, Moment, NewItems, NotStocked, ShelfOwner};

impl Context {
    fn shelf(&self, id: &ShelfId) -> Tag {
        self.keys.of(beginning(id.as_bytes()))
    }

    /// A call about a shelf: the shelf, and the hash that was shown.
    fn of_shelf(&self, script: &Script, owner: &ShelfOwner) -> Call {
        Call::new(script, &self.shelf(&owner.id)).with(owner.id.as_bytes()).with(owner.stock.as_bytes())
    }

    pub(super) async fn open_shelf(&self, owner: ShelfOwner, at: Moment) -> Result<Result<(), Denied>, Fault> {
        let call = Call::new(&SCRIPTS.open, &self.shelf(&owner.id)).with("s").with(owner.id.as_bytes());
        let call = call.with(owner.stock.as_bytes()).with(at.now.day().0).with(at.lease.0);
        Ok(if integer(&self.change(call).await?)? == 0 { Err(Denied) } else { Ok(()) })
    }

    pub(super) async fn stock(
        &self,
        owner: ShelfOwner,
        new: NewItems,
        at: Moment,
    ) -> Result<Result<(), NotStocked>, Fault> {
        let call = self.of_shelf(&SCRIPTS.stock, &owner).with(at.now.day().0).with(at.lease.0);
        let call = call.with(self.quota.items).with(u8::from(new.replace));
        let call = call.with(new.last.as_ref().map_or(&[][..], |last| last.as_bytes().as_slice()));
        let call = call.with_all(new.items.iter().map(SealedItem::as_bytes));
        match integer(&self.change(call).await?)? {
            0 => Ok(Err(NotStocked::Denied)),
            1 => Ok(Ok(())),
            2 => Ok(Err(NotStocked::Limit)),
            _ => Err(Fault::Odd),
        }
    }

    pub(super) async fn count_items(&self, owner: ShelfOwner, now: Hour) -> Result<Result<u16, Denied>, Fault> {
        let call = self.of_shelf(&SCRIPTS.count, &owner).with(now.day().0);
        let count = integer(&self.look(call).await?)?;
        Ok(if count < 0 { Err(Denied) } else { Ok(u16::try_from(count).unwrap_or(u16::MAX)) })
    }

    pub(super) async fn take(&self, shelf: ShelfOwner, now: Hour) -> Result<Option<SealedItem>, Fault> {
        let call = self.of_shelf(&SCRIPTS.take, &shelf).with(now.day().0).with(now.0).with(self.rates.takes_per_hour);
        let answer = self.change(call).await?;
        if answer == Value::Int(0) {
            return Err(Fault::TooFast);
        }
        let item = optional_bytes(answer)?;
        item.map(|item| SealedItem::new(item.into()).ok_or(Fault::Odd)).transpose()
    }

    pub(super) async fn close_shelf(&self, owner: ShelfOwner, now: Hour) -> Result<Result<(), Denied>, Fault> {
        let call = Call::new(&SCRIPTS.close, &self.shelf(&owner.id)).with("s").with(owner.id.as_bytes());
        let call = call.with(owner.stock.as_bytes()).with(now.day().0);
        Ok(if integer(&self.change(call).await?)? == 0 { Err(Denied) } else { Ok(()) })
    }
}
