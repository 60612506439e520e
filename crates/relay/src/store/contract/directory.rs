//! A directory: listed, claimed, read, withdrawn, retired.

use futures_util::future::join_all;
use sealpost_wire::EntryHash;
use sealpost_wire::directory::{BucketBits, BucketPrefix, BucketRead, Epoch, Slot, Tag};
use sealpost_wire::time::Day;

use super::world::*;
use crate::store::{Denied, EntryOwner, EpochState, NewEntry, NoBucket, NotPlaced, OpenEpoch, Place, Placed, Store};

const EPOCH: Epoch = Epoch(222);
const NEXT: Epoch = Epoch(223);
const TODAY: Day = NOW.day();
const ALICE: EntryHash = EntryHash::from_bytes([1; 32]);
const THIEF: EntryHash = EntryHash::from_bytes([2; 32]);
/// Buckets as every epoch has them at first.
const ONE: BucketBits = BucketBits::ONE_BUCKET;

fn bits(bits: u8) -> BucketBits {
    BucketBits::new(bits).unwrap()
}

const fn ago(days: u32) -> Day {
    Day(TODAY.0 - days)
}

/// The entry of that number, with a slot that is told by another one.
fn entry(number: u32, slot: u8, owner: EntryHash, proved: Day) -> NewEntry {
    let mut bytes = [slot; Slot::LENGTH];
    bytes[..16].copy_from_slice(tag(number).as_bytes());
    NewEntry { epoch: EPOCH, prefix: prefix(number), slot: Slot::new(bytes), owner, proved: Some(proved) }
}

/// The prefix of an entry: odd numbers are in the upper half, and the next bit tells them apart by their second, …
fn prefix(number: u32) -> BucketPrefix {
    BucketPrefix(number.reverse_bits())
}

fn tag(number: u32) -> Tag {
    let mut tag = [9; 16];
    tag[..4].copy_from_slice(&number.to_be_bytes());
    Tag::from_bytes(tag)
}

fn owner(number: u32, owner: EntryHash) -> EntryOwner {
    EntryOwner { epoch: EPOCH, prefix: prefix(number), tag: tag(number), owner }
}

fn listed(contested: Option<Day>) -> Result<Place, NotPlaced> {
    Ok(Place::Listed { contested })
}

fn waiting(until: Day) -> Result<Place, NotPlaced> {
    Ok(Place::Waiting(until))
}

impl<B: Backend> World<B> {
    /// With [`EPOCH`] open, and the one after it.
    async fn with_epochs(&self) -> &Self {
        for epoch in [EPOCH, NEXT] {
            self.store().open_epoch(epoch, vec![1, 2, 3]).await.unwrap();
        }
        self
    }

    async fn publish_on(&self, entry: NewEntry, today: Day) -> Result<Placed, NotPlaced> {
        self.store().publish(entry, today).await.unwrap()
    }

    async fn publish(&self, entry: NewEntry) -> Result<Place, NotPlaced> {
        self.publish_on(entry, TODAY).await.map(|placed| placed.place)
    }

    async fn withdraw(&self, owner: EntryOwner) -> Result<(), Denied> {
        self.store().withdraw(owner).await.unwrap()
    }

    async fn bucket(&self, epoch: Epoch, bits: BucketBits, number: u32) -> Result<Vec<Slot>, NoBucket> {
        self.store().bucket(BucketRead { epoch, bits, number }).await.unwrap()
    }

    /// What is in the only bucket of [`EPOCH`]: numbers of entries, and of their slots.
    async fn listings(&self) -> Vec<(u32, u8)> {
        let slots = self.bucket(EPOCH, ONE, 0).await.unwrap();
        let number = |slot: &Slot| u32::from_be_bytes(slot.as_bytes()[..4].try_into().unwrap());
        let mut listings: Vec<_> = slots.iter().map(|slot| (number(slot), slot.as_bytes()[255])).collect();
        listings.sort_unstable();
        listings
    }

    async fn state(&self, epoch: Epoch) -> Option<EpochState> {
        self.store().epochs().await.unwrap().remove(&epoch)
    }
}

pub(in crate::store) async fn promise_1_what_is_listed_withdrawn_or_claimed_survives_a_crash(
    world: &mut World<impl Backend>,
) {
    world.with_epochs().await;
    for number in 1..=3 {
        assert_eq!(world.publish(entry(number, 1, ALICE, ago(5))).await, listed(None));
        world.crash();
    }
    assert_eq!(world.withdraw(owner(2, ALICE)).await, Ok(()));
    world.crash();
    assert_eq!(world.listings().await, [(1, 1), (3, 1)]);
    assert_eq!(world.publish(entry(1, 2, THIEF, ago(0))).await, waiting(TODAY.plus(7)));
    world.crash();
    assert_eq!(world.publish(entry(1, 3, ALICE, ago(5))).await, listed(Some(TODAY.plus(7))));
    world.crash();
    assert_eq!(world.listings().await, [(1, 3), (3, 1)]);
}

pub(in crate::store) async fn promise_7_an_unknown_entry_looks_like_a_foreign_one(world: &mut World<impl Backend>) {
    world.with_epochs().await;
    assert_eq!(world.publish(entry(1, 1, ALICE, ago(0))).await, listed(None));
    let strangers = [
        owner(1, THIEF),
        owner(2, ALICE),
        owner(2, EntryHash::from_bytes([0; 32])),
        EntryOwner { prefix: BucketPrefix(7), ..owner(1, ALICE) },
        EntryOwner { epoch: NEXT, ..owner(1, ALICE) },
        EntryOwner { epoch: Epoch(9), ..owner(1, ALICE) },
    ];
    for stranger in strangers {
        assert_eq!(world.withdraw(stranger).await, Err(Denied));
    }
    assert_eq!(world.listings().await, [(1, 1)]);
}

pub(in crate::store) async fn promise_16_an_epoch_keeps_what_it_was_opened_with(world: &mut World<impl Backend>) {
    let open = |bits| EpochState::Open(OpenEpoch { bits, descriptor: vec![1, 2, 3] });
    assert_eq!(world.store().epochs().await.unwrap().len(), 0);
    assert_eq!(world.store().open_epoch(EPOCH, vec![1, 2, 3]).await, Ok(open(ONE)));
    world.crash();
    assert_eq!(world.store().open_epoch(EPOCH, vec![4]).await, Ok(open(ONE)));
    for number in 0..121 {
        world.publish(entry(number, 1, ALICE, ago(0))).await.unwrap();
    }
    assert_eq!(world.store().open_epoch(EPOCH, vec![4]).await, Ok(open(bits(1))));
    world.crash();
    assert_eq!(world.state(EPOCH).await, Some(open(bits(1))));
    assert_eq!(world.state(NEXT).await, None);
}

pub(in crate::store) async fn promise_16_a_retired_epoch_is_gone_for_good_and_alone(world: &mut World<impl Backend>) {
    world.with_epochs().await;
    let stays = NewEntry { epoch: NEXT, ..entry(1, 1, ALICE, ago(0)) };
    assert_eq!(world.publish(stays).await, listed(None));
    assert_eq!(world.publish(entry(1, 1, ALICE, ago(0))).await, listed(None));
    assert_eq!(world.publish(entry(1, 1, THIEF, ago(0))).await, waiting(TODAY.plus(7)));
    assert_eq!(world.store().retire_epoch(EPOCH).await, Ok(true));
    assert_eq!(world.store().retire_epoch(Epoch(9)).await, Ok(false));
    for _ in 0..2 {
        assert_eq!(world.bucket(EPOCH, ONE, 0).await, Err(NoBucket::NoEpoch));
        assert_eq!(world.publish(entry(2, 1, ALICE, ago(0))).await, Err(NotPlaced::NoEpoch));
        assert_eq!(world.withdraw(owner(1, ALICE)).await, Err(Denied));
        assert_eq!(world.store().open_epoch(EPOCH, vec![4]).await, Ok(EpochState::Retired));
        assert_eq!(world.state(EPOCH).await, Some(EpochState::Retired));
        assert_eq!(world.store().retire_epoch(EPOCH).await, Ok(false));
        assert_eq!(world.bucket(NEXT, ONE, 0).await.map(|slots| slots.len()), Ok(1));
        world.crash();
    }
    assert_eq!(world.store().open_epoch(Epoch(9), vec![4]).await, Ok(EpochState::Retired));
}

pub(in crate::store) async fn promise_17_a_bucket_is_all_that_is_listed_in_it(world: &mut World<impl Backend>) {
    world.with_epochs().await;
    assert_eq!(world.bucket(EPOCH, ONE, 0).await, Ok(vec![]));
    for number in [u32::MAX, 0, 1, 2] {
        assert_eq!(world.publish(entry(number, 7, ALICE, ago(0))).await, listed(None));
    }
    // What waits is in none.
    assert_eq!(world.publish(entry(1, 8, THIEF, ago(0))).await, waiting(TODAY.plus(7)));
    assert_eq!(world.listings().await, [(0, 7), (1, 7), (2, 7), (u32::MAX, 7)]);
    assert_eq!(world.bucket(NEXT, ONE, 0).await, Ok(vec![]));
    let slots = world.bucket(EPOCH, ONE, 0).await.unwrap();
    assert!(slots.contains(&entry(1, 7, ALICE, ago(0)).slot));
}

pub(in crate::store) async fn promise_17_other_bits_and_other_epochs_get_no_bucket(world: &mut World<impl Backend>) {
    world.with_epochs().await;
    assert_eq!(world.bucket(EPOCH, bits(1), 0).await, Err(NoBucket::OtherBits));
    assert_eq!(world.bucket(Epoch(9), ONE, 0).await, Err(NoBucket::NoEpoch));
    assert_eq!(
        world.publish(NewEntry { epoch: Epoch(9), ..entry(1, 1, ALICE, ago(0)) }).await,
        Err(NotPlaced::NoEpoch)
    );
    for number in 0..121 {
        world.publish(entry(number, 1, ALICE, ago(0))).await.unwrap();
    }
    assert_eq!(world.bucket(EPOCH, ONE, 0).await, Err(NoBucket::OtherBits));
}

pub(in crate::store) async fn promise_18_every_bucket_splits_before_the_121st_entry(world: &mut World<impl Backend>) {
    world.with_epochs().await;
    for number in 0..120 {
        assert_eq!(world.publish_on(entry(number, 1, ALICE, ago(0)), TODAY).await.unwrap().bits, ONE);
    }
    // An entry that is there already is none more.
    assert_eq!(world.publish_on(entry(0, 2, ALICE, ago(0)), TODAY).await.unwrap().bits, ONE);
    assert_eq!(world.publish_on(entry(120, 1, ALICE, ago(0)), TODAY).await.unwrap().bits, bits(1));
    for number in 0..=120 {
        assert_eq!(world.withdraw(owner(number, ALICE)).await, Ok(()));
        if number == 60 {
            world.crash();
            let lengths = [world.bucket(EPOCH, bits(1), 0).await, world.bucket(EPOCH, bits(1), 1).await];
            assert_eq!(lengths.map(|bucket| bucket.unwrap().len()), [30, 30]);
        }
    }
    // They never shrink.
    assert_eq!(world.publish_on(entry(0, 1, ALICE, ago(0)), TODAY).await.unwrap().bits, bits(1));
}

pub(in crate::store) async fn promise_18_at_the_most_bits_a_bucket_is_full_at_its_last_slot(
    world: &mut World<impl Backend>,
) {
    world.with_epochs().await;
    let crowd = |number| NewEntry { prefix: BucketPrefix(0xFFFF_FFFF), ..entry(number, 1, ALICE, ago(0)) };
    for number in 0..128 {
        let grown = if number < 120 { ONE } else { bits(BucketBits::MAX) };
        assert_eq!(world.publish_on(crowd(number), TODAY).await.unwrap().bits, grown);
    }
    assert_eq!(world.publish(crowd(128)).await, Err(NotPlaced::Full));
    assert_eq!(world.publish(crowd(127)).await, listed(None));
    assert_eq!(world.publish(entry(1, 1, ALICE, ago(0))).await, listed(None));
    let last = bits(BucketBits::MAX).buckets() - 1;
    assert_eq!(world.bucket(EPOCH, bits(BucketBits::MAX), last).await.unwrap().len(), 128);
    assert_eq!(world.withdraw(EntryOwner { prefix: BucketPrefix(0xFFFF_FFFF), ..owner(3, ALICE) }).await, Ok(()));
    assert_eq!(world.publish(crowd(128)).await, listed(None));
}

pub(in crate::store) async fn promise_18_entries_that_come_together_are_counted(world: &mut World<impl Backend>) {
    world.with_epochs().await;
    let publish = |number| world.store().publish(entry(number, 1, ALICE, ago(0)), TODAY);
    let withdraw = |number| world.store().withdraw(owner(number, ALICE));
    join_all((0..60).map(publish)).await;
    // Written, being written or not yet: all of it is counted.
    let (publishing, withdrawing) = (join_all((60..120).map(publish)), join_all((0..10).map(withdraw)));
    let more = join_all((120..130).map(publish));
    let (_, withdrawn, more) = futures_util::join!(publishing, withdrawing, more);
    assert!(withdrawn.iter().all(|withdrawn| *withdrawn == Ok(Ok(()))));
    assert!(more.iter().all(|placed| placed.as_ref().unwrap().as_ref().unwrap().bits == ONE));
    assert_eq!(world.listings().await.len(), 120);
    assert_eq!(publish(130).await.unwrap().unwrap().bits, bits(1));
}

pub(in crate::store) async fn promise_19_the_key_replaces_and_withdraws(world: &mut World<impl Backend>) {
    world.with_epochs().await;
    assert_eq!(world.publish(entry(1, 1, ALICE, ago(0))).await, listed(None));
    assert_eq!(world.publish(entry(1, 2, ALICE, ago(60))).await, listed(None));
    assert_eq!(world.listings().await, [(1, 2)]);
    assert_eq!(world.publish(entry(1, 3, THIEF, ago(0))).await, waiting(TODAY.plus(7)));
    assert_eq!(world.withdraw(owner(1, THIEF)).await, Err(Denied));
    assert_eq!(world.withdraw(owner(1, ALICE)).await, Ok(()));
    assert_eq!(world.listings().await, []);
    assert_eq!(world.withdraw(owner(1, ALICE)).await, Err(Denied));
    world.crash();
    assert_eq!(world.listings().await, []);
}

pub(in crate::store) async fn promise_19_a_withdrawn_entry_comes_back_as_a_new_one_alone(
    world: &mut World<impl Backend>,
) {
    world.with_epochs().await;
    let first = entry(1, 1, ALICE, ago(10));
    assert_eq!(world.publish(first.clone()).await, listed(None));
    assert_eq!(world.publish(entry(1, 3, THIEF, ago(0))).await, waiting(TODAY.plus(7)));
    let later = TODAY.plus(5);
    assert_eq!(world.publish_on(first.clone(), later).await.map(|placed| placed.place), listed(Some(TODAY.plus(7))));
    assert_eq!(world.withdraw(owner(1, ALICE)).await, Ok(()));
    assert_eq!(world.publish_on(first, later).await, Err(NotPlaced::NotProved));
    // Nor is anything left of the claim.
    assert_eq!(world.publish(entry(1, 4, ALICE, ago(0))).await, listed(None));
}

pub(in crate::store) async fn promise_20_a_claim_waits_and_then_takes_the_place(world: &mut World<impl Backend>) {
    world.with_epochs().await;
    assert_eq!(world.publish(entry(1, 1, ALICE, ago(40))).await, Err(NotPlaced::NotProved));
    assert_eq!(world.publish(entry(1, 1, ALICE, ago(14))).await, listed(None));
    assert_eq!(world.publish(entry(1, 2, THIEF, ago(15))).await, Err(NotPlaced::NotProved));
    let claim = entry(1, 2, THIEF, ago(3));
    assert_eq!(world.publish(claim.clone()).await, waiting(TODAY.plus(7)));
    for day in [TODAY, TODAY.plus(6)] {
        world.crash();
        assert_eq!(world.publish_on(claim.clone(), day).await.map(|placed| placed.place), waiting(TODAY.plus(7)));
        assert_eq!(world.listings().await, [(1, 1)]);
    }
    assert_eq!(world.publish_on(claim, TODAY.plus(7)).await.map(|placed| placed.place), listed(None));
    assert_eq!(world.listings().await, [(1, 2)]);
    assert_eq!(world.withdraw(owner(1, ALICE)).await, Err(Denied));
    assert_eq!(world.withdraw(owner(1, THIEF)).await, Ok(()));
}

pub(in crate::store) async fn promise_20_the_owner_is_told_and_ends_the_claim(world: &mut World<impl Backend>) {
    world.with_epochs().await;
    assert_eq!(world.publish(entry(1, 1, ALICE, ago(9))).await, listed(None));
    let claim = entry(1, 2, THIEF, ago(3));
    assert_eq!(world.publish(claim.clone()).await, waiting(TODAY.plus(7)));
    assert_eq!(world.publish(entry(1, 3, ALICE, ago(9))).await, listed(Some(TODAY.plus(7))));
    assert_eq!(world.publish(entry(1, 4, ALICE, ago(0))).await, listed(None));
    world.crash();
    // The proof that was good for a claim is older than the owner's now.
    assert_eq!(world.publish_on(claim, TODAY.plus(7)).await, Err(NotPlaced::NotProved));
    assert_eq!(world.listings().await, [(1, 4)]);
}

pub(in crate::store) async fn promise_20_without_proofs_nothing_but_the_key_takes_a_place(
    world: &mut World<impl Backend>,
) {
    world.with_epochs().await;
    let unproved = |slot, owner| NewEntry { proved: None, ..entry(1, slot, owner, ago(0)) };
    assert_eq!(world.publish(unproved(1, ALICE)).await, listed(None));
    assert_eq!(world.publish(unproved(2, THIEF)).await, Err(NotPlaced::Denied));
    assert_eq!(world.publish(unproved(3, ALICE)).await, listed(None));
    assert_eq!(world.publish_on(unproved(4, THIEF), TODAY.plus(60)).await, Err(NotPlaced::Denied));
    assert_eq!(world.listings().await, [(1, 3)]);
}
