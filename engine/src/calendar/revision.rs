//! What a newer version of a calendar does to the deadlines that are open.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Calendar, Instant};
use crate::time::Span;

/// How open deadlines follow when a newer version of their calendar is taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recalc {
    /// A due moment may become later, never earlier: nobody loses time that was promised.
    #[default]
    LengthenOnly,
    /// A due moment follows the newer version either way.
    Both,
}

impl Recalc {
    /// The due moment that holds from now on. A due moment that stays is as certain as the newer version is.
    pub fn apply(self, old: Instant, new: Instant) -> Instant {
        match self {
            Self::LengthenOnly if new.at < old.at => Instant { provisional: new.provisional, ..old },
            Self::LengthenOnly | Self::Both => new,
        }
    }
}

/// An open deadline as far as a calendar is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// When its clock started.
    pub start: Timestamp,
    /// How long it has.
    pub span: Span,
}

/// What a newer version would do to one open deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Move {
    /// Which of the deadlines asked about, from 0.
    pub place: usize,
    /// Due by the older version.
    pub old: Instant,
    /// Due by the newer version.
    pub new: Instant,
    /// Due from now on, by the newer version's policy.
    pub due: Instant,
}

/// The deadlines for which the two versions differ, in the moment or in whether it is final.
pub fn moves(old: &Calendar, new: &Calendar, open: &[Counted]) -> Vec<Move> {
    let answers = open.iter().enumerate().map(|(place, deadline)| {
        let (before, after) = (old.add(deadline.start, deadline.span), new.add(deadline.start, deadline.span));
        Move { place, old: before, new: after, due: new.recalc().apply(before, after) }
    });
    answers.filter(|answer| answer.old != answer.new).collect()
}
