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
