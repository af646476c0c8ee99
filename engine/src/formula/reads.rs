//! What a formula looks at: whatever else changes, its value stays the same.

use std::collections::BTreeSet;

use super::{Binding, Host};
use crate::ids::Name;

/// What a formula looks at that may change while a case moves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reads {
    /// The case's own fields.
    pub fields: BTreeSet<Name>,
    /// Whether it looks at fields of the steps around its place.
    pub around: bool,
    /// Whether it looks at where the case is and was, or at the items of an `each`.
    pub course: bool,
}

impl Reads {
    /// What is read through these bindings and functions.
    pub(super) fn new(bindings: &[Binding], hosts: &BTreeSet<Host>) -> Self {
        let mut reads = Self { course: hosts.iter().copied().any(looks_at_course), ..Self::default() };
        for binding in bindings {
            match binding {
                Binding::Field(name) => _ = reads.fields.insert(name.clone()),
                Binding::Local { .. } => reads.around = true,
                Binding::Collection { .. } => reads.course = true,
                // The same throughout a moment, or throughout a visit.
                Binding::Item(_) | Binding::Given(_) | Binding::Opened => {}
            }
        }
        reads
    }
}

fn looks_at_course(host: Host) -> bool {
    match host {
        Host::Visits | Host::In | Host::Times | Host::Last | Host::Due | Host::Late => true,
        Host::Now | Host::WorkingDaysBetween | Host::AddWorkingDays => false,
    }
}
