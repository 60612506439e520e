//! A directory's epochs and entries.
//!
//! Who stands under a tag is decided by [`listing`], which a script then carries out if nothing has changed meanwhile.

use std::collections::BTreeMap;

use redis::{Value, cmd};
use sealpost_wire::directory::{BucketBits, BucketRead, Epoch, Slot};
use sealpost_wire::time::Day;

use super::answer::{Fault, bytes, integer, list, optional_bytes, text};
use super::call::Call;
use super::context::Context;
use super::scripts::SCRIPTS;
use crate::store::directory::rows::{
    EntryRow, bucket_keys, claim_from_bytes, claim_to_bytes, entry_from_bytes, entry_to_bytes, epoch_from_bytes,
    epoch_to_bytes, listing_key,
};
use crate::store::listing::{self, CROWDED, Candidate, Claim, Entry, Verdict};
use crate::store::{Denied, EntryOwner, EpochState, NewEntry, NoBucket, NotPlaced, OpenEpoch, Placed};

/// So often an entry is looked at again when others were faster.
const TRIES: usize = 32;

/// What lies under a tag, and around it.
struct Seen {
    bits: BucketBits,
    entry: Option<Entry>,
    claim: Option<Claim>,
    /// How many entries its bucket has by these bits, by one more, …
    counts: Vec<usize>,
}

impl Context {
    pub(super) async fn open_epoch(&self, epoch: Epoch, descriptor: Vec<u8>) -> Result<EpochState, Fault> {
        self.note_epoch(epoch).await?;
        let open = OpenEpoch { bits: BucketBits::ONE_BUCKET, descriptor };
        let call = Call::new(&SCRIPTS.epoch_open, &self.keys.epoch(epoch)).with(epoch_to_bytes(&open));
        epoch_from_bytes(&bytes(self.change(call).await?)?).ok_or(Fault::Odd)
    }

    pub(super) async fn retire_epoch(&self, epoch: Epoch) -> Result<bool, Fault> {
        self.note_epoch(epoch).await?;
        let call = Call::new(&SCRIPTS.epoch_retire, &self.keys.epoch(epoch));
        Ok(integer(&self.change(call).await?)? == 1)
    }

    /// Before anything is known of an epoch, its number is on the list.
    async fn note_epoch(&self, epoch: Epoch) -> Result<(), Fault> {
        let list = self.keys.epochs();
        self.command(&list, cmd("SADD").arg(list.key("n")).arg(epoch.0)).await.map(drop)
    }

    pub(super) async fn epochs(&self) -> Result<BTreeMap<Epoch, EpochState>, Fault> {
        let noted = self.keys.epochs();
        let mut epochs = BTreeMap::new();
        for number in list(self.command(&noted, cmd("SMEMBERS").arg(noted.key("n"))).await?)? {
            let epoch = Epoch(text(number)?.parse().map_err(|_| Fault::Odd)?);
            let tag = self.keys.epoch(epoch);
            if let Some(state) = optional_bytes(self.command(&tag, cmd("GET").arg(tag.key("e"))).await?)? {
                epochs.insert(epoch, epoch_from_bytes(&state).ok_or(Fault::Odd)?);
            }
        }
        Ok(epochs)
    }

    pub(super) async fn publish(&self, new: NewEntry, today: Day) -> Result<Result<Placed, NotPlaced>, Fault> {
        for _ in 0..TRIES {
            let Some(seen) = self.seen(&new).await? else { return Ok(Err(NotPlaced::NoEpoch)) };
            let candidate = Candidate { owner: new.owner, proved: new.proved };
            let verdict = match listing::judge(candidate, seen.entry, seen.claim, today) {
                Ok(verdict) => verdict,
                Err(refused) => return Ok(Err(refused)),
            };
            let Some(bits) = seen.room() else { return Ok(Err(NotPlaced::Full)) };
            if self.place(&new, &seen, verdict, bits).await? {
                return Ok(Ok(Placed { place: verdict.place(), bits }));
            }
        }
        Err(Fault::Overtaken)
    }

    async fn seen(&self, new: &NewEntry) -> Result<Option<Seen>, Fault> {
        let mut call = Call::new(&SCRIPTS.look, &self.keys.epoch(new.epoch));
        call = call.with(&listing_key(new.prefix, &new.slot.tag())).with(CROWDED);
        for bits in (0..=BucketBits::MAX).filter_map(|bits| BucketBits::new(bits).ok()) {
            let (first, last) = bucket_keys(new.prefix.bucket(bits), bits);
            call = call.with(&first).with(&last);
        }
        match self.look(call).await? {
            Value::Nil => Ok(None),
            seen => Seen::read(list(seen)?).map(Some),
        }
    }

    /// Carries out a verdict; tells whether what was seen was still so.
    async fn place(&self, new: &NewEntry, seen: &Seen, verdict: Verdict, bits: BucketBits) -> Result<bool, Fault> {
        let (row, claim) = match verdict {
            Verdict::Stands(entry, claim) => (EntryRow { slot: new.slot.clone(), entry }.to_bytes(), claim),
            Verdict::Waits(claim) => (Vec::new(), Some(claim)),
        };
        let claimed = |claim: Option<Claim>| claim.as_ref().map(claim_to_bytes).unwrap_or_default();
        let (first, last) = bucket_keys(new.prefix.bucket(bits), bits);
        let call = Call::new(&SCRIPTS.place, &self.keys.epoch(new.epoch));
        let call = call.with(&listing_key(new.prefix, &new.slot.tag())).with(&[seen.bits.bits()]);
        let call = call.with(seen.entry.as_ref().map(entry_to_bytes).unwrap_or_default()).with(claimed(seen.claim));
        let call = call.with(&[bits.bits()]).with(row).with(claimed(claim));
        let call = call.with(&first).with(&last).with(listing::most(bits));
        Ok(integer(&self.change(call).await?)? == 1)
    }

    pub(super) async fn withdraw(&self, owner: EntryOwner) -> Result<Result<(), Denied>, Fault> {
        let call = Call::new(&SCRIPTS.withdraw, &self.keys.epoch(owner.epoch));
        let call = call.with(&listing_key(owner.prefix, &owner.tag)).with(owner.owner.as_bytes());
        Ok(if integer(&self.change(call).await?)? == 0 { Err(Denied) } else { Ok(()) })
    }

    pub(super) async fn bucket(&self, read: BucketRead) -> Result<Result<Vec<Slot>, NoBucket>, Fault> {
        let (first, last) = bucket_keys(read.number, read.bits);
        let call = Call::new(&SCRIPTS.bucket, &self.keys.epoch(read.epoch));
        let call = call.with(&[read.bits.bits()]).with(&first).with(&last);
        match self.look(call).await? {
            Value::Int(0) => Ok(Err(NoBucket::NoEpoch)),
            Value::Int(_) => Ok(Err(NoBucket::OtherBits)),
            rows => list(rows)?.into_iter().map(slot).collect::<Result<_, _>>().map(Ok),
        }
    }
}

impl Seen {
    fn read(values: Vec<Value>) -> Result<Self, Fault> {
        let mut values = values.into_iter();
        let mut next = || optional_bytes(values.next().ok_or(Fault::Odd)?);
        let (bits, entry, claim) = (next()?, next()?, next()?);
        let bits = bits.and_then(|bits| BucketBits::new(*bits.first()?).ok());
        let counts = values.map(|count| integer(&count).map(|count| usize::try_from(count).unwrap_or(usize::MAX)));
        Ok(Self {
            bits: bits.ok_or(Fault::Odd)?,
            entry: entry.map(|entry| entry_from_bytes(&entry).ok_or(Fault::Odd)).transpose()?,
            claim: claim.map(|claim| claim_from_bytes(&claim).ok_or(Fault::Odd)).transpose()?,
            counts: counts.collect::<Result<_, _>>()?,
        })
    }

    /// With how many bits there is room for the entry; none if there is none.
    fn room(&self) -> Option<BucketBits> {
        if self.entry.is_some() {
            return Some(self.bits);
        }
        let count = |bits: BucketBits| {
            let place = usize::from(bits.bits() - self.bits.bits());
            Ok::<_, std::convert::Infallible>(self.counts.get(place).copied().unwrap_or(usize::MAX))
        };
        listing::room(self.bits, count).unwrap_or_default()
    }
}

fn slot(row: Value) -> Result<Slot, Fault> {
    EntryRow::from_bytes(&bytes(row)?).map(|row| row.slot).ok_or(Fault::Odd)
}
