//! `mark`: an entry in the assessment ledger.

use super::{Occasion, name_of};
use crate::checker::Checker;
use crate::event::Event;
use crate::formula::Operand;
use crate::ids::Name;
use crate::moment::Moment;
use crate::value::Type;
use crate::yaml::Node;

/// An entry in the assessment ledger.
#[derive(Clone, Debug)]
pub struct Mark {
    kind: Name,
    unit: Option<Operand>,
    person: Option<Operand>,
}

impl Mark {
    pub(super) fn perform(&self, moment: &mut Moment<'_>, occasion: Occasion) {
        let unit = name_of(moment, occasion.visit, self.unit.as_ref());
        let person = name_of(moment, occasion.visit, self.person.as_ref());
        let at = occasion.instant.filter(|at| *at != moment.now);
        moment.emit(Event::Marked { kind: self.kind.clone(), unit, person, at });
    }

    pub(super) fn check(checker: &mut Checker<'_>, node: &Node) -> Option<Self> {
        let mut keys = checker.keys(node, "`mark`")?;
        let catalog = checker.catalog;
        let known: Vec<&Name> = catalog.marks.keys().collect();
        let kind = keys.require("kind", checker);
        let kind = kind.and_then(|kind| checker.declared(kind, "kind of mark", "unknown-mark", &known));
        let unit = keys.take("unit").and_then(|unit| checker.operand(unit, &Type::Unit));
        let person = keys.take("person").and_then(|person| checker.operand(person, &Type::Person));
        if !keys.has("unit") && !keys.has("person") {
            checker.error(node.span, "missing-key", "a mark needs the `unit` or the `person` it is for");
        }
        keys.finish(checker);
        Some(Self { kind: kind?, unit, person })
    }
}
