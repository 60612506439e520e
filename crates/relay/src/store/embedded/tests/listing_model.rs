//! The store against a model of a directory: whatever is done, in whatever order, with crashes in between, both agree.

use std::collections::BTreeMap;

use proptest::prelude::*;
use sealpost_wire::EntryHash;
use sealpost_wire::directory::{BucketBits, BucketPrefix, BucketRead, Epoch, Slot, Tag};
use sealpost_wire::time::{Day, Hour};

use super::backend::Directory;
use crate::store::contract::World;
use crate::store::{Denied, EntryOwner, EpochState, NewEntry, NoBucket, NotPlaced, Place, Store};

const EPOCH: Epoch = Epoch(222);

#[derive(Debug, Clone)]
enum Step {
    /// Entries by number and key, with the age of their proof, published at once.
    Publish {
        entries: Vec<(u8, u8)>,
        age: u32,
    },
    /// As many entries of one prefix, so that buckets split.
    Crowd {
        count: u8,
        prefix: u32,
    },
    Withdraw {
        number: u8,
        key: u8,
    },
    Read,
    Wait {
        days: u32,
    },
    Purge,
    Crash,
    Retire,
}

fn step() -> impl Strategy<Value = Step> {
    let entries = || prop::collection::vec((0..4_u8, 1..3_u8), 1..4);
    prop_oneof![
        8 => (entries(), 0..20_u32).prop_map(|(entries, age)| Step::Publish { entries, age }),
        1 => (60..130_u8, any::<u32>()).prop_map(|(count, prefix)| Step::Crowd { count, prefix }),
        3 => (0..4_u8, 1..3_u8).prop_map(|(number, key)| Step::Withdraw { number, key }),
        3 => Just(Step::Read),
        4 => (1..10_u32).prop_map(|days| Step::Wait { days }),
        1 => Just(Step::Purge),
        2 => Just(Step::Crash),
        1 => Just(Step::Retire),
    ]
}

/// What stands under a tag, as the promises describe it.
#[derive(Debug, Clone)]
struct Entry {
    slot: Slot,
    key: u8,
    proved: u32,
    claim: Option<(u8, u32)>,
}

struct Model {
    today: u32,
    open: bool,
    bits: u32,
    entries: BTreeMap<(u32, Tag), Entry>,
}

impl Model {
    fn publish(&mut self, new: &NewEntry) -> Result<Place, NotPlaced> {
        let (place, key) = ((new.prefix.0, new.slot.tag()), new.owner.as_bytes()[0]);
        let (today, proved) = (self.today, new.proved.unwrap().0);
        let is_fresh = today <= proved + 14;
        if !self.open {
            return Err(NotPlaced::NoEpoch);
        }
        let Some(entry) = self.entries.get_mut(&place) else {
            return if is_fresh { self.add(new, key, proved) } else { Err(NotPlaced::NotProved) };
        };
        if entry.key == key {
            entry.proved = entry.proved.max(proved);
            entry.claim = entry.claim.filter(|(_, since)| entry.proved < *since);
            entry.slot = new.slot.clone();
            return Ok(Place::Listed { contested: entry.claim.map(|(_, since)| Day(since + 7)) });
        }
        if !is_fresh || proved < entry.proved {
            return Err(NotPlaced::NotProved);
        }
        // With two keys there is one claimant.
        let (_, since) = *entry.claim.get_or_insert((key, today));
        if today < since + 7 {
            return Ok(Place::Waiting(Day(since + 7)));
        }
        *entry = Entry { slot: new.slot.clone(), key, proved, claim: None };
        Ok(Place::Listed { contested: None })
    }

    fn add(&mut self, new: &NewEntry, key: u8, proved: u32) -> Result<Place, NotPlaced> {
        while self.bucket(new.prefix.0).len() >= 120 && self.bits < 24 {
            self.bits += 1;
        }
        if self.bucket(new.prefix.0).len() == 128 {
            return Err(NotPlaced::Full);
        }
        self.entries.insert((new.prefix.0, new.slot.tag()), Entry { slot: new.slot.clone(), key, proved, claim: None });
        Ok(Place::Listed { contested: None })
    }

    fn number(&self, prefix: u32) -> u32 {
        prefix.checked_shr(32 - self.bits).unwrap_or(0)
    }

    /// The slots of a prefix's bucket, in order of prefix and tag.
    fn bucket(&self, prefix: u32) -> Vec<Slot> {
        let number = self.number(prefix);
        let entries = self.entries.iter().filter(|((prefix, _), _)| self.number(*prefix) == number);
        entries.map(|(_, entry)| entry.slot.clone()).collect()
    }

    fn withdraw(&mut self, owner: EntryOwner) -> Result<(), Denied> {
        let (place, key) = ((owner.prefix.0, owner.tag), owner.owner.as_bytes()[0]);
        self.entries.get(&place).filter(|entry| entry.key == key).ok_or(Denied)?;
        self.entries.remove(&place);
        Ok(())
    }
}

fn prefix(number: u8) -> BucketPrefix {
    BucketPrefix(u32::from(number) << 30)
}

fn entry(tag: u8, prefix: BucketPrefix, key: u8, proved: u32) -> NewEntry {
    let mut slot = [key; Slot::LENGTH];
    slot[..16].fill(tag);
    slot[16..].fill_with(rand::random);
    let owner = EntryHash::from_bytes([key; 32]);
    NewEntry { epoch: EPOCH, prefix, slot: Slot::new(slot), owner, proved: Some(Day(proved)) }
}

/// Publishes in both and compares what they say.
async fn publish(world: &World<Directory>, model: &mut Model, entries: Vec<NewEntry>) {
    let expected: Vec<_> = entries.iter().map(|entry| model.publish(entry)).collect();
    let published = entries.into_iter().map(|entry| world.store().publish(entry, Day(model.today)));
    let published = futures_util::future::join_all(published).await;
    let places: Vec<_> = published.iter().map(|placed| placed.unwrap().map(|placed| placed.place)).collect();
    assert_eq!(places, expected);
}

/// Reads some buckets and compares them with the model's.
async fn read(world: &World<Directory>, model: &Model) {
    let bits = BucketBits::new(model.bits.try_into().unwrap()).unwrap();
    let prefixes = model.entries.keys().map(|(prefix, _)| *prefix).chain([0, u32::MAX]);
    for prefix in prefixes.step_by(17) {
        let number = BucketPrefix(prefix).bucket(bits);
        let bucket = world.store().bucket(BucketRead { epoch: EPOCH, bits, number }).await.unwrap();
        assert_eq!(bucket, if model.open { Ok(model.bucket(prefix)) } else { Err(NoBucket::NoEpoch) });
    }
}

/// Does the step in both and compares what they say.
async fn agree(world: &mut World<Directory>, model: &mut Model, step: &Step) {
    match step {
        Step::Publish { entries, age } => {
            let proved = model.today - age;
            let new = |(number, key): &(u8, u8)| entry(*number, prefix(*number), *key, proved);
            publish(world, model, entries.iter().map(new).collect()).await;
        }
        Step::Crowd { count, prefix } => {
            let new = |tag| entry(100 + tag, BucketPrefix(*prefix), 1, model.today);
            publish(world, model, (0..*count).map(new).collect()).await;
        }
        Step::Withdraw { number, key } => {
            let NewEntry { prefix, slot, owner, .. } = entry(*number, prefix(*number), *key, 0);
            let owner = EntryOwner { epoch: EPOCH, prefix, tag: slot.tag(), owner };
            let expected = model.withdraw(owner);
            assert_eq!(world.store().withdraw(owner).await, Ok(expected));
        }
        Step::Read => read(world, model).await,
        Step::Wait { days } => model.today += days,
        Step::Purge => world.store().purge(Hour(0)).await.unwrap(),
        Step::Crash => world.crash(),
        Step::Retire => {
            model.entries.clear();
            let was_open = std::mem::replace(&mut model.open, false);
            assert_eq!(world.store().retire_epoch(EPOCH).await, Ok(was_open));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn a_directory_is_what_the_promises_say(steps in prop::collection::vec(step(), 1..25)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut world = World::<Directory>::new();
            let mut model = Model { today: 20_000, open: true, bits: 0, entries: BTreeMap::new() };
            let opened = world.store().open_epoch(EPOCH, Vec::new()).await.unwrap();
            assert!(matches!(opened, EpochState::Open(_)));
            for step in &steps {
                agree(&mut world, &mut model, step).await;
            }
            read(&world, &model).await;
        });
    }
}
