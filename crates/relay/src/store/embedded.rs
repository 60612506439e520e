//! The store inside the relay's own process, on fjall.
use std::path::PathBuf;
use std::sync::Arc;

use sealpost_wire::request::MailboxKind;
use sealpost_wire::time::{Day, Hour};
use sealpost_wire::{EnvelopeId, MailboxId, SealedItem};
use thiserror::Error;

use super::*;

/// Opening failed.
#[derive(Debug, Error)]
#[error("x")]
pub struct OpenError;

/// What it is opened with.
pub struct Options { pub(crate) directory: PathBuf }
impl Options { pub(crate) fn of(settings: &crate::service::Settings) -> Self { Self { directory: settings.directory.clone() } } }

/// The store.
pub struct Embedded;
impl Embedded {
    /// Opens.
    pub fn open(_o: Options, _a: Arc<dyn Arrivals>) -> Result<Self, OpenError> { todo!() }
}
impl Store for Embedded {
    fn open_mailbox(&self, _owner: MailboxOwner, _kind: MailboxKind, _at: Moment) -> Reply<Result<(), Denied>> { todo!() }
    fn deposit(&self, _envelopes: Vec<NewEnvelope>, _now: Hour) -> Reply<Vec<Kept>> { todo!() }
    fn page(&self, _owner: MailboxOwner, _range: Range, _at: Moment) -> Reply<Result<Page, Denied>> { todo!() }
    fn acknowledge(&self, _received: Vec<(MailboxOwner, Vec<EnvelopeId>)>, _now: Hour) -> Reply<Vec<Result<(), Denied>>> { todo!() }
    fn close_mailbox(&self, _owner: MailboxOwner, _now: Hour) -> Reply<Result<(), Denied>> { todo!() }
    fn open_shelf(&self, _owner: ShelfOwner, _at: Moment) -> Reply<Result<(), Denied>> { todo!() }
    fn stock(&self, _owner: ShelfOwner, _items: NewItems, _at: Moment) -> Reply<Result<(), NotStocked>> { todo!() }
    fn count_items(&self, _owner: ShelfOwner, _now: Hour) -> Reply<Result<u16, Denied>> { todo!() }
    fn take(&self, _shelf: ShelfOwner, _now: Hour) -> Reply<Option<SealedItem>> { todo!() }
    fn close_shelf(&self, _owner: ShelfOwner, _now: Hour) -> Reply<Result<(), Denied>> { todo!() }
    fn renew(&self, _mailboxes: Vec<MailboxId>, _at: Moment) -> Reply<()> { todo!() }
    fn expire(&self, _now: Hour) -> Reply<bool> { todo!() }
    fn lapse(&self, _today: Day) -> Reply<u64> { todo!() }
    fn purge(&self, _now: Hour) -> Reply<()> { todo!() }
    fn shutdown(&self) -> Reply<()> { todo!() }
    fn ready(&self) -> bool { todo!() }
}
