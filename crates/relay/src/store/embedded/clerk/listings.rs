//! A directory's epochs and entries.

use std::collections::{BTreeMap, BTreeSet};

use sealpost_wire::EntryHash;
use sealpost_wire::directory::{BucketBits, Epoch};
use sealpost_wire::time::Day;
use tokio::sync::oneshot;

use super::{Clerk, answer_now};
use crate::store::embedded::disk::{Disk, Fault};
use crate::store::embedded::rows::{self, EntryRow, Space, listing_key};
use crate::store::listing::{self, Candidate, Claim, Entry, Verdict};
use crate::store::{Denied, EntryOwner, EpochState, NewEntry, NotPlaced, OpenEpoch, Placed};

type Answer<T> = oneshot::Sender<T>;
type Key = [u8; 20];

/// What becomes of an entry.
struct Decision {
    verdict: Verdict,
    /// Who waited for the place until now.
    claim: Option<Claim>,
    /// How many bits the epoch has with it.
    bits: BucketBits,
}

impl Clerk {
    pub(in super::super) fn open_epoch(
        &mut self,
        epoch: Epoch,
        descriptor: Vec<u8>,
        answer: Answer<EpochState>,
    ) -> Result<(), Fault> {
        let state = match self.epoch(epoch)? {
            Some(known) => known,
            None if !self.has_room() => return Ok(()),
            None => {
                let open = OpenEpoch { bits: BucketBits::ONE_BUCKET, descriptor };
                self.put_epoch(epoch, &open);
                EpochState::Open(open)
            }
        };
        self.answer_soon(answer, state);
        Ok(())
    }

    pub(in super::super) fn epochs(&mut self, answer: Answer<BTreeMap<Epoch, EpochState>>) -> Result<(), Fault> {
        self.settle()?;
        answer_now(answer, self.disk(Disk::epochs)?);
        Ok(())
    }

    /// Nothing else is in flight meanwhile, so that nothing is listed in an epoch that is gone.
    pub(in super::super) fn retire_epoch(&mut self, epoch: Epoch, answer: Answer<bool>) -> Result<(), Fault> {
        self.settle()?;
        let is_open = matches!(self.epoch(epoch)?, Some(EpochState::Open(_)));
        self.shared.write(|disk| disk.retire(epoch))?;
        answer_now(answer, is_open);
        Ok(())
    }

    pub(in super::super) fn publish(
        &mut self,
        new: &NewEntry,
        today: Day,
        answer: Answer<Result<Placed, NotPlaced>>,
    ) -> Result<(), Fault> {
        let Some(EpochState::Open(open)) = self.epoch(new.epoch)? else {
            answer_now(answer, Err(NotPlaced::NoEpoch));
            return Ok(());
        };
        match self.decide(new, &open, today)? {
            Err(refused) => answer_now(answer, Err(refused)),
            Ok(_) if !self.has_room() => {}
            Ok(decision) => {
                let placed = Placed { place: decision.verdict.place(), bits: decision.bits };
                self.carry_out(new, open, decision);
                self.answer_soon(answer, Ok(placed));
            }
        }
        Ok(())
    }

    fn decide(&self, new: &NewEntry, open: &OpenEpoch, today: Day) -> Result<Result<Decision, NotPlaced>, Fault> {
        let key = key(new);
        let (entry, claim) = (self.entry(new.epoch, &key)?, self.claim(new.epoch, &key)?);
        let candidate = Candidate { owner: new.owner, proved: new.proved };
        let verdict = match listing::judge(candidate, entry, claim, today) {
            Ok(verdict) => verdict,
            Err(refused) => return Ok(Err(refused)),
        };
        let count = |bits| self.count(new.epoch, new.prefix.bucket(bits), bits);
        let bits = if entry.is_some() { Some(open.bits) } else { listing::room(open.bits, count)? };
        Ok(bits.map(|bits| Decision { verdict, claim, bits }).ok_or(NotPlaced::Full))
    }

    fn carry_out(&mut self, new: &NewEntry, open: OpenEpoch, decision: Decision) {
        let Decision { verdict, claim: former, bits } = decision;
        if bits != open.bits {
            self.put_epoch(new.epoch, &OpenEpoch { bits, ..open });
        }
        let key = key(new);
        let claim = match verdict {
            Verdict::Stands(entry, claim) => {
                let row = EntryRow { slot: new.slot.clone(), entry };
                self.pending.put(Space::Entries(new.epoch), &key, row.to_bytes());
                claim
            }
            Verdict::Waits(claim) => Some(claim),
        };
        self.put_claim(new.epoch, &key, former, claim);
    }

    fn put_claim(&mut self, epoch: Epoch, key: &Key, former: Option<Claim>, claim: Option<Claim>) {
        match claim {
            Some(claim) if former != Some(claim) => {
                self.pending.put(Space::Claims(epoch), key, rows::claim_to_bytes(&claim));
            }
            None if former.is_some() => self.pending.remove(Space::Claims(epoch), key),
            _ => {}
        }
    }

    pub(in super::super) fn withdraw(
        &mut self,
        owner: EntryOwner,
        answer: Answer<Result<(), Denied>>,
    ) -> Result<(), Fault> {
        let key = listing_key(owner.prefix, &owner.tag);
        let (entry, claim) = (self.entry(owner.epoch, &key)?, self.claim(owner.epoch, &key)?);
        let nobodys = EntryHash::from_bytes([0; 32]);
        if !(entry.map_or(nobodys, |entry| entry.owner).matches(&owner.owner) & entry.is_some()) {
            answer_now(answer, Err(Denied));
            return Ok(());
        }
        self.pending.remove(Space::Entries(owner.epoch), &key);
        self.put_claim(owner.epoch, &key, claim, None);
        self.answer_soon(answer, Ok(()));
        Ok(())
    }

    fn put_epoch(&mut self, epoch: Epoch, open: &OpenEpoch) {
        self.pending.put(Space::Epochs, &rows::epoch_key(epoch), rows::epoch_to_bytes(open));
    }

    fn epoch(&self, epoch: Epoch) -> Result<Option<EpochState>, Fault> {
        self.row(Space::Epochs, &rows::epoch_key(epoch), rows::epoch_from_bytes)
    }

    fn entry(&self, epoch: Epoch, key: &Key) -> Result<Option<Entry>, Fault> {
        let row = self.row(Space::Entries(epoch), key, EntryRow::from_bytes)?;
        Ok(row.map(|row| row.entry))
    }

    fn claim(&self, epoch: Epoch, key: &Key) -> Result<Option<Claim>, Fault> {
        self.row(Space::Claims(epoch), key, rows::claim_from_bytes)
    }

    /// A row as it is now, written or not.
    pub(super) fn row<T>(
        &self,
        space: Space,
        key: &[u8],
        read: impl Fn(&[u8]) -> Option<T>,
    ) -> Result<Option<T>, Fault> {
        let flushing = || self.flushing.as_ref().and_then(|batch| batch.change(space, key));
        match self.pending.change(space, key).or_else(flushing) {
            Some(changed) => changed.map(|bytes| read(bytes).ok_or(Fault::Damaged)).transpose(),
            None => {
                let bytes = self.disk(|disk| disk.row(space, key))?;
                bytes.map(|bytes| read(&bytes).ok_or(Fault::Damaged)).transpose()
            }
        }
    }

    /// How many entries a bucket has now, written or not.
    fn count(&self, epoch: Epoch, number: u32, bits: BucketBits) -> Result<usize, Fault> {
        let (first, last) = rows::bucket_keys(number, bits);
        let written = self.disk(|disk| disk.entry_keys(epoch, first, last))?;
        let mut keys: BTreeSet<&[u8]> = written.iter().map(|key| &**key).collect();
        for batch in self.flushing.as_deref().into_iter().chain([&self.pending]) {
            for (key, is_there) in batch.changes(Space::Entries(epoch), &first, &last) {
                if is_there {
                    keys.insert(key)
                } else {
                    keys.remove(key)
                };
            }
        }
        Ok(keys.len())
    }
}

fn key(new: &NewEntry) -> Key {
    listing_key(new.prefix, &new.slot.tag())
}
