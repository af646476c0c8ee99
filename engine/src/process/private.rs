//! Which fields of a process are private.

use std::collections::BTreeSet;

use super::Process;
use crate::ids::Name;

impl Process {
    /// The names of all private fields, its own and those of its steps. Where a step declares a private field, a field
    /// of the same name elsewhere counts as private too.
    pub fn private_fields(&self) -> BTreeSet<&Name> {
        let fields = self.fields.iter().chain(self.steps.iter().flat_map(|step| &step.fields));
        fields.filter(|field| field.private).map(|field| &field.name).collect()
    }
}
