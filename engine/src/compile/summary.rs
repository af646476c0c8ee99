//! What the parts of a process say together, computed once so that no decision has to.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::clauses::people::Assign;
use crate::decide::CANCELLED;
use crate::field::Field;
use crate::ids::Name;
use crate::process::Step;
use crate::steps::Kind;

/// How a case can end.
pub fn outcomes(steps: &[Step]) -> BTreeSet<Name> {
    let closes = steps.iter().filter_map(|step| match &step.kind {
        Kind::Close(close) => Some(close.outcome.clone()),
        _ => None,
    });
    closes.chain([Name::new(CANCELLED)]).collect()
}

/// The names of all private fields, those of the process and those of its steps.
pub fn private_fields(fields: &[Arc<Field>], steps: &[Step]) -> BTreeSet<Name> {
    let all = fields.iter().chain(steps.iter().flat_map(|step| &step.fields));
    all.filter(|field| field.private).map(|field| field.name.clone()).collect()
}

/// Whether a task is given to whoever is least busy.
pub fn needs_workload(steps: &[Step]) -> bool {
    steps.iter().any(|step| matches!(&step.kind, Kind::Task(task) if matches!(task.assign, Assign::LeastBusy)))
}
