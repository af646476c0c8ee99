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
    /// Whether those that look at where the case is are to be looked at.
    course: bool,
    /// Those that were looked at, with the visits around whose fields they look at.
    known: BTreeMap<VisitId, BTreeSet<VisitId>>,
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
            course: false,
            known: BTreeMap::new(),
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
                self.course = true;
            }
            Change::Stay(visit) => {
                self.to_look.insert(visit);
                self.course = true;
            }
            Change::Limit(_) | Change::Course => self.course = true,
            Change::All => self.all = true,
        }
    }

    /// The visits to look at now, in order, 0 for the case itself; some of them may be over.
    pub(super) fn take(&mut self, case: &Case) -> BTreeSet<VisitId> {
        let mut concerned = std::mem::take(&mut self.to_look);
        if std::mem::take(&mut self.course) {
            concerned.extend(&self.by_course);
        }
        if std::mem::take(&mut self.all) {
            concerned.insert(VisitId::CASE);
            concerned.extend(case.visits.keys());
        }
        concerned
    }

    /// A visit is over: whatever happens, it is not looked at any more. What a moment costs is what runs in it, not what
    /// ever ran.
    pub(super) fn forget(&mut self, visit: VisitId) {
        let around = self.known.remove(&visit).unwrap_or_default();
        for outer in around {
            if let Some(visits) = self.by_visit.get_mut(&outer) {
                visits.remove(&visit);
            }
        }
        self.by_visit.remove(&visit);
        self.by_field.values_mut().for_each(|visits| _ = visits.remove(&visit));
        self.by_course.remove(&visit);
    }

    /// Looks at a visit once more, whatever happens.
    pub(super) fn again(&mut self, visit: VisitId) {
        self.to_look.insert(visit);
    }

    /// Whether it is the first look at a visit.
    pub(super) fn is_new(&mut self, visit: VisitId) -> bool {
        let is_new = !self.known.contains_key(&visit);
        self.known.entry(visit).or_default();
        is_new
    }

    /// A visit looks at this.
    pub(super) fn add(&mut self, case: &Case, visit: VisitId, reads: &Reads) {
        for field in &reads.fields {
            self.by_field.entry(field.clone()).or_default().insert(visit);
        }
        for around in case.path(visit).filter(|_| reads.around) {
            self.by_visit.entry(around.id).or_default().insert(visit);
            self.known.entry(visit).or_default().insert(around.id);
        }
        if reads.course {
            self.by_course.insert(visit);
        }
    }
}
