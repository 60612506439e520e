//! What is to be written together.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Instant;

use foldhash::HashMap;
use sealpost_wire::MailboxId;
use sealpost_wire::request::Stored;
use sealpost_wire::time::Day;

use super::rows::{Space, envelope_key, mailbox_of};
use crate::store::queue::Entry;

/// Changes that become durable together or not at all.
///
/// Each row is in it once, as it is to be in the end: an envelope that is erased before the batch is written is never
/// written.
#[derive(Default)]
pub(super) struct Batch {
    envelopes: HashMap<[u8; 40], NewEnvelope>,
    erased: Vec<([u8; 40], Day)>,
    rows: BTreeMap<RowKey, Option<Vec<u8>>>,
    /// Of envelopes that are never written, when they came and how long they are.
    unwritten: Vec<(Instant, usize)>,
    has_deposits: bool,
}

type RowKey = (Space, Vec<u8>);

/// An envelope that is to be written.
pub(super) struct NewEnvelope {
    /// When it was deposited.
    came: Instant,
    pub(super) entry: Entry,
    pub(super) stored: Arc<Stored>,
}

impl NewEnvelope {
    pub(super) fn bytes(&self) -> &[u8] {
        self.stored.sealed.as_bytes()
    }
}

impl Batch {
    /// Whether nothing waits to be written, or for the end of the batch.
    pub(super) fn is_empty(&self) -> bool {
        let Self { envelopes, erased, rows, has_deposits, unwritten: _ } = self;
        envelopes.is_empty() && erased.is_empty() && rows.is_empty() && !has_deposits
    }

    pub(super) fn has_deposits(&self) -> bool {
        self.has_deposits
    }

    /// Takes note that a deposit waits for it.
    pub(super) fn note_deposit(&mut self) {
        self.has_deposits = true;
    }

    pub(super) fn keep(&mut self, mailbox: &MailboxId, entry: Entry, stored: Arc<Stored>, came: Instant) {
        self.envelopes.insert(envelope_key(mailbox, entry.sequence), NewEnvelope { came, entry, stored });
    }

    /// Takes out the envelopes that came after `cut`, to be written later.
    pub(super) fn split_off(&mut self, cut: Instant) -> Self {
        let envelopes = self.envelopes.extract_if(|_, new| new.came > cut).collect();
        let unwritten = self.unwritten.extract_if(.., |(came, _)| *came > cut).collect();
        Self { envelopes, unwritten, ..Self::default() }
    }

    /// How many bytes the envelopes would have taken that were acknowledged before they were written.
    pub(super) fn unwritten(&self) -> usize {
        self.unwritten.iter().map(|(_, length)| length).sum()
    }

    /// The mailboxes of its envelopes.
    pub(super) fn mailboxes(&self) -> HashSet<MailboxId> {
        self.envelopes.keys().filter_map(mailbox_of).collect()
    }

    pub(super) fn erase(&mut self, mailbox: &MailboxId, entry: &Entry) {
        let key = envelope_key(mailbox, entry.sequence);
        match self.envelopes.remove(&key) {
            Some(new) => self.unwritten.push((new.came, new.bytes().len())),
            None => self.erased.push((key, entry.expires.day())),
        }
    }

    /// Writes a row.
    pub(super) fn put(&mut self, space: Space, key: &[u8], value: Vec<u8>) {
        self.rows.insert((space, key.to_vec()), Some(value));
    }

    /// Removes a row.
    pub(super) fn remove(&mut self, space: Space, key: &[u8]) {
        self.rows.insert((space, key.to_vec()), None);
    }

    /// An envelope that it is to write.
    pub(super) fn stored(&self, key: &[u8; 40]) -> Option<&Arc<Stored>> {
        self.envelopes.get(key).map(|new| &new.stored)
    }

    /// A row that it is to write.
    pub(super) fn row(&self, space: Space, key: &[u8]) -> Option<&Vec<u8>> {
        self.rows.get(&(space, key.to_vec()))?.as_ref()
    }

    /// What it does to a row: `Some(None)` removes it, `None` leaves it as it is.
    pub(super) fn change(&self, space: Space, key: &[u8]) -> Option<Option<&[u8]>> {
        self.rows.get(&(space, key.to_vec())).map(Option::as_deref)
    }

    /// The rows from `first` to `last` that it changes, and whether they are there then.
    pub(super) fn changes<'a>(
        &'a self,
        space: Space,
        first: &[u8],
        last: &[u8],
    ) -> impl Iterator<Item = (&'a [u8], bool)> {
        let changed = self.rows.range((space, first.to_vec())..=(space, last.to_vec()));
        changed.map(|((_, key), value)| (key.as_slice(), value.is_some()))
    }

    pub(super) fn envelopes(&self) -> impl Iterator<Item = (&[u8; 40], &NewEnvelope)> {
        self.envelopes.iter()
    }

    pub(super) fn erased(&self) -> &[([u8; 40], Day)] {
        &self.erased
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = (&RowKey, &Option<Vec<u8>>)> {
        self.rows.iter()
    }
}
