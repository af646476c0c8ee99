//! `steps`: steps inside a step, a scope for deadlines, actions and listeners.

use crate::event::{Cause, Edge};
use crate::ids::{Name, VisitId};
use crate::moment::{Entry, Moment, StepId, Work};

/// A step that others lie inside; the first of them is where it begins.
#[derive(Clone, Debug)]
pub struct Stage {
    /// The first step.
    pub first: StepId,
}

impl Stage {
    /// Enters the first step.
    pub fn go(&self, moment: &mut Moment<'_>, visit: VisitId, step: &Name, line: u32) {
        let cause = Cause::new(Edge::Inside, step, line);
        moment.first([Work::Enter(Entry::new(self.first, visit, cause))]);
    }
}
