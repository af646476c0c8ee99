//! `actions`: a task waits for a person of a role to take one of its actions.

use crate::clauses::people::{Assign, People};
use crate::event::Event;
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
        moment.emit(Event::TaskOffered { visit, to: to.clone() });
        if moment.world.organization.actors(&to, moment.now).is_empty() {
            let text = "nobody in the organisation may do this task".to_owned();
            moment.emit(Event::IncidentRaised { visit, text });
        }
        self.assign.choose(moment, visit, &self.people, &to);
    }

    /// Offers the task again when the case or its fields have changed who may do it.
    pub fn renew(&self, moment: &mut Moment<'_>, visit: VisitId) {
        let to = self.by.candidates(&moment.place(visit));
        let offered = moment.visit(visit).and_then(|visit| visit.task.as_ref()).map(|task| &task.offered);
        if offered != Some(&to) {
            moment.emit(Event::TaskOffered { visit, to });
        }
    }
}
