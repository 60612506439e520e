//! Filling buckets up.

use std::iter;

use rand::SeedableRng;
use rand::rngs::StdRng;
use sealpost_blind::directory::Bucket;
use sealpost_wire::Secret;
use sealpost_wire::directory::{BucketRead, Slot};

/// Fills buckets with random slots, and the same ones as long as the same entries are in a bucket: so a cache may keep it, and
/// whoever reads it twice does not learn from the difference which slots are taken.
pub(super) struct Filler(Secret<32>);

impl Filler {
    /// With a key of this process.
    pub(super) fn new(rng: &mut impl rand::CryptoRng) -> Self {
        Self(Secret::random(rng))
    }

    /// The bucket with these slots, which come in the same order each time; none if they are too many.
    pub(super) fn fill(&self, read: BucketRead, slots: &[Slot]) -> Option<Bucket> {
        let BucketRead { epoch, bits, number } = read;
        let head = [epoch.0.to_be_bytes().as_slice(), &[bits.bits()], &number.to_be_bytes()].concat();
        // In one piece, which is hashed several blocks at a time.
        let all: Vec<&[u8]> =
            iter::once(head.as_slice()).chain(slots.iter().map(|slot| slot.as_bytes().as_slice())).collect();
        let mut rng = StdRng::from_seed(*blake3::keyed_hash(self.0.expose(), &all.concat()).as_bytes());
        Bucket::fill(slots, &mut rng).ok()
    }
}

#[cfg(test)]
mod tests {
    use sealpost_wire::directory::{BucketBits, Epoch};

    use super::*;

    fn read(number: u32) -> BucketRead {
        BucketRead { epoch: Epoch(230), bits: BucketBits::new(1).unwrap(), number }
    }

    fn slot(fill: u8) -> Slot {
        Slot::new([fill; Slot::LENGTH])
    }

    #[test]
    fn a_bucket_stays_the_same_until_its_entries_change() {
        let filler = Filler::new(&mut rand::rng());
        let first = filler.fill(read(0), &[slot(1), slot(2)]).unwrap();
        assert_eq!(filler.fill(read(0), &[slot(1), slot(2)]), Some(first.clone()));
        assert_ne!(filler.fill(read(0), &[slot(1)]), Some(first.clone()));
        assert_ne!(filler.fill(read(1), &[slot(1), slot(2)]), Some(first.clone()));
        assert_ne!(Filler::new(&mut rand::rng()).fill(read(0), &[slot(1), slot(2)]), Some(first));
    }

    #[test]
    fn all_entries_are_in_the_bucket_and_no_more_than_fit() {
        let filler = Filler::new(&mut rand::rng());
        let bucket = filler.fill(read(0), &(0..128).map(slot).collect::<Vec<_>>()).unwrap();
        assert!((0..128).all(|fill| bucket.slots().any(|found| found == slot(fill))));
        assert_eq!(filler.fill(read(0), &(0..129).map(|fill| slot(fill as u8)).collect::<Vec<_>>()), None);
    }
}
