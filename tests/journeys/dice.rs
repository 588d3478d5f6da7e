//! Chance that is the same in every run.

/// A generator of numbers that look random: xorshift64 (G. Marsaglia, "Xorshift RNGs", 2003).
pub struct Dice(u64);

impl Dice {
    /// The generator of this seed.
    pub fn new(seed: u64) -> Self {
        // Its state must not be zero, and seeds that differ in one bit must not begin alike.
        Self(seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A number from 0 to `sides - 1`.
    pub fn roll(&mut self, sides: usize) -> usize {
        let sides = u64::try_from(sides).expect("a number of sides");
        usize::try_from((self.next() >> 16) % sides).expect("less than the sides")
    }
}
