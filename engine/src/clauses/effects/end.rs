//! `finish` and `leave`: end a step elsewhere in the case, as done or as cancelled.

use crate::checker::Checker;
use crate::event::Ending;
use crate::ids::Name;
use crate::moment::{Moment, Work};
use crate::yaml::Node;

/// Ends a step elsewhere.
#[derive(Clone, Debug)]
pub struct End {
    /// The step.
    pub step: Name,
    /// As done or as cancelled.
    pub how: Ending,
}

impl End {
    pub(super) fn perform(&self, moment: &Moment<'_>, works: &mut Vec<Work>) {
        let visits = moment.case.visits.values().filter(|found| found.step == self.step);
        works.extend(visits.map(|found| Work::Finish { visit: found.id, how: self.how }));
    }

    pub(super) fn finish(checker: &mut Checker<'_>, node: &Node) -> Option<Self> {
        Self::check(checker, node, "`finish`", Ending::Done)
    }

    pub(super) fn leave(checker: &mut Checker<'_>, node: &Node) -> Option<Self> {
        Self::check(checker, node, "`leave`", Ending::Left)
    }

    fn check(checker: &mut Checker<'_>, node: &Node, what: &str, how: Ending) -> Option<Self> {
        let mut keys = checker.keys(node, what)?;
        let step = keys.require("step", checker).and_then(|step| checker.named_step(step));
        keys.finish(checker);
        Some(Self { step: step?, how })
    }
}
