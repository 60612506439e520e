//! A mailbox's queue without its bytes: order, repeats, quotas, expiry. Pure.

use std::collections::{HashSet, VecDeque};

use sealpost_wire::time::Hour;
use sealpost_wire::{EnvelopeId, SizeClass};

/// So many ids are looked for one by one.
const FEW: usize = 8;

/// How much one object may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Envelopes in one mailbox.
    pub envelopes: usize,
    /// Bytes in one mailbox, as stored.
    pub bytes: u64,
    /// One-time items on one shelf.
    pub items: usize,
}

impl Quota {
    /// Half as many envelopes and bytes.
    pub(super) const fn half(self) -> Self {
        Self { envelopes: self.envelopes / 2, bytes: self.bytes / 2, ..self }
    }
}

/// One envelope's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) sequence: u64,
    pub(super) id: EnvelopeId,
    pub(super) expires: Hour,
    pub(super) class: SizeClass,
}

/// What lies in a mailbox, in order of sequence. Expired entries may still be in it, and are passed over.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Queue {
    entries: VecDeque<Entry>,
    /// The beginning of each entry's id, close together: a repeat is looked for at every deposit, in up to thousands.
    tags: VecDeque<u32>,
    bytes: u64,
}

/// What a new envelope would be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Admission {
    /// It fits.
    Fits,
    /// One with its id is there.
    Repeat,
    /// It does not fit.
    Full,
}

impl Entry {
    fn bytes(&self) -> u64 {
        self.class.stored_length() as u64
    }

    /// Whether it is there at `now`.
    fn is_live(&self, now: Hour) -> bool {
        now < self.expires
    }
}

impl Queue {
    /// Puts an entry behind all others; its sequence is the greatest.
    pub(super) fn push(&mut self, entry: Entry) {
        self.bytes += entry.bytes();
        self.tags.push_back(tag(&entry.id));
        self.entries.push_back(entry);
    }

    /// What an envelope of that id and class would be. Assumes that what expired was taken out if it mattered.
    pub(super) fn admits(&self, id: &EnvelopeId, class: SizeClass, quota: &Quota, now: Hour) -> Admission {
        if self.positions(id).any(|position| self.entries.get(position).is_some_and(|entry| entry.is_live(now))) {
            return Admission::Repeat;
        }
        let fits = self.entries.len() < quota.envelopes && self.bytes + class.stored_length() as u64 <= quota.bytes;
        if fits { Admission::Fits } else { Admission::Full }
    }

    /// Takes out what has expired.
    pub(super) fn take_expired(&mut self, now: Hour) -> Vec<Entry> {
        self.take_if(|entry| !entry.is_live(now))
    }

    /// Takes out whatever has one of the ids.
    ///
    /// Many ids are looked for in one pass, so that whoever acknowledges what is not there keeps nobody waiting.
    pub(super) fn take_ids(&mut self, ids: &[EnvelopeId]) -> Vec<Entry> {
        if ids.len() > FEW {
            let ids: HashSet<&EnvelopeId> = ids.iter().collect();
            return self.take_if(|entry| ids.contains(&entry.id));
        }
        let mut taken = Vec::with_capacity(ids.len());
        for id in ids {
            // More than one, where the first has expired.
            taken.extend(std::iter::from_fn(|| self.take_id(id)));
        }
        taken
    }

    fn take_if(&mut self, is_taken: impl Fn(&Entry) -> bool) -> Vec<Entry> {
        let old = std::mem::take(self).entries;
        let (taken, left): (Vec<Entry>, Vec<Entry>) = old.into_iter().partition(is_taken);
        left.into_iter().for_each(|entry| self.push(entry));
        taken
    }

    fn take_id(&mut self, id: &EnvelopeId) -> Option<Entry> {
        let position = self.positions(id).next()?;
        self.take_at(position)
    }

    /// Takes out the entry of that sequence.
    pub(super) fn take_sequence(&mut self, sequence: u64) -> Option<Entry> {
        let position = self.entries.binary_search_by_key(&sequence, |entry| entry.sequence).ok()?;
        self.take_at(position)
    }

    fn take_at(&mut self, position: usize) -> Option<Entry> {
        self.tags.remove(position);
        let entry = self.entries.remove(position)?;
        self.bytes -= entry.bytes();
        Some(entry)
    }

    /// Where entries of that id are.
    fn positions(&self, id: &EnvelopeId) -> impl Iterator<Item = usize> {
        let (sought, is_id) = (tag(id), |position| self.entries.get(position).is_some_and(|entry| entry.id == *id));
        let tagged = self.tags.iter().enumerate().filter(move |(_, tag)| **tag == sought);
        tagged.map(|(position, _)| position).filter(move |position| is_id(*position))
    }

    /// What lies behind `after` at `now`, in order.
    pub(super) fn behind(&self, after: u64, now: Hour) -> impl Iterator<Item = &Entry> {
        let start = self.entries.partition_point(|entry| entry.sequence <= after);
        self.entries.range(start..).filter(move |entry| entry.is_live(now))
    }

    /// All entries, expired ones too.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }
}

fn tag(id: &EnvelopeId) -> u32 {
    let [a, b, c, d, ..] = *id.as_bytes();
    u32::from_ne_bytes([a, b, c, d])
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUOTA: Quota = Quota { envelopes: 2, bytes: 20_000, items: 0 };

    fn entry(sequence: u64, class: SizeClass, expires: u32) -> Entry {
        Entry { sequence, id: id(sequence as u8), expires: Hour(expires), class }
    }

    fn id(byte: u8) -> EnvelopeId {
        EnvelopeId::from_bytes([byte; 16])
    }

    fn queue(entries: &[Entry]) -> Queue {
        let mut queue = Queue::default();
        entries.iter().for_each(|entry| queue.push(*entry));
        queue
    }

    #[test]
    fn a_quota_is_of_count_and_of_bytes() {
        use SizeClass::{Medium, Small};
        let one = queue(&[entry(1, Small, 9)]);
        assert_eq!(one.admits(&id(2), Small, &QUOTA, Hour(0)), Admission::Fits);
        assert_eq!(one.admits(&id(2), Medium, &QUOTA, Hour(0)), Admission::Full);
        let two = queue(&[entry(1, Small, 9), entry(2, Small, 9)]);
        assert_eq!(two.admits(&id(3), Small, &QUOTA, Hour(0)), Admission::Full);
    }

    #[test]
    fn a_repeat_is_one_even_where_the_mailbox_is_full() {
        let full = queue(&[entry(1, SizeClass::Small, 9), entry(2, SizeClass::Small, 9)]);
        assert_eq!(full.admits(&id(2), SizeClass::Small, &QUOTA, Hour(8)), Admission::Repeat);
    }

    #[test]
    fn an_envelope_is_there_until_the_hour_of_its_expiry() {
        let mut queue = queue(&[entry(1, SizeClass::Small, 9), entry(2, SizeClass::Small, 10)]);
        assert_eq!(queue.behind(0, Hour(8)).count(), 2);
        assert_eq!(queue.behind(0, Hour(9)).count(), 1);
        assert_eq!(queue.admits(&id(1), SizeClass::Small, &QUOTA, Hour(9)), Admission::Full);
        assert_eq!(queue.take_expired(Hour(9)).len(), 1);
        assert_eq!(queue.admits(&id(1), SizeClass::Small, &QUOTA, Hour(9)), Admission::Fits);
    }

    #[test]
    fn bytes_are_given_back_however_an_entry_leaves() {
        let all = [1, 2, 3].map(|sequence| entry(sequence, SizeClass::Large, u32::try_from(sequence).unwrap()));
        let mut queue = queue(&all);
        queue.take_expired(Hour(1));
        queue.take_sequence(2);
        queue.take_ids(&[id(3), id(3), id(9)]);
        assert_eq!(queue, Queue::default());
    }

    #[test]
    fn many_ids_are_taken_as_each_of_them_would_be() {
        let all: Vec<Entry> = (1..=200).map(|sequence| entry(sequence, SizeClass::Small, 9)).collect();
        let ids: Vec<EnvelopeId> = (100..=255).chain(100..=120).map(id).collect();
        let (mut at_once, mut one_by_one) = (queue(&all), queue(&all));
        let taken = at_once.take_ids(&ids);
        let singly: Vec<Entry> = ids.iter().flat_map(|id| one_by_one.take_ids(&[*id])).collect();
        assert_eq!((&taken, &at_once), (&singly, &one_by_one));
        assert_eq!((taken.len(), at_once.len()), (101, 99));
    }

    #[test]
    fn a_cursor_is_a_place_and_need_not_be_an_envelope() {
        let queue = queue(&[entry(4, SizeClass::Small, 9), entry(8, SizeClass::Small, 9)]);
        let behind = |after| queue.behind(after, Hour(0)).map(|entry| entry.sequence).collect::<Vec<_>>();
        assert_eq!([behind(0), behind(4), behind(5), behind(8)], [vec![4, 8], vec![8], vec![8], vec![]]);
    }
}
