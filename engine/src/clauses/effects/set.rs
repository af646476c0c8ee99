//! `set`: fields := values.

use std::collections::BTreeMap;

use crate::checker::Checker;
use crate::event::{Event, Fields};
use crate::formula::Operand;
use crate::ids::{Name, VisitId};
use crate::moment::Moment;
use crate::value::Value;
use crate::yaml::{Entry, Node};

/// Where a value is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// The step that declares the field; none for the process's own.
    pub step: Option<Name>,
    /// The field.
    pub field: Name,
}

/// Fields := values.
#[derive(Clone, Debug)]
pub struct Set(Vec<(Destination, Operand)>);

impl Set {
    pub(super) fn perform(&self, moment: &mut Moment<'_>, visit: VisitId) {
        let place = moment.place(visit);
        let values = self.0.iter().map(|(to, operand)| (to.clone(), operand.evaluate(&place))).collect();
        write(moment, visit, values);
    }

    pub(super) fn check(checker: &mut Checker<'_>, node: &Node) -> Option<Self> {
        checker.keys(node, "`set`")?;
        let mut assignments = Vec::new();
        for Entry { key, value } in node.as_mapping()? {
            let Some((destination, kind)) = checker.destination(&key.text, key.span) else { continue };
            assignments.extend(checker.operand(value, &kind).map(|operand| (destination, operand)));
        }
        Some(Self(assignments))
    }
}

/// Writes values where they belong, as seen from a visit.
pub fn write(moment: &mut Moment<'_>, visit: VisitId, values: Vec<(Destination, Value)>) {
    let mut by_visit: BTreeMap<VisitId, Fields> = BTreeMap::new();
    for (destination, value) in values {
        let owner = match &destination.step {
            None => VisitId::CASE,
            Some(step) => match moment.case.path(visit).find(|around| around.step == *step) {
                Some(around) => around.id,
                None => continue,
            },
        };
        by_visit.entry(owner).or_default().insert(destination.field, value);
    }
    for (visit, values) in by_visit {
        moment.emit(Event::FieldsSet { visit, values });
    }
}
