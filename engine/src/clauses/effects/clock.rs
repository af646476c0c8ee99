//! `extend`, `pause`, `resume`, `restart`: what happens to the clock of a running deadline.

use crate::checker::Checker;
use crate::ids::{Name, VisitId, item_step};
use crate::moment::{ClockChange, Length, Moment, Work};
use crate::yaml::Node;

/// A change to the clock of a deadline: of the one named, or of the nearest around.
#[derive(Clone, Debug)]
pub struct Clock {
    deadline: Option<Name>,
    turn: Turn,
}

/// What happens to the clock.
#[derive(Clone, Debug)]
enum Turn {
    Extend(Length),
    Pause,
    Resume,
    Restart,
}

impl Clock {
    pub(super) fn perform(&self, moment: &Moment<'_>, visit: VisitId, works: &mut Vec<Work>) {
        let change = match &self.turn {
            Turn::Extend(more) => ClockChange::Extend { seen_from: visit, more: more.clone() },
            Turn::Pause => ClockChange::Pause,
            Turn::Resume => ClockChange::Resume,
            Turn::Restart => ClockChange::Restart,
        };
        works.extend(self.find(moment, visit).map(|visit| Work::Clock { visit, change }));
    }

    /// The visit whose deadline is meant.
    fn find(&self, moment: &Moment<'_>, visit: VisitId) -> Option<VisitId> {
        let Some(step) = &self.deadline else {
            return moment.case.path(visit).find(|around| around.deadline.is_some()).map(|around| around.id);
        };
        let body = item_step(step);
        let is_named = |found: &Name| found == step || *found == *body.as_str();
        let around = moment.case.path(visit).find(|around| is_named(&around.step));
        around.or_else(|| moment.case.visits.values().find(|found| is_named(&found.step))).map(|found| found.id)
    }

    pub(super) fn extend(checker: &mut Checker<'_>, node: &Node) -> Option<Self> {
        let mut keys = checker.keys(node, "`extend`")?;
        let deadline = keys.take("deadline").and_then(|step| limited_step(checker, step));
        let to = keys.take("to").and_then(|to| checker.moment(to)).map(Length::Until);
        let by = keys.take("by").and_then(|by| checker.span(by, "`by`")).map(Length::Span);
        if keys.has("to") == keys.has("by") {
            checker.error(node.span, "missing-key", "`extend` says either `to: =…` or `by: 3 working days`");
        }
        keys.finish(checker);
        Some(Self { deadline, turn: Turn::Extend(to.or(by)?) })
    }

    pub(super) fn pause(checker: &mut Checker<'_>, node: &Node) -> Option<Self> {
        Self::check(checker, node, "`pause`", Turn::Pause)
    }

    pub(super) fn resume(checker: &mut Checker<'_>, node: &Node) -> Option<Self> {
        Self::check(checker, node, "`resume`", Turn::Resume)
    }

    pub(super) fn restart(checker: &mut Checker<'_>, node: &Node) -> Option<Self> {
        Self::check(checker, node, "`restart`", Turn::Restart)
    }

    fn check(checker: &mut Checker<'_>, node: &Node, what: &str, turn: Turn) -> Option<Self> {
        let mut keys = checker.keys(node, what)?;
        let deadline = keys.take("deadline").and_then(|step| limited_step(checker, step));
        keys.finish(checker);
        Some(Self { deadline, turn })
    }
}

fn limited_step(checker: &mut Checker<'_>, node: &Node) -> Option<Name> {
    let name = checker.named_step(node)?;
    if checker.places.get(&name).is_some_and(|place| !place.has_deadline) {
        checker.error(node.span, "no-deadline", format!("`{name}` has no deadline"));
    }
    Some(name)
}
