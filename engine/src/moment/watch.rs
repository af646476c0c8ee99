//! Which visits are to be looked at again because of what happened: those whose conditions or people it may change.

use std::collections::{BTreeMap, BTreeSet};

use crate::case::Case;
use crate::event::Change;
use crate::formula::Reads;
use crate::ids::{Name, VisitId};

/// The visits that watch the case, by what they look at. All are looked at once in a moment, because the world may have
/// changed since the last one; later only those that something concerns.
#[derive(Debug)]
pub(super) struct Watch {
    to_look: BTreeSet<VisitId>,
    /// Whether all are to be looked at.
    all: bool,
    known: BTreeSet<VisitId>,
    by_field: BTreeMap<Name, BTreeSet<VisitId>>,
    /// Those that look at fields of a visit around them, by that visit.
    by_visit: BTreeMap<VisitId, BTreeSet<VisitId>>,
    by_course: BTreeSet<VisitId>,
}

impl Watch {
    /// Before the first look.
    pub(super) fn new() -> Self {
        Self {
            to_look: BTreeSet::new(),
            all: true,
            known: BTreeSet::new(),
            by_field: BTreeMap::new(),
            by_visit: BTreeMap::new(),
            by_course: BTreeSet::new(),
        }
    }

    /// Something happened.
    pub(super) fn note(&mut self, change: Change<'_>) {
        match change {
            Change::Nothing | Change::Alarms(_) => {}
            Change::Fields(VisitId::CASE, values) => {
                for visits in values.keys().filter_map(|field| self.by_field.get(field)) {
                    self.to_look.extend(visits);
                }
            }
            Change::Fields(visit, _) => {
                self.to_look.extend(self.by_visit.get(&visit).into_iter().flatten());
                self.to_look.extend(&self.by_course);
            }
            Change::Stay(visit) => {
                self.to_look.insert(visit);
                self.to_look.extend(&self.by_course);
            }
            Change::Limit(_) | Change::Course => self.to_look.extend(&self.by_course),
            Change::All => self.all = true,
        }
    }

    /// The visits to look at now, in order, 0 for the case itself.
    pub(super) fn take(&mut self, case: &Case) -> Vec<VisitId> {
        let concerned = std::mem::take(&mut self.to_look);
        if std::mem::take(&mut self.all) {
            return std::iter::once(VisitId::CASE).chain(case.visits.keys().copied()).collect();
        }
        concerned.into_iter().filter(|visit| *visit == VisitId::CASE || case.visits.contains_key(visit)).collect()
    }

    /// Looks at a visit once more, whatever happens.
    pub(super) fn again(&mut self, visit: VisitId) {
        self.to_look.insert(visit);
    }

    /// Whether it is the first look at a visit.
    pub(super) fn is_new(&mut self, visit: VisitId) -> bool {
        self.known.insert(visit)
    }

    /// A visit looks at this.
    pub(super) fn add(&mut self, case: &Case, visit: VisitId, reads: &Reads) {
        for field in &reads.fields {
            self.by_field.entry(field.clone()).or_default().insert(visit);
        }
        for around in case.path(visit).filter(|_| reads.around) {
            self.by_visit.entry(around.id).or_default().insert(visit);
        }
        if reads.course {
            self.by_course.insert(visit);
        }
    }
}
