//! `branches`: all branches, or those whose `when` holds, at once.

use crate::event::Item;
use crate::formula::Formula;
use crate::ids::{Name, VisitId};
use crate::moment::{Moment, StepId};
use crate::steps::gather::{Gather, Member, branch_item};

/// A step with branches.
#[derive(Clone, Debug)]
pub struct Parallel {
    /// The branches, in order.
    pub branches: Vec<Branch>,
    /// How they come together.
    pub gather: Gather,
}

/// One branch.
#[derive(Clone, Debug)]
pub struct Branch {
    /// Its step.
    pub step: StepId,
    /// Its name.
    pub name: Name,
    /// When it takes part.
    pub when: Option<Formula>,
    /// The line in the definition.
    pub line: u32,
}

impl Parallel {
    /// Starts the branches that take part.
    pub fn go(&self, moment: &mut Moment<'_>, visit: VisitId, step: &Name) {
        let waiting = self.waiting(moment, visit);
        self.gather.start(moment, visit, step, waiting);
    }

    /// Goes on when the branches have come together. Those that begin together were chosen at the beginning.
    pub fn go_on(&self, moment: &mut Moment<'_>, visit: VisitId, step: &Name) {
        let waiting = if self.gather.one_at_a_time { self.waiting(moment, visit) } else { Vec::new() };
        self.gather.go_on(moment, visit, step, waiting);
    }

    /// The branches that take part and have neither begun nor ended.
    fn waiting(&self, moment: &Moment<'_>, visit: VisitId) -> Vec<Member> {
        let Some(found) = moment.visit(visit) else { return Vec::new() };
        let place = moment.place(visit);
        let branches = (0u32..).zip(&self.branches).filter(|(index, branch)| {
            let ended = found.ended.keys().any(|(_, ended)| ended == index);
            let runs =
                moment.case.inside(visit).any(|inner| inner.item.as_ref().is_some_and(|item| item.index == *index));
            !ended && !runs && branch.when.as_ref().is_none_or(|when| when.holds(&place))
        });
        branches.map(|(index, branch)| self.member(index, branch)).collect()
    }

    fn member(&self, index: u32, branch: &Branch) -> Member {
        let item: Option<Item> = Some(branch_item(index, &branch.name));
        Member { step: branch.step, name: branch.name.clone(), item, line: branch.line }
    }
}
