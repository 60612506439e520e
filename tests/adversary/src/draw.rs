//! Random times and choices, the same for a seed on every machine and in every year.

use std::time::Duration;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The one source of chance of a run.
#[derive(Debug, Clone)]
pub struct Dice(ChaCha8Rng);

impl Dice {
    /// Dice that always fall alike for a seed, and otherwise for another purpose.
    #[must_use]
    pub fn new(seed: u64, purpose: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(purpose);
        Self(rng)
    }

    /// What functions that take a generator are given.
    pub const fn rng(&mut self) -> &mut ChaCha8Rng {
        &mut self.0
    }

    /// Uniform in `[0, 1)`.
    pub fn uniform(&mut self) -> f64 {
        self.0.random()
    }

    /// Whether something of this probability happens.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.uniform() < probability
    }

    /// An index below `count`, which is not zero.
    pub fn index(&mut self, count: usize) -> usize {
        self.0.random_range(0..count)
    }

    /// Standard normal (Box and Muller).
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }

    /// Log-normal, by its median and the deviation of its logarithm.
    pub fn around(&mut self, median: f64, sigma: f64) -> f64 {
        median * (sigma * self.normal()).exp()
    }

    /// Exponential.
    pub fn exponential(&mut self, mean: f64) -> f64 {
        -mean * (1.0 - self.uniform()).ln()
    }

    /// A log-normal time, by its median in seconds; never longer than a week.
    pub fn delay(&mut self, median: f64, sigma: f64) -> Duration {
        Duration::from_secs_f64(self.around(median, sigma).min(604_800.0))
    }

    /// A time uniform in `[from, to)`, in seconds.
    pub fn between(&mut self, from: f64, to: f64) -> Duration {
        Duration::from_secs_f64((to - from).mul_add(self.uniform(), from))
    }

    /// How often something of this probability happens before it once does not; at most 20 times.
    pub fn runs(&mut self, probability: f64) -> u32 {
        (0..20).take_while(|_| self.chance(probability)).count() as u32
    }
}
