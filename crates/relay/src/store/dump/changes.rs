//! What has changed in mailboxes and on shelves since the first part was read.

use std::collections::{HashMap, VecDeque};
use std::io;

use sealpost_wire::{EnvelopeId, MailboxId, ShelfId};

use super::{ItemName, Record, Taker};

/// What the first part holds, by name: 16 bytes for each envelope and item.
#[derive(Default)]
pub(crate) struct Known(HashMap<Object, VecDeque<Name>>);

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Object {
    Mailbox(MailboxId),
    Shelf(ShelfId),
}

type Name = [u8; 16];

impl Known {
    /// Takes note of a record of the first part.
    pub(crate) fn note(&mut self, record: &Record) {
        if let Some(object) = object(record) {
            self.0.entry(object).or_default();
        } else if let Some((object, name)) = content(record) {
            self.0.entry(object).or_default().push_back(name);
        }
    }

    /// What is to be given of a store that holds more or less than that.
    pub(crate) fn changes<'a>(self, take: Taker<'a>) -> Changes<'a> {
        Changes { known: self, open: None, take }
    }
}

/// Gives on what is not known, and what is known and not given any more.
pub(crate) struct Changes<'a> {
    known: Known,
    /// The object whose contents are coming, and what is known of them that has not come yet.
    open: Option<(Object, VecDeque<Name>)>,
    take: Taker<'a>,
}

impl Changes<'_> {
    /// The next record of the whole store, in its order.
    ///
    /// # Errors
    /// Those of whoever takes.
    pub(crate) fn give(&mut self, record: Record) -> io::Result<()> {
        if let Some(object) = object(&record) {
            self.close()?;
            self.open = Some((object, self.known.0.remove(&object).unwrap_or_default()));
        } else if !matches!(record, Record::Envelope { .. } | Record::Item { .. }) {
            self.close()?;
        } else if let Some((_, name)) = content(&record)
            && let Some((_, known)) = &mut self.open
            // What is known comes in the same order, so it is mostly the first.
            && let Some(at) = known.iter().position(|known| *known == name)
        {
            known.remove(at);
            return Ok(());
        }
        (self.take)(record)
    }

    /// At the end: all that has not come is gone.
    ///
    /// # Errors
    /// Those of whoever takes.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        self.close()?;
        self.known.0.into_keys().try_for_each(|object| {
            (self.take)(match object {
                Object::Mailbox(id) => Record::MailboxGone { id },
                Object::Shelf(id) => Record::ShelfGone { id },
            })
        })
    }

    fn close(&mut self) -> io::Result<()> {
        let Some((object, left)) = self.open.take() else { return Ok(()) };
        left.into_iter().try_for_each(|name| {
            (self.take)(match object {
                Object::Mailbox(mailbox) => Record::EnvelopeGone { mailbox, id: EnvelopeId::from_bytes(name) },
                Object::Shelf(shelf) => Record::ItemGone { shelf, item: ItemName(name) },
            })
        })
    }
}

const fn object(record: &Record) -> Option<Object> {
    match record {
        Record::Mailbox { id, .. } => Some(Object::Mailbox(*id)),
        Record::Shelf { id, .. } => Some(Object::Shelf(*id)),
        _ => None,
    }
}

/// Where something lies, and its name. A last item has none: another takes its place, and until then it stays.
fn content(record: &Record) -> Option<(Object, Name)> {
    match record {
        Record::Envelope { mailbox, id, .. } => Some((Object::Mailbox(*mailbox), *id.as_bytes())),
        Record::Item { shelf, is_last: false, item } => Some((Object::Shelf(*shelf), ItemName::of(item).0)),
        _ => None,
    }
}
