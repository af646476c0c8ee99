//! `add` and `drop`: items of a running `each`.

use crate::checker::Checker;
use crate::event::{Event, Item};
use crate::formula::Operand;
use crate::ids::{Name, VisitId};
use crate::moment::{Moment, Work};
use crate::value::{Type, Value};
use crate::yaml::Node;

/// Adds items.
#[derive(Clone, Debug)]
pub struct Add(Meant);

/// Takes items off.
#[derive(Clone, Debug)]
pub struct Drop(Meant);

/// Which items of which `each`.
#[derive(Clone, Debug)]
struct Meant {
    each: Name,
    variable: Name,
    item: Operand,
}

impl Add {
    pub(super) fn perform(&self, moment: &mut Moment<'_>, visit: VisitId) {
        let Some(target) = self.0.running(moment) else { return };
        for value in self.0.values(moment, visit) {
            if moment.case.find_item(target, &value).is_none() {
                let index = moment.case.next_item(target);
                let item = Item { index, name: self.0.variable.clone(), value };
                moment.emit(Event::ItemAdded { visit: target, item });
            }
        }
        moment.last(Work::Gather { visit: target });
    }

    pub(super) fn check(checker: &mut Checker<'_>, node: &Node) -> Option<Self> {
        Meant::check(checker, node, "`add`").map(Self)
    }
}

impl Drop {
    pub(super) fn perform(&self, moment: &Moment<'_>, visit: VisitId, works: &mut Vec<Work>) {
        let Some(target) = self.0.running(moment) else { return };
        for value in self.0.values(moment, visit) {
            if let Some(item) = moment.case.find_item(target, &value) {
                works.push(Work::Drop { each: target, index: item.index });
            }
        }
    }

    pub(super) fn check(checker: &mut Checker<'_>, node: &Node) -> Option<Self> {
        Meant::check(checker, node, "`drop`").map(Self)
    }
}

impl Meant {
    fn running(&self, moment: &Moment<'_>) -> Option<VisitId> {
        moment.case.visits.values().find(|found| found.step == self.each).map(|found| found.id)
    }

    fn values(&self, moment: &Moment<'_>, visit: VisitId) -> Vec<Value> {
        match self.item.evaluate(&moment.place(visit)) {
            Value::Null => Vec::new(),
            Value::List(values) => values.to_vec(),
            single => vec![single],
        }
    }

    fn check(checker: &mut Checker<'_>, node: &Node, what: &str) -> Option<Self> {
        let mut keys = checker.keys(node, what)?;
        let step = keys.require("each", checker);
        let each = step.and_then(|step| checker.named_step(step));
        let item = keys.require("item", checker).and_then(|item| checker.operand(item, &Type::Any));
        keys.finish(checker);
        let each = each?;
        let Some((variable, _)) = checker.collections.get(&each).cloned() else {
            let span = step.map_or(node.span, |step| step.span);
            checker.error(span, "not-each", format!("`{each}` is not an `each` step"));
            return None;
        };
        Some(Self { each, variable, item: item? })
    }
}
