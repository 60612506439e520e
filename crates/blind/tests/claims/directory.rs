//! Slots and buckets have one length and show nothing to whoever cannot open them.

use std::collections::HashSet;

use proptest::prelude::*;
use rand::SeedableRng;
use rand::rngs::StdRng;
use sealpost_blind::directory::{
    BUCKET_LENGTH, Bucket, BucketPrefix, CARD_LENGTH, NotOpened, Record, RecordKey, SLOT_LENGTH, SLOTS, Slot, Tag,
    TooManySlots, WrongLength,
};
use sealpost_blind::discovery::Lookup;
use sealpost_wire::Secret;
use sealpost_wire::time::Day;

fn number(n: u8) -> Lookup {
    Lookup { prefix: BucketPrefix(0), tag: Tag::from_bytes([n; 16]), key: RecordKey::new([n; 32]) }
}

fn record(n: u8) -> Record {
    Record { card: Secret::new([n; CARD_LENGTH]), last_day: Day(n.into()) }
}

fn published(n: u8) -> Slot {
    let Lookup { tag, key, .. } = number(n);
    record(n).seal(&tag, &key, &mut rand::rng())
}

fn changed(slot: &Slot, index: usize, bits: u8) -> Slot {
    let mut bytes = *slot.as_bytes();
    bytes[index] ^= bits;
    Slot::from_bytes(&bytes).unwrap()
}

#[test]
fn the_lengths_are_those_of_the_directory() {
    assert_eq!((SLOT_LENGTH, SLOTS, BUCKET_LENGTH), (256, 128, 32_768));
}

#[test]
fn a_published_number_is_found_and_no_other() {
    let bucket = Bucket::fill(&(0..120).map(published).collect::<Vec<_>>(), &mut rand::rng()).unwrap();
    for n in 0..120 {
        assert_eq!(bucket.find(&number(n)), Ok(Some(record(n))));
    }
    assert_eq!(bucket.find(&number(121)), Ok(None));
}

#[test]
fn the_same_record_twice_gives_unrelated_bytes_behind_its_tag() {
    let (one, other) = (published(1), published(1));
    let same = one.as_bytes()[16..].iter().zip(&other.as_bytes()[16..]).filter(|(one, other)| one == other).count();
    // 240 random bytes agree in one place on average.
    assert!(same < 12, "{same} bytes agree");
}

#[test]
fn a_changed_slot_is_told_from_a_missing_one() {
    let changed = changed(&published(1), 100, 1);
    let bucket = Bucket::fill(std::slice::from_ref(&changed), &mut rand::rng()).unwrap();
    assert_eq!(bucket.find(&number(1)), Err(NotOpened));
    assert_eq!(bucket.find(&number(2)), Ok(None));

    // Nor does a bad copy hide the good one.
    let bucket = Bucket::fill(&[changed.clone(), published(1), changed], &mut rand::rng()).unwrap();
    assert_eq!(bucket.find(&number(1)), Ok(Some(record(1))));
}

#[test]
fn a_record_does_not_move_to_another_tag() {
    let moved = changed(&published(1), 0, 0xFF);
    assert_eq!(Record::open(&moved, &number(1).key), Err(NotOpened));
}

#[test]
fn a_bucket_has_one_length_however_many_slots_are_taken() {
    for count in [0, 1, 127, 128] {
        let bucket = Bucket::fill(&(0..count).map(published).collect::<Vec<_>>(), &mut rand::rng()).unwrap();
        assert_eq!(bucket.as_bytes().len(), BUCKET_LENGTH);
        assert_eq!(bucket.slots().count(), SLOTS);
    }
    assert_eq!(Bucket::fill(&(0..129).map(published).collect::<Vec<_>>(), &mut rand::rng()), Err(TooManySlots));
}

#[test]
fn no_byte_tells_taken_slots_from_free_ones() {
    let rng = &mut rand::rng();
    let mut ones = [[0; SLOT_LENGTH]; 2];
    for _ in 0..20 {
        let seal = |_| record(0).seal(&Tag::from_bytes(rand::random()), &number(1).key, &mut rand::rng());
        let bucket = Bucket::fill(&(0..SLOTS / 2).map(seal).collect::<Vec<_>>(), rng).unwrap();
        for slot in bucket.slots() {
            let ones = &mut ones[usize::from(Record::open(&slot, &number(1).key).is_ok())];
            ones.iter_mut().zip(slot.as_bytes()).for_each(|(ones, byte)| *ones += byte.count_ones());
        }
    }
    // In each place of 1,280 slots, 10,240 bits: half of them are set, with a standard deviation of 51.
    for ones in ones.as_flattened() {
        assert!((4_660..5_580).contains(ones), "{ones} bits are set in one place");
    }
}

#[test]
fn taken_slots_are_anywhere() {
    let place = |_| {
        let bucket = Bucket::fill(&[published(1)], &mut rand::rng()).unwrap();
        bucket.slots().position(|slot| slot.tag() == number(1).tag).unwrap()
    };
    let places: HashSet<_> = (0..20).map(place).collect();
    assert!(places.len() > 5, "{places:?}");
}

#[test]
fn the_same_seed_gives_the_same_bucket_so_that_it_can_be_cached() {
    let (slots, seeded) = ([1, 2].map(published), StdRng::seed_from_u64);
    let fill = |seed| Bucket::fill(&slots, &mut seeded(seed)).unwrap();
    assert!(fill(1) == fill(1) && fill(1) != fill(2));
}

#[test]
fn other_lengths_are_refused() {
    for length in [0, 1, BUCKET_LENGTH - 1, BUCKET_LENGTH + 1, 2 * BUCKET_LENGTH] {
        assert_eq!(Bucket::from_bytes(vec![0; length].into()), Err(WrongLength));
    }
    for length in [0, 255, 257] {
        assert_eq!(Slot::from_bytes(&vec![0; length]), None);
    }
}

proptest! {
    #[test]
    fn a_record_survives_its_slot(card in prop::collection::vec(any::<u8>(), CARD_LENGTH), day: u32, tag: [u8; 16], key: [u8; 32]) {
        let record = Record { card: Secret::new(card.try_into().unwrap()), last_day: Day(day) };
        let (tag, key) = (Tag::from_bytes(tag), RecordKey::new(key));
        let slot = record.seal(&tag, &key, &mut rand::rng());
        let slot = Slot::from_bytes(slot.as_bytes()).unwrap();
        prop_assert!(slot.tag() == tag);
        prop_assert_eq!(Record::open(&slot, &key), Ok(record));
    }

    #[test]
    fn a_slot_with_any_bit_changed_does_not_open(index in 0..SLOT_LENGTH, bit in 0..8) {
        prop_assert_eq!(Record::open(&changed(&published(1), index, 1_u8 << bit), &number(1).key), Err(NotOpened));
    }

    #[test]
    fn random_slots_are_read_and_do_not_open(bytes in prop::collection::vec(any::<u8>(), SLOT_LENGTH), key: [u8; 32]) {
        let slot = Slot::from_bytes(&bytes).unwrap();
        prop_assert_eq!(slot.as_bytes().as_slice(), bytes);
        prop_assert_eq!(Record::open(&slot, &RecordKey::new(key)), Err(NotOpened));
    }

    #[test]
    fn a_bucket_survives_the_network(seed: u8, index in 0..SLOTS) {
        let bucket = Bucket::fill(&[published(seed)], &mut rand::rng()).unwrap();
        let read = Bucket::from_bytes(bucket.as_bytes().into()).unwrap();
        prop_assert!(read == bucket);
        let slot = read.slots().nth(index).unwrap();
        prop_assert_eq!(slot.as_bytes().as_slice(), &bucket.as_bytes()[index * SLOT_LENGTH..][..SLOT_LENGTH]);
    }
}
