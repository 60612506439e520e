//! Filling a store by commands that go out many at a time, in no order: each is about another key, or comes to the same.

use futures_util::future::try_join_all;
use redis::{Cmd, cmd};
use sealpost_wire::request::MailboxKind;
use sealpost_wire::time::{Day, Hour};
use sealpost_wire::{AtRest, EnvelopeId, MailboxId, SealedItem, ShelfId};

use super::{Failed, MOST_UNDER_WAY, Store, object};
use crate::store::dump::{DumpError, Record};
use crate::store::redis::keys::{Tag, beginning};
use crate::store::redis::mailboxes::FIRST;

/// Bytes that go out at a time.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// Fills a store.
pub(super) struct Filler<'a> {
    store: &'a Store,
    /// Whether something of what comes may be there already, with other sequences.
    is_again: bool,
    commands: Vec<(Tag, Cmd)>,
    bytes: usize,
    /// The object that is not whole yet.
    open: Option<Open>,
}

/// An object whose parts are coming.
enum Open {
    Mailbox { id: MailboxId, tag: Tag, fields: Cmd, sequence: u64, count: u32, bytes: usize },
    Shelf { id: ShelfId, tag: Tag, items: Vec<SealedItem> },
}

impl<'a> Filler<'a> {
    pub(super) const fn new(store: &'a Store, is_again: bool) -> Self {
        Self { store, is_again, commands: Vec::new(), bytes: 0, open: None }
    }

    pub(super) async fn put(&mut self, record: Record) -> Result<(), Failed> {
        if !matches!(record, Record::Envelope { .. } | Record::Item { .. }) {
            self.close().await?;
        }
        match record {
            Record::Mailbox { id, collect, kind, lease } => {
                let tag = self.begin(id.as_bytes(), b'm', ["m", "b"], lease).await?;
                let sequence = rand::random_range(FIRST);
                let mut fields = cmd("HSET");
                fields.arg(object(&tag, id.as_bytes(), "m")).arg("h").arg(collect.as_bytes());
                fields.arg("k").arg(kind_of(kind)).arg("l").arg(lease.0);
                self.open = Some(Open::Mailbox { id, tag, fields, sequence, count: 0, bytes: 0 });
                Ok(())
            }
            Record::Envelope { mailbox, id, expires, sealed } => self.envelope(&mailbox, &id, expires, &sealed).await,
            Record::Shelf { id, stock, lease } => {
                let tag = self.begin(id.as_bytes(), b's', ["s", "t"], lease).await?;
                let mut set = cmd("HSET");
                set.arg(object(&tag, id.as_bytes(), "s")).arg("h").arg(stock.as_bytes()).arg("l").arg(lease.0);
                self.open = Some(Open::Shelf { id, tag: tag.clone(), items: Vec::new() });
                self.ask(tag, set).await
            }
            Record::Item { shelf, is_last, item } => self.item(&shelf, is_last, item).await,
            record => self.row(record).await,
        }
    }

    /// What is no object.
    async fn row(&mut self, record: Record) -> Result<(), Failed> {
        match record {
            Record::Epoch { epoch, state } => {
                let (tag, noted) = (self.store.keys.epoch(epoch), self.store.keys.epochs());
                let note = cmd("SADD").arg(noted.key("n")).arg(epoch.0).to_owned();
                self.ask(noted, note).await?;
                let set = cmd("SET").arg(tag.key("e")).arg(state.as_slice()).to_owned();
                self.ask(tag, set).await
            }
            Record::Entry { epoch, key, row } => {
                let tag = self.store.keys.epoch(epoch);
                let add = cmd("ZADD").arg(tag.key("z")).arg(0).arg(key.as_slice()).to_owned();
                self.ask(tag.clone(), add).await?;
                let set = cmd("HSET").arg(tag.key("h")).arg(key.as_slice()).arg(row.as_slice()).to_owned();
                self.ask(tag, set).await
            }
            Record::Claim { epoch, key, row } => {
                let tag = self.store.keys.epoch(epoch);
                let set = cmd("HSET").arg(tag.key("c")).arg(key.as_slice()).arg(row.as_slice()).to_owned();
                self.ask(tag, set).await
            }
            Record::Spent { id, until, request } => {
                let tag = self.store.keys.of(id.as_slice().try_into().map_err(|_| DumpError::Store)?);
                let day = tag.key(&format!("p{}", until.0));
                let set = cmd("HSET").arg(day).arg(id.as_slice()).arg(request.as_slice()).to_owned();
                self.ask(tag.clone(), set).await?;
                let add = cmd("ZADD").arg(tag.key("q")).arg(until.0).arg(until.0).to_owned();
                self.ask(tag, add).await
            }
            _ => Err(DumpError::Store),
        }
    }

    /// Begins an object: its lease, and nothing of what an interrupted filling left of it.
    async fn begin(&mut self, id: &[u8; 32], kind: u8, keys: [&str; 2], lease: Day) -> Result<Tag, Failed> {
        let tag = self.store.keys.of(beginning(id));
        if self.is_again {
            let mut unlink = cmd("UNLINK");
            keys.iter().for_each(|end| {
                unlink.arg(object(&tag, id, end));
            });
            self.store.ask(&tag, &unlink).await?;
        }
        let leased = [&[kind], id.as_slice()].concat();
        self.ask(tag.clone(), cmd("ZADD").arg(tag.key("l")).arg(lease.0).arg(leased).to_owned()).await?;
        Ok(tag)
    }

    async fn envelope(
        &mut self,
        mailbox: &MailboxId,
        envelope: &EnvelopeId,
        expires: Hour,
        sealed: &AtRest,
    ) -> Result<(), Failed> {
        let Some(Open::Mailbox { id, tag, fields, sequence, count, bytes }) = &mut self.open else {
            return Err(DumpError::Store);
        };
        if id != mailbox {
            return Err(DumpError::Store);
        }
        let length = sealed.as_bytes().len();
        (*sequence, *count, *bytes) = (*sequence + 1, *count + 1, *bytes + length);
        fields.arg(envelope.as_bytes()).arg(format!("{sequence} {} {length}", expires.0));
        let tag = tag.clone();
        let mut keep = cmd("HSET");
        keep.arg(object(&tag, mailbox.as_bytes(), "b")).arg(envelope.as_bytes()).arg(sealed.as_bytes());
        self.ask(tag, keep).await
    }

    async fn item(&mut self, shelf: &ShelfId, is_last: bool, item: SealedItem) -> Result<(), Failed> {
        let Some(Open::Shelf { id, tag, items }) = &mut self.open else { return Err(DumpError::Store) };
        if id != shelf {
            return Err(DumpError::Store);
        }
        if !is_last {
            items.push(item);
            return Ok(());
        }
        let tag = tag.clone();
        let mut set = cmd("HSET");
        set.arg(object(&tag, shelf.as_bytes(), "s")).arg("z").arg(item.as_bytes().as_slice());
        self.ask(tag, set).await
    }

    /// Writes what an object is known by only once it is whole.
    async fn close(&mut self) -> Result<(), Failed> {
        match self.open.take() {
            None => Ok(()),
            Some(Open::Mailbox { id: _, tag, mut fields, sequence, count, bytes }) => {
                fields.arg("s").arg(sequence).arg("c").arg(count).arg("n").arg(bytes);
                self.ask(tag, fields).await
            }
            Some(Open::Shelf { items, .. }) if items.is_empty() => Ok(()),
            Some(Open::Shelf { id, tag, items }) => {
                let mut push = cmd("RPUSH");
                push.arg(object(&tag, id.as_bytes(), "t"));
                items.iter().for_each(|item| {
                    push.arg(item.as_bytes().as_slice());
                });
                self.ask(tag, push).await
            }
        }
    }

    /// Has a command carried out, with many others.
    async fn ask(&mut self, tag: Tag, command: Cmd) -> Result<(), Failed> {
        self.bytes += command.get_packed_command().len();
        self.commands.push((tag, command));
        if self.commands.len() < MOST_UNDER_WAY && self.bytes < MOST_BYTES { Ok(()) } else { self.flush().await }
    }

    async fn flush(&mut self) -> Result<(), Failed> {
        let commands = std::mem::take(&mut self.commands);
        self.bytes = 0;
        try_join_all(commands.iter().map(|(tag, command)| self.store.ask(tag, command))).await?;
        Ok(())
    }

    /// Writes the rest.
    pub(super) async fn finish(mut self) -> Result<(), Failed> {
        self.close().await?;
        self.flush().await
    }
}

const fn kind_of(kind: MailboxKind) -> &'static str {
    match kind {
        MailboxKind::FrontDoor => "0",
        MailboxKind::Pairwise => "1",
    }
}
