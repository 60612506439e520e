//! Which buckets are read, in which order, and when.

use std::collections::{BTreeSet, HashSet};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{CryptoRng, Rng, SeedableRng};
use sealpost_blind::directory::Bucket;
use sealpost_wire::directory::{BucketBits, BucketRead};
use tokio::time::sleep;

use super::patience::Patience;
use super::ways::Ways;
use crate::net::{Directory, NeitherConnection, NetError};

/// The most reads on one connection; how many it is, is drawn for each.
const MOST_ON_ONE: u32 = 4;
/// No pause is so much longer than their mean.
const LONGEST_PAUSE: f64 = 10.0;

/// The buckets to read: each that is wanted once, and decoys, in random order.
///
/// So many decoys that the number of reads says of the number of contacts only between which powers of two it is. They are
/// drawn from a seed of their own, the same for the whole epoch: decoys that changed from day to day could be told from the
/// buckets that are wanted every time.
pub(super) fn plan(wanted: &BTreeSet<u32>, bits: BucketBits, seed: [u8; 32], rng: &mut impl CryptoRng) -> Vec<u32> {
    let all = bits.buckets() as usize;
    let reads = if wanted.is_empty() { 0 } else { wanted.len().next_power_of_two().min(all) };
    let decoys = reads.saturating_sub(wanted.len());
    let mut plan: Vec<_> = wanted.iter().copied().chain(decoys_of(wanted, bits, decoys, seed)).collect();
    plan.shuffle(rng);
    plan
}

fn decoys_of(wanted: &BTreeSet<u32>, bits: BucketBits, count: usize, seed: [u8; 32]) -> HashSet<u32> {
    let mut drawn = StdRng::from_seed(seed);
    let is_free = |bucket: &u32| !wanted.contains(bucket);
    if wanted.len() + count > bits.buckets() as usize / 2 {
        let mut all: Vec<_> = (0..bits.buckets()).collect();
        all.shuffle(&mut drawn);
        return all.into_iter().filter(is_free).take(count).collect();
    }
    // At most half of all are taken, so drawing is quick.
    let mut chosen = HashSet::with_capacity(count);
    while chosen.len() < count {
        chosen.extend(Some(drawn.random_range(0..bits.buckets())).filter(is_free));
    }
    chosen
}

/// A random time around `mean`, as between events that know nothing of each other.
pub(super) fn pause(mean: Duration, rng: &mut impl CryptoRng) -> Duration {
    let uniform: f64 = rng.random();
    mean.mul_f64((-(1.0 - uniform).ln()).min(LONGEST_PAUSE))
}

/// Reads buckets of a directory, on connections that carry a few each.
pub(super) struct Reader<'a> {
    ways: &'a Ways,
    pace: Duration,
    connection: Option<NeitherConnection<Directory>>,
    left: u32,
}

impl<'a> Reader<'a> {
    pub(super) const fn new(ways: &'a Ways, pace: Duration) -> Self {
        Self { ways, pace, connection: None, left: 0 }
    }

    /// Reads a bucket, after a pause.
    ///
    /// # Errors
    /// Those of the network, after a few tries where those may help.
    pub(super) async fn read(&mut self, read: BucketRead) -> Result<Bucket, NetError> {
        let pause = pause(self.pace, &mut rand::rng());
        if !pause.is_zero() {
            sleep(pause).await;
        }
        let mut patience = Patience::new();
        loop {
            match self.try_once(read).await {
                Ok(bucket) => return Ok(bucket),
                Err(error) => {
                    self.connection = None;
                    patience.after(error).await?;
                }
            }
        }
    }

    async fn try_once(&mut self, read: BucketRead) -> Result<Bucket, NetError> {
        if self.left == 0 {
            self.connection = None;
        }
        let connection = match &mut self.connection {
            Some(open) => open,
            None => {
                self.left = rand::rng().random_range(1..=MOST_ON_ONE);
                let Ways { network, permit, relay, .. } = self.ways;
                self.connection.insert(network.directory(permit, relay).await?)
            }
        };
        self.left = self.left.saturating_sub(1);
        connection.read(read).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planned(wanted: impl IntoIterator<Item = u32>, bits: u8) -> (BTreeSet<u32>, Vec<u32>) {
        let wanted = wanted.into_iter().collect();
        let plan = plan(&wanted, BucketBits::new(bits).unwrap(), [1; 32], &mut StdRng::seed_from_u64(1));
        (wanted, plan)
    }

    #[test]
    fn every_wanted_bucket_is_read_once_among_as_many_as_a_power_of_two() {
        for (count, bits, reads) in [(1, 0, 1), (1, 10, 1), (3, 10, 4), (300, 10, 512), (300, 9, 512), (300, 24, 512)] {
            let (wanted, plan) = planned((0..count).map(|n| n * 7 % (1 << bits)), bits);
            assert_eq!(plan.len(), reads, "{count} of 2^{bits}");
            let distinct: BTreeSet<_> = plan.iter().copied().collect();
            assert_eq!(distinct.len(), plan.len());
            assert!(wanted.is_subset(&distinct) && distinct.iter().all(|bucket| *bucket < 1 << bits));
        }
    }

    #[test]
    fn there_are_never_more_reads_than_buckets() {
        assert_eq!(planned(0..250, 8).1.len(), 256);
        assert!(planned([], 8).1.is_empty());
    }

    #[test]
    fn the_order_says_nothing_of_which_were_wanted() {
        let first_is_wanted = (0..400_u64).filter(|seed| {
            let wanted: BTreeSet<_> = (0..5).collect();
            let order = &mut StdRng::seed_from_u64(*seed);
            wanted.contains(&plan(&wanted, BucketBits::new(10).unwrap(), [1; 32], order)[0])
        });
        // Five of eight.
        assert!((200..300).contains(&first_is_wanted.count()));
    }

    #[test]
    fn decoys_stay_the_same_from_day_to_day() {
        let bits = BucketBits::new(12).unwrap();
        let decoys = |wanted: &BTreeSet<u32>| decoys_of(wanted, bits, 20, [1; 32]);
        let (before, after): (BTreeSet<_>, BTreeSet<_>) = ((0..300).collect(), (0..301).collect());
        assert_eq!(decoys(&before), decoys(&before));
        assert!(decoys(&before).intersection(&decoys(&after)).count() >= 19);
        assert_ne!(decoys(&before), decoys_of(&before, bits, 20, [2; 32]));
    }

    #[test]
    fn pauses_are_random_around_their_mean_and_bounded() {
        let mut rng = StdRng::seed_from_u64(1);
        let mean = Duration::from_millis(500);
        let pauses: Vec<_> = (0..1_000).map(|_| pause(mean, &mut rng)).collect();
        let average = pauses.iter().sum::<Duration>() / 1_000;
        assert!(average > mean * 9 / 10 && average < mean * 11 / 10, "{average:?}");
        assert!(pauses.iter().all(|pause| *pause <= mean * 10));
        assert_eq!(pause(Duration::ZERO, &mut rng), Duration::ZERO);
    }
}
