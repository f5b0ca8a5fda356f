//! Chance that depends on the seed alone.

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

/// Draws one after the other from a seed.
pub struct Chance(StdRng);

impl Chance {
    /// The draws of a seed, for one purpose.
    pub fn of(seed: u64, purpose: u64) -> Self {
        Chance(StdRng::seed_from_u64(hash(&[seed, purpose])))
    }

    /// From the first to the second, both included.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        self.0.random_range(low..=high)
    }

    /// Below a number.
    pub fn below(&mut self, count: usize) -> usize {
        self.0.random_range(0..count.max(1))
    }

    /// True in this share of the draws.
    pub fn happens(&mut self, share: f64) -> bool {
        self.0.random_bool(share)
    }

    /// From 0 on and below 1.
    pub fn unit(&mut self) -> f64 {
        self.0.random()
    }

    /// One of these.
    pub fn one_of<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())].clone()
    }

    /// Small numbers as often as large ones: each magnitude between the two is as likely as another.
    pub fn magnitude(&mut self, low: f64, high: f64) -> f64 {
        low * (high / low).powf(self.unit())
    }

    /// A number of its own.
    pub fn number(&mut self) -> u64 {
        self.0.random()
    }
}

/// A number that stands for these, the same in every build (splitmix64).
pub fn hash(numbers: &[u64]) -> u64 {
    numbers.iter().fold(0x9e37_79b9_7f4a_7c15, |state, number| {
        let mut z = (state ^ number).wrapping_add(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    })
}
