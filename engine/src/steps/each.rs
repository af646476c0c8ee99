//! `each`: the same body once for every item of a list, at once or in turn.

use crate::event::{Event, Item};
use crate::formula::Operand;
use crate::ids::{Name, VisitId};
use crate::moment::{Moment, StepId};
use crate::steps::gather::{Gather, Member};
use crate::value::Value;

/// How many items one step may have; more are left out and an administrator is told.
pub const ITEMS_MAX: usize = 1_000;

/// A step for every item.
#[derive(Clone, Debug)]
pub struct Each {
    /// The item variable.
    pub variable: Name,
    /// The list.
    pub items: Operand,
    /// The body.
    pub body: StepId,
    /// The body's name in events.
    pub body_name: Name,
    /// How the items come together.
    pub gather: Gather,
    /// The line in the definition.
    pub line: u32,
}

impl Each {
    /// Notes the items; equal ones count once.
    pub fn go(&self, moment: &mut Moment<'_>, visit: VisitId, step: &Name) {
        let mut values: Vec<Value> = Vec::new();
        match self.items.evaluate(&moment.place(visit)) {
            Value::Null => {}
            Value::List(items) => {
                for item in items.iter().filter(|item| **item != Value::Null) {
                    if !values.contains(item) {
                        values.push(item.clone());
                    }
                }
            }
            single => values.push(single),
        }
        if values.len() > ITEMS_MAX {
            let text = format!("`{step}` has {} items, more than {ITEMS_MAX}; the rest was left out", values.len());
            moment.emit(Event::IncidentRaised { visit, text });
        }
        for (index, value) in (0u32..).zip(values.into_iter().take(ITEMS_MAX)) {
            moment.emit(Event::ItemAdded { visit, item: Item { index, name: self.variable.clone(), value } });
        }
        let waiting = self.waiting(moment, visit);
        self.gather.start(moment, visit, step, waiting);
    }

    /// Starts what may start, and goes on when the items have come together.
    pub fn go_on(&self, moment: &mut Moment<'_>, visit: VisitId, step: &Name) {
        let waiting = self.waiting(moment, visit);
        self.gather.go_on(moment, visit, step, waiting);
    }

    /// The items that have not begun, as many as may begin.
    fn waiting(&self, moment: &Moment<'_>, visit: VisitId) -> Vec<Member> {
        let Some(found) = moment.visit(visit) else { return Vec::new() };
        let members = found.waiting.iter().take(self.gather.needed()).map(|item| Member {
            step: self.body,
            name: self.body_name.clone(),
            item: Some(item.clone()),
            line: self.line,
        });
        members.collect()
    }
}
