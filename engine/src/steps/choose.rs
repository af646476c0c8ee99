//! `choose`: the first `when` that holds decides.

use crate::clauses::hook::Goto;
use crate::event::{Cause, Edge, Ending, Event};
use crate::ids::{Name, VisitId};
use crate::moment::{Moment, Work};

/// A step that only decides where the case goes.
#[derive(Clone, Debug)]
pub struct Choose {
    /// The exits, in order.
    pub goto: Goto,
}

impl Choose {
    /// Goes where the first condition that holds leads.
    pub fn go(&self, moment: &mut Moment<'_>, visit: VisitId, step: &Name) {
        match self.goto.choose(moment, visit) {
            Some((number, exit)) => {
                let cause = Cause::new(Edge::Branch(number), step, exit.line);
                let target = exit.target;
                moment.first([Work::Move { from: visit, target, how: Ending::Done, cause }]);
            }
            None => {
                let text = format!("no exit of `{step}` applies");
                moment.emit(Event::IncidentRaised { visit, text });
            }
        }
    }
}
