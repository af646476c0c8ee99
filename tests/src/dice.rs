//! Random choices read from a tape, so that one list of numbers replays everything and a shorter one is simpler.

/// A tape of numbers being read; beyond its end all choices are the first.
#[derive(Debug)]
pub struct Dice<'a> {
    tape: &'a [u32],
    at: usize,
}

impl<'a> Dice<'a> {
    /// The beginning of a tape.
    pub fn new(tape: &'a [u32]) -> Self {
        Self { tape, at: 0 }
    }

    /// A number below `sides`.
    pub fn below(&mut self, sides: usize) -> usize {
        let roll = self.tape.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        usize::try_from(roll).unwrap_or(0) % sides.max(1)
    }

    /// True in so many of a hundred.
    pub fn chance(&mut self, percent: usize) -> bool {
        // Zero, which the end of the tape and a simpler tape give, is "no".
        self.below(100) >= 100 - percent
    }

    /// One of several.
    pub fn one<T: Clone>(&mut self, of: &[T]) -> T {
        let chosen = self.below(of.len());
        of[chosen].clone()
    }

    /// Whether the tape is over.
    pub fn is_over(&self) -> bool {
        self.at >= self.tape.len()
    }
}
