//! `actions`: a task waits for a person of a role to take one of its actions.

use crate::clauses::people::{Assign, People};
use crate::event::{Candidate, Event};
use crate::ids::VisitId;
use crate::moment::Moment;
use crate::who::Who;

/// A step that waits for people. What they may do are its actions, which any step can have.
#[derive(Clone, Debug)]
pub struct Task {
    /// Who may do it: its own `by`, or that of a step around it.
    pub by: Who,
    /// Who may not.
    pub people: People,
    /// How it finds its person.
    pub assign: Assign,
}

impl Task {
    /// Offers the task to those who may do it now.
    pub fn go(&self, moment: &mut Moment<'_>, visit: VisitId) {
        let to = self.by.candidates(&moment.place(visit));
        let unstaffed = !moment.is_staffed(&to);
        offer(moment, visit, to.clone(), unstaffed, unstaffed);
        self.assign.choose(moment, visit, &self.people, &to);
    }

    /// Offers the task again when the case, its fields or the organisation have changed who may do it. Calls an
    /// administrator when nobody may any more, and gives the task to somebody, if the process chooses, when there is
    /// somebody again.
    pub fn renew(&self, moment: &mut Moment<'_>, visit: VisitId) {
        let to = self.by.candidates(&moment.place(visit));
        let task = moment.visit(visit).and_then(|visit| visit.task.as_ref());
        let (has_changed, was_unstaffed) = task.map_or((true, false), |task| (task.offered != to, task.unstaffed));
        let people = &moment.world.organization.people;
        let is_held = task.and_then(|task| task.holder.as_ref()).is_some_and(|holder| people.contains_key(holder));
        // Whoever holds a task may do it, whoever else may not.
        let unstaffed = (was_unstaffed || !is_held) && !moment.is_staffed(&to);
        if has_changed || unstaffed != was_unstaffed {
            offer(moment, visit, to.clone(), unstaffed, unstaffed && !was_unstaffed);
        }
        if was_unstaffed && !unstaffed && !is_held {
            self.assign.choose(moment, visit, &self.people, &to);
        }
    }
}

fn offer(moment: &mut Moment<'_>, visit: VisitId, to: Vec<Candidate>, unstaffed: bool, is_news: bool) {
    moment.emit(Event::TaskOffered { visit, to, unstaffed });
    if is_news {
        let text = "nobody in the organisation may do this task".to_owned();
        moment.emit(Event::IncidentRaised { visit, text });
    }
}
