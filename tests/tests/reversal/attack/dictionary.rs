//! The numbers that an attacker tries, each hashed once: the salt is public, so everyone can do that.

use std::time::Duration;

use rand::{CryptoRng, RngCore};
use sealpost_blind::discovery::{Descriptor, Hasher, Stretched};
use sealpost_identity::PhoneNumber;

use super::Reversed;

/// A number and its slow hash.
pub(crate) struct Guess {
    pub(crate) number: String,
    pub(crate) phone: PhoneNumber,
    pub(crate) x: Stretched,
}

/// All guesses, and what they cost.
pub(crate) struct Dictionary {
    pub(crate) guesses: Vec<Guess>,
    took: Duration,
}

impl Dictionary {
    /// Hashes every number under the salt of the epoch, on one core.
    pub(crate) fn stretch(numbers: &[String], descriptor: &Descriptor) -> Self {
        let mut hasher = Hasher::new(descriptor.parameters).unwrap();
        let before = processor_time();
        let guess = |number: &String| Guess {
            number: number.clone(),
            phone: PhoneNumber::parse(number, None).unwrap(),
            x: hasher.stretch(number.as_bytes(), &descriptor.salt),
        };
        let guesses = numbers.iter().map(guess).collect();
        Self { guesses, took: processor_time() - before }
    }

    /// The numbers of which `holds` is so.
    pub(super) fn numbers_where(&self, holds: impl Fn(&Guess) -> bool) -> Reversed {
        self.guesses.iter().filter(|guess| holds(guess)).map(|guess| guess.number.clone()).collect()
    }

    /// How many hashes were taken.
    pub(crate) fn hashes(&self) -> usize {
        self.guesses.len()
    }

    /// What a number of guesses costs at that pace, in hours of one core.
    pub(crate) fn core_hours(&self, guesses: f64) -> f64 {
        self.took.as_secs_f64() / self.hashes() as f64 * guesses / 3_600.0
    }
}

/// What this thread has used of a processor: others use the machine too.
fn processor_time() -> Duration {
    let schedule = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(schedule.split(' ').next().unwrap().parse().unwrap())
}

/// A source of randomness that yields the scalar one: blinded with it, an element is what it was.
pub(super) struct One;

impl RngCore for One {
    fn next_u32(&mut self) -> u32 {
        1
    }

    fn next_u64(&mut self) -> u64 {
        1
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        bytes.fill(0);
        bytes[0] = 1;
    }
}

impl CryptoRng for One {}
