//! Chance without a generator: every draw is a hash of what it is for.
//!
//! A shared generator would make the population depend on the order in which tasks ask. Here user 17's third session
//! is the same whoever asks, and when. SplitMix64 (Steele, Lea, Flood 2014) is small, fast, and its numbers stay the
//! same over versions of any library.

/// One step of SplitMix64: a bijection that scatters its input.
pub(crate) const fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The hash of a sequence of numbers.
pub(crate) fn hash(parts: &[u64]) -> u64 {
    parts
        .iter()
        .fold(0x5bd1_e995, |state, part| mix(state ^ part))
}

/// The hash of a text.
pub(crate) fn hash_text(seed: u64, text: &str) -> u64 {
    let mut state = mix(seed ^ text.len() as u64);
    for chunk in text.as_bytes().chunks(8) {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        state = mix(state ^ u64::from_le_bytes(word));
    }
    state
}

/// A hash as a fraction in `0..1`.
pub(crate) fn unit(hash: u64) -> f64 {
    (hash >> 11) as f64 / (1u64 << 53) as f64
}

/// A sequence of draws that begins at a hash.
#[derive(Debug, Clone)]
pub(crate) struct Draw(u64);

impl Draw {
    /// Draws for the thing that these numbers name.
    pub(crate) fn of(parts: &[u64]) -> Self {
        Self(hash(parts))
    }

    /// The next 64 bits.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// A number in `0..1`.
    pub(crate) fn unit(&mut self) -> f64 {
        unit(self.next())
    }

    /// True with this probability.
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// A number in `0..count`; 0 where `count` is 0.
    pub(crate) fn below(&mut self, count: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(count)) >> 64) as u64
    }

    /// A number from `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: i64, high: i64) -> i64 {
        low + self.below((high - low + 1).max(1) as u64) as i64
    }

    /// One of these.
    pub(crate) fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len() as u64) as usize]
    }

    /// The place of one of these weights, each as likely as it is heavy.
    pub(crate) fn weighted(&mut self, weights: &[u32]) -> usize {
        let total: u64 = weights.iter().map(|weight| u64::from(*weight)).sum();
        let mut left = self.below(total);
        for (place, weight) in weights.iter().enumerate() {
            let weight = u64::from(*weight);
            if left < weight {
                return place;
            }
            left -= weight;
        }
        0
    }

    /// A whole number near `value`: rounded up with the probability of its fraction.
    pub(crate) fn round(&mut self, value: f64) -> u64 {
        let floor = value.max(0.0).floor();
        floor as u64 + u64::from(self.chance(value - floor))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_are_even_and_repeatable() {
        let mut first = Draw::of(&[1, 2]);
        let mut again = Draw::of(&[1, 2]);
        let mut counts = [0u32; 10];
        for _ in 0..10_000 {
            let place = first.below(10);
            assert_eq!(place, again.below(10));
            counts[place as usize] += 1;
        }
        assert!(
            counts.iter().all(|count| (850..1150).contains(count)),
            "{counts:?}"
        );
    }

    #[test]
    fn weights_are_kept() {
        let mut draw = Draw::of(&[7]);
        let heavy = (0..10_000)
            .filter(|_| draw.weighted(&[1, 0, 3]) == 2)
            .count();
        assert!((7200..7800).contains(&heavy), "{heavy}");
    }

    #[test]
    fn rounding_keeps_the_mean() {
        let mut draw = Draw::of(&[9]);
        let sum: u64 = (0..10_000).map(|_| draw.round(2.3)).sum();
        assert!((22_700..23_300).contains(&sum), "{sum}");
    }

    #[test]
    fn texts_that_differ_hash_apart() {
        assert_ne!(hash_text(1, "abc"), hash_text(1, "abd"));
        assert_ne!(hash_text(1, "abc"), hash_text(2, "abc"));
        assert_ne!(hash_text(1, ""), hash_text(1, "\0"));
    }
}
