//! Filling a store by commands that go out many at a time, in no order: each is about another key, or comes to the same.

use std::collections::HashMap;

use futures_util::future::try_join_all;
use redis::{Cmd, cmd};
use sealpost_wire::request::MailboxKind;
use sealpost_wire::time::{Day, Hour};
use sealpost_wire::{AtRest, EnvelopeId, MailboxId, SealedItem, ShelfId};

use super::reading::{Place, pairs};
use super::{Failed, MOST_UNDER_WAY, Note, Store, object};
use crate::store::dump::{DumpError, ItemName, Record};
use crate::store::redis::answer::{bytes, list};
use crate::store::redis::keys::{Tag, beginning};
use crate::store::redis::mailboxes::FIRST;

/// Bytes that go out at a time.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// So many bytes go in before it is noted how far it is.
const NOTED: usize = if cfg!(test) { 6 * 1024 } else { 64 * 1024 * 1024 };

/// What may be there already of what comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// Nothing.
    Fresh,
    /// Some, with other sequences, of an interrupted filling: objects are erased first.
    Again,
    /// The first part: objects are as they are, and changed.
    Upon,
}

/// Fills a store.
pub(super) struct Filler<'a> {
    store: &'a Store,
    way: Way,
    commands: Vec<(Tag, Cmd)>,
    bytes: usize,
    /// The object that is not whole yet.
    open: Option<Open>,
    /// What is in the store for certain, and how much came since it was noted: records, and bytes.
    note: Note,
    since: (u64, usize),
}

/// An object whose parts are coming.
enum Open {
    Mailbox { id: MailboxId, tag: Tag, fields: Cmd, lying: Lying },
    Shelf { id: ShelfId, tag: Tag, lying: Vec<Vec<u8>>, new: Vec<SealedItem> },
}

impl<'a> Filler<'a> {
    pub(super) const fn new(store: &'a Store, way: Way, note: Note) -> Self {
        Self { store, way, commands: Vec::new(), bytes: 0, open: None, note, since: (0, 0) }
    }

    pub(super) async fn put(&mut self, record: Record) -> Result<(), Failed> {
        if !is_content(&record) {
            self.close().await?;
            self.note_if_due().await?;
        }
        self.since.0 += 1;
        match record {
            Record::Mailbox { id, collect, kind, lease } => {
                let tag = self.begin(id.as_bytes(), b'm', ["m", "b"], lease).await?;
                let mut fields = cmd("HSET");
                fields.arg(object(&tag, id.as_bytes(), "m")).arg("h").arg(collect.as_bytes());
                fields.arg("k").arg(kind_of(kind)).arg("l").arg(lease.0);
                let lying = if self.way == Way::Upon { self.store.lying(&tag, &id).await? } else { Lying::default() };
                self.open = Some(Open::Mailbox { id, tag, fields, lying });
                Ok(())
            }
            Record::Envelope { mailbox, id, expires, sealed } => self.envelope(&mailbox, &id, expires, &sealed).await,
            Record::EnvelopeGone { mailbox, id } => self.envelope_gone(&mailbox, &id).await,
            Record::Shelf { id, stock, lease } => {
                let tag = self.begin(id.as_bytes(), b's', ["s", "t"], lease).await?;
                let mut set = cmd("HSET");
                set.arg(object(&tag, id.as_bytes(), "s")).arg("h").arg(stock.as_bytes()).arg("l").arg(lease.0);
                let lying = if self.way == Way::Upon { self.store.stocked(&tag, &id).await? } else { Vec::new() };
                self.open = Some(Open::Shelf { id, tag: tag.clone(), lying, new: Vec::new() });
                self.ask(tag, set).await
            }
            Record::Item { shelf, is_last, item } => self.item(&shelf, is_last, item).await,
            Record::ItemGone { shelf, item } => self.item_gone(&shelf, item).await,
            Record::MailboxGone { id } => self.object_gone(id.as_bytes(), b'm', ["m", "b"]).await,
            Record::ShelfGone { id } => self.object_gone(id.as_bytes(), b's', ["s", "t"]).await,
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
        if self.way == Way::Again {
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
        let Some(Open::Mailbox { id, tag, fields, lying }) = &mut self.open else { return Err(DumpError::Store) };
        if id != mailbox {
            return Err(DumpError::Store);
        }
        let length = sealed.as_bytes().len();
        if let Some(sequence) = lying.keep(*envelope, length) {
            fields.arg(envelope.as_bytes()).arg(format!("{sequence} {} {length}", expires.0));
        }
        let tag = tag.clone();
        let mut keep = cmd("HSET");
        keep.arg(object(&tag, mailbox.as_bytes(), "b")).arg(envelope.as_bytes()).arg(sealed.as_bytes());
        self.ask(tag, keep).await
    }

    async fn envelope_gone(&mut self, mailbox: &MailboxId, envelope: &EnvelopeId) -> Result<(), Failed> {
        let Some(Open::Mailbox { id, tag, lying, .. }) = &mut self.open else { return Err(DumpError::Store) };
        if id != mailbox {
            return Err(DumpError::Store);
        }
        lying.forget(envelope);
        let tag = tag.clone();
        // An interrupted filling may have done one of both.
        for end in ["m", "b"] {
            let erase = cmd("HDEL").arg(object(&tag, mailbox.as_bytes(), end)).arg(envelope.as_bytes()).to_owned();
            self.ask(tag.clone(), erase).await?;
        }
        Ok(())
    }

    async fn item(&mut self, shelf: &ShelfId, is_last: bool, item: SealedItem) -> Result<(), Failed> {
        let Some(Open::Shelf { id, tag, lying, new }) = &mut self.open else { return Err(DumpError::Store) };
        if id != shelf {
            return Err(DumpError::Store);
        }
        if !is_last {
            if !lying.iter().any(|known| known == item.as_bytes()) {
                new.push(item);
            }
            return Ok(());
        }
        let tag = tag.clone();
        let mut set = cmd("HSET");
        set.arg(object(&tag, shelf.as_bytes(), "s")).arg("z").arg(item.as_bytes().as_slice());
        self.ask(tag, set).await
    }

    async fn item_gone(&mut self, shelf: &ShelfId, item: ItemName) -> Result<(), Failed> {
        let Some(Open::Shelf { id, tag, lying, .. }) = &mut self.open else { return Err(DumpError::Store) };
        if id != shelf {
            return Err(DumpError::Store);
        }
        let is_it = |known: &Vec<u8>| {
            SealedItem::new(known.as_slice().into()).is_some_and(|known| ItemName::of(&known) == item)
        };
        let Some(gone) = lying.iter().position(is_it).map(|at| lying.remove(at)) else { return Ok(()) };
        let tag = tag.clone();
        let erase = cmd("LREM").arg(object(&tag, shelf.as_bytes(), "t")).arg(1).arg(gone).to_owned();
        self.ask(tag, erase).await
    }

    async fn object_gone(&mut self, id: &[u8; 32], kind: u8, keys: [&str; 2]) -> Result<(), Failed> {
        let tag = self.store.keys.of(beginning(id));
        let mut unlink = cmd("UNLINK");
        keys.iter().for_each(|end| {
            unlink.arg(object(&tag, id, end));
        });
        self.ask(tag.clone(), unlink).await?;
        let leased = [&[kind], id.as_slice()].concat();
        let forget = cmd("ZREM").arg(tag.key("l")).arg(leased).to_owned();
        self.ask(tag, forget).await
    }

    /// Writes what an object is known by only once it is whole.
    async fn close(&mut self) -> Result<(), Failed> {
        match self.open.take() {
            None => Ok(()),
            Some(Open::Mailbox { id: _, tag, mut fields, lying }) => {
                fields.arg("s").arg(lying.sequence).arg("c").arg(lying.lengths.len()).arg("n").arg(lying.bytes());
                self.ask(tag, fields).await
            }
            Some(Open::Shelf { new, .. }) if new.is_empty() => Ok(()),
            Some(Open::Shelf { id, tag, new, .. }) => {
                let mut push = cmd("RPUSH");
                push.arg(object(&tag, id.as_bytes(), "t"));
                new.iter().for_each(|item| {
                    push.arg(item.as_bytes().as_slice());
                });
                self.ask(tag, push).await
            }
        }
    }

    /// Between two objects: what came before is in the store then.
    async fn note_if_due(&mut self) -> Result<(), Failed> {
        if self.since.1 < NOTED {
            return Ok(());
        }
        self.flush().await?;
        self.note.records += self.since.0;
        self.since = (0, 0);
        Ok(self.store.note(self.note).await?)
    }

    /// Has a command carried out, with many others.
    async fn ask(&mut self, tag: Tag, command: Cmd) -> Result<(), Failed> {
        let length = command.get_packed_command().len();
        self.bytes += length;
        self.since.1 += length;
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

/// What lies in a mailbox that is being filled.
struct Lying {
    /// The last sequence that was given.
    sequence: u64,
    lengths: HashMap<EnvelopeId, usize>,
}

impl Default for Lying {
    fn default() -> Self {
        Self { sequence: rand::random_range(FIRST), lengths: HashMap::new() }
    }
}

impl Lying {
    /// The sequence of one that was not there.
    fn keep(&mut self, id: EnvelopeId, length: usize) -> Option<u64> {
        if self.lengths.insert(id, length).is_some() {
            return None;
        }
        self.sequence += 1;
        Some(self.sequence)
    }

    fn forget(&mut self, id: &EnvelopeId) {
        self.lengths.remove(id);
    }

    fn bytes(&self) -> usize {
        self.lengths.values().sum()
    }
}

impl Store {
    /// What lies in a mailbox, by its fields: counts of it are right only once an object is whole.
    async fn lying(&self, tag: &Tag, id: &MailboxId) -> Result<Lying, Failed> {
        let fields = pairs(self.ask(tag, cmd("HGETALL").arg(object(tag, id.as_bytes(), "m"))).await?)?;
        let mut lying = Lying::default();
        for (field, value) in fields {
            let Ok(id) = <[u8; 16]>::try_from(field.as_slice()) else { continue };
            let place = Place::read(id, &value)?;
            lying.sequence = if lying.lengths.is_empty() { place.sequence } else { lying.sequence.max(place.sequence) };
            lying.lengths.insert(place.id, place.length);
        }
        Ok(lying)
    }

    async fn stocked(&self, tag: &Tag, id: &ShelfId) -> Result<Vec<Vec<u8>>, Failed> {
        let items = list(self.ask(tag, cmd("LRANGE").arg(object(tag, id.as_bytes(), "t")).arg(0).arg(-1)).await?)?;
        Ok(items.into_iter().map(bytes).collect::<Result<_, _>>()?)
    }
}

/// Whether it is of the object that came before it.
const fn is_content(record: &Record) -> bool {
    matches!(
        record,
        Record::Envelope { .. } | Record::EnvelopeGone { .. } | Record::Item { .. } | Record::ItemGone { .. }
    )
}

const fn kind_of(kind: MailboxKind) -> &'static str {
    match kind {
        MailboxKind::FrontDoor => "0",
        MailboxKind::Pairwise => "1",
    }
}
