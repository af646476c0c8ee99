//! Time as administrators write it: spans, rungs of a ladder, and moments up to 24:00.

mod moment;
mod rung;
mod span;
#[cfg(test)]
mod tests;
mod unit;

use std::ops::Range;

pub(crate) use moment::{DAY_SECONDS, due_on_clock, on_clock, parse_date, parse_time_of_day, start_of};
pub use moment::{describe_due, parse_local};
pub use rung::RungAt;
pub use span::Span;
pub use unit::{SPAN_YEARS_MAX, SpanUnit};

/// What is wrong with a short text such as `3 workng days`, for a diagnostic that points into it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Mistake {
    /// What is wrong, in the administrator's words.
    pub message: String,
    /// What would be right, where that can be guessed.
    pub help: Option<String>,
    /// The bytes of the text that are wrong.
    pub at: Range<usize>,
}

impl Mistake {
    /// A mistake at these bytes of the text.
    pub fn new(at: Range<usize>, message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None, at }
    }

    /// The same mistake with what would be right.
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same mistake seen from a text in which this one begins `bytes` further on.
    pub fn shifted(mut self, bytes: usize) -> Self {
        self.at = self.at.start + bytes..self.at.end + bytes;
        self
    }
}

/// The bytes of `part` within `whole`, of which it is a slice; the whole if it is not.
pub(crate) fn place_of(whole: &str, part: &str) -> Range<usize> {
    let start = (part.as_ptr() as usize).wrapping_sub(whole.as_ptr() as usize);
    match start.checked_add(part.len()) {
        Some(end) if end <= whole.len() => start..end,
        Some(_) | None => 0..whole.len(),
    }
}

/// The one of `words` that `wrong` was probably meant to be: at most a third of its letters differ.
pub(crate) fn nearest<'a>(wrong: &str, words: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let limit = wrong.chars().count().div_ceil(3);
    words
        .map(|word| (letters_apart(wrong, word), word))
        .filter(|(apart, _)| *apart <= limit)
        .min_by_key(|(apart, _)| *apart)
        .map(|(_, word)| word)
}

/// How many letters must be put in, taken out or changed to make one word of the other.
fn letters_apart(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, letter) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, other) in right.iter().enumerate() {
            let change = diagonal + usize::from(letter != *other);
            diagonal = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}
