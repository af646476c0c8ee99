//! Chance that comes from a seed alone: the same seed makes the same choices on every machine.

/// A stream of choices.
#[derive(Clone, Debug)]
pub struct Chance(u64);

impl Chance {
    /// The stream number `stream` of a seed.
    pub fn new(seed: u64, stream: u64) -> Self {
        let mut chance = Self(seed ^ stream.wrapping_mul(0xd605_1b1a_54e3_f6c5));
        // The first values of neighbouring streams still look alike.
        chance.draw();
        chance.draw();
        chance
    }

    /// The next 64 bits (SplitMix64 of Steele, Lea and Flood, 2014).
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to just under `limit`, which is not 0.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.draw() % limit.max(1)
    }

    /// A number from `first` to `last`.
    pub fn between(&mut self, first: u64, last: u64) -> u64 {
        first + self.below(last.saturating_sub(first) + 1)
    }

    /// Whether something that happens so often in a thousand happens now.
    pub fn per_mille(&mut self, often: u64) -> bool {
        self.below(1_000) < often
    }

    /// One of several; `None` of none.
    pub fn pick<'a, T>(&mut self, several: &'a [T]) -> Option<&'a T> {
        let index = usize::try_from(self.below(several.len() as u64)).unwrap_or(0);
        several.get(index)
    }

    /// One of several, each as often as its weight says; `None` when no weight is above 0.
    pub fn weigh<'a, T>(&mut self, several: &'a [(T, u64)]) -> Option<&'a T> {
        let sum: u64 = several.iter().map(|(_, weight)| weight).sum();
        let mut left = (sum > 0).then(|| self.below(sum))?;
        several.iter().find_map(|(value, weight)| match left.checked_sub(*weight) {
            None => Some(value),
            Some(rest) => {
                left = rest;
                None
            }
        })
    }
}
