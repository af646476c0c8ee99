//! How steps are left: innermost first, what hangs on them ends, and their locks pass on.

use super::Process;
use crate::case::{Lock, Visit};
use crate::clauses::hook::perform;
use crate::event::{Cause, Edge, Ending, Event};
use crate::ids::{Name, VisitId};
use crate::moment::{Moment, Work};
use crate::steps::call::Call;

impl Process {
    /// Leaves a visit and all inside it, in the exit order of W3C SCXML (3.13): inner before outer, later before earlier.
    /// The one that `ends` ends as it says, the others are abandoned. What is `kept` can be come back to, under that
    /// visit's id.
    pub(super) fn leave(&self, moment: &mut Moment<'_>, root: VisitId, ends: (VisitId, Ending), kept: Option<VisitId>) {
        for visit in self.in_entry_order(moment, root).into_iter().rev() {
            let Some((_, step)) = self.step_of(moment, visit) else { continue };
            perform(&step.on_leave, moment, visit);
            let Some(found) = moment.visit(visit) else { continue };
            // What other cases wait for passes on outside, when it is stored that this one gave it up.
            let lock = found.lock.clone().filter(|lock| lock.held && !lock.across);
            if let Some(child) = found.child {
                Call::cancel(moment, visit, child);
            }
            let how = if visit == ends.0 { ends.1 } else { Ending::Left };
            moment.emit(Event::StepLeft { visit, step: step.name.clone(), how, kept });
            if let Some(lock) = lock {
                self.pass_lock_on(moment, &lock.name);
            }
        }
    }

    /// A visit and all inside it: outer before inner, and as the definition orders them.
    fn in_entry_order(&self, moment: &Moment<'_>, root: VisitId) -> Vec<VisitId> {
        let mut order = Vec::new();
        let mut to_do = vec![root];
        while let Some(visit) = to_do.pop() {
            order.push(visit);
            let mut inside: Vec<&Visit> = moment.case.inside(visit).collect();
            inside.sort_by_key(|inner| {
                let index = inner.item.as_ref().map_or(0, |item| item.index);
                (index, self.index.get(&inner.step), inner.id)
            });
            to_do.extend(inside.into_iter().rev().map(|inner| inner.id));
        }
        order
    }

    /// Leaves everything: the case ends where it is.
    pub fn leave_everything(&self, moment: &mut Moment<'_>) {
        self.leave_all(moment, VisitId::CASE);
    }

    /// Leaves everything: the case closes at `last`.
    pub(super) fn leave_all(&self, moment: &mut Moment<'_>, last: VisitId) {
        let roots: Vec<VisitId> = moment.case.inside(VisitId::CASE).map(|visit| visit.id).collect();
        for root in roots.into_iter().rev() {
            self.leave(moment, root, (last, Ending::Done), None);
        }
    }

    /// Gives a lock that was left to the visit of the case that has waited for it longest.
    fn pass_lock_on(&self, moment: &mut Moment<'_>, lock: &Name) {
        let awaits = |lock: &Name, found: &Lock| !found.held && !found.across && found.name == *lock;
        let mut visits = moment.case.visits.values();
        let waits = visits.find(|visit| visit.lock.as_ref().is_some_and(|found| awaits(lock, found)));
        if let Some(visit) = waits.map(|visit| visit.id) {
            self.give_lock(moment, visit);
        }
    }

    /// Gives a visit the lock that it waits for: it begins.
    pub(crate) fn give_lock(&self, moment: &mut Moment<'_>, visit: VisitId) {
        let Some((_, step)) = self.step_of(moment, visit) else { return };
        let Some(lock) = moment.visit(visit).and_then(|visit| visit.lock.as_ref()).map(|lock| lock.name.clone()) else {
            return;
        };
        moment.emit(Event::LockTaken { visit, lock });
        let cause = Cause::new(Edge::Next, &step.name, step.line);
        moment.first([Work::Begin { visit, through: Vec::new(), cause }]);
    }
}
