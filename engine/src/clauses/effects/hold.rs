//! `assign` and `release`: who holds the tasks of a step, or those here.

use crate::checker::Checker;
use crate::event::{Assigned, Event};
use crate::formula::Operand;
use crate::ids::{Name, VisitId, written_step};
use crate::moment::Moment;
use crate::value::Type;
use crate::yaml::Node;

/// Gives tasks to a person.
#[derive(Clone, Debug)]
pub struct Assign {
    step: Option<Name>,
    to: Operand,
}

impl Assign {
    pub(super) fn perform(&self, moment: &mut Moment<'_>, visit: VisitId) {
        let Some(to) = self.to.name(&moment.place(visit)) else { return };
        for visit in tasks(moment, visit, self.step.as_ref()) {
            moment.emit(Event::TaskAssigned { visit, to: to.clone(), how: Assigned::Assigned });
        }
    }

    pub(super) fn check(checker: &mut Checker<'_>, node: &Node) -> Option<Self> {
        let mut keys = checker.keys(node, "`assign`")?;
        let step = keys.take("step").and_then(|step| checker.named_step(step));
        let to = keys.require("to", checker).and_then(|to| checker.operand(to, &Type::Person));
        keys.finish(checker);
        Some(Self { step, to: to? })
    }
}

/// Puts tasks back.
#[derive(Clone, Debug)]
pub struct Release {
    step: Option<Name>,
}

impl Release {
    pub(super) fn perform(&self, moment: &mut Moment<'_>, visit: VisitId) {
        for visit in tasks(moment, visit, self.step.as_ref()) {
            moment.emit(Event::TaskReleased { visit });
        }
    }

    pub(super) fn check(checker: &mut Checker<'_>, node: &Node) -> Option<Self> {
        let mut keys = checker.keys(node, "`release`")?;
        let step = keys.take("step").and_then(|step| checker.named_step(step));
        keys.finish(checker);
        Some(Self { step })
    }
}

fn tasks(moment: &Moment<'_>, visit: VisitId, step: Option<&Name>) -> Vec<VisitId> {
    let tasks = moment.case.visits.values().filter(|found| found.task.is_some());
    let meant = tasks.filter(|found| match step {
        Some(step) => written_step(&found.step) == step.as_str(),
        None => moment.case.is_inside(found.id, visit),
    });
    meant.map(|found| found.id).collect()
}
