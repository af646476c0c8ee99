//! What the commands of a batch lead to, before anything is written.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use duban_engine::case::Case;
use duban_engine::ids::CaseId;
use duban_engine::moment::{self, Workload};

use super::super::definitions::Definition;
use super::super::history::Known;
use super::super::outgoing::Outgoing;
use super::super::projection::{self, Changes, Rows};
use super::super::submission::{Answer, Refusal};
use crate::storage::commands::{self, Done};
use crate::storage::{Cell, Writes, cases, documents, jobs, notices, outbox, transitions};

/// A case as a batch leaves it.
#[derive(Clone)]
pub struct Changed {
    pub definition: Definition,
    pub before: Option<Arc<Known>>,
    pub now: Arc<Known>,
}

/// What the commands of a batch lead to, before anything is written.
#[derive(Default)]
pub struct Decided {
    pub outcomes: Vec<Result<Answer, Refusal>>,
    pub changed: BTreeMap<CaseId, Changed>,
    pub transitions: Vec<Vec<Cell>>,
    pub incidents: projection::Incidents,
    pub outgoing: Outgoing,
    pub done: BTreeMap<String, Done>,
    pub serials: BTreeMap<String, u64>,
    pub workload: Option<Workload>,
    /// Cases that may have moved elsewhere since this node saw them, and where that would make a difference.
    pub doubtful: BTreeSet<CaseId>,
}

impl Decided {
    /// Counts the tasks that a command took from or gave to people.
    pub fn shift_work(&mut self, before: &Case, after: &Case) {
        let Some(workload) = &mut self.workload else { return };
        for (person, count) in moment::workload(std::iter::once(before)) {
            let left = workload.entry(person).or_default();
            *left = left.saturating_sub(count);
        }
        for (person, count) in moment::workload(std::iter::once(after)) {
            *workload.entry(person).or_default() += count;
        }
    }

    /// What is to be written, with the transitions in the order of their keys: two nodes that write the same cases then wait
    /// for each other in turn, and a circle that comes about all the same is a conflict.
    pub fn writes<'a>(&'a mut self, changes: &'a Changes) -> Writes<'a> {
        self.transitions.sort();
        let mut writes = Writes::default();
        let before = self.changed.iter().filter_map(|(case, changed)| Some((*case, changed.before.as_ref()?)));
        cases::expect(&mut writes, before.map(|(case, known)| (case, known.hash.as_str())));
        writes.insert(&transitions::TABLE, &self.transitions);
        writes.insert(&commands::TABLE, rows(&self.done, |(key, done)| done.cells(key)));
        changes.write(&mut writes);
        self.incidents.write(&mut writes);
        let outgoing = &self.outgoing;
        jobs::drop_visits(&mut writes, &outgoing.ended_jobs);
        writes.insert(&outbox::TABLE, rows(&outgoing.entries, outbox::Entry::cells));
        writes.insert(&jobs::TABLE, rows(&outgoing.jobs, jobs::Queued::cells));
        writes.insert(&notices::TABLE, rows(&outgoing.notices, notices::Notice::cells));
        writes.insert(&documents::TABLE, rows(&outgoing.documents, documents::Document::cells));
        writes
    }

    /// What the lists will show.
    pub fn changes(&self) -> Changes {
        let mut changes = Changes::default();
        for changed in self.changed.values() {
            let process = &changed.definition.process;
            let before = changed.before.as_ref().map_or_else(Rows::default, |known| projection::state(known, process));
            changes.add(&before, projection::state(&changed.now, process));
        }
        changes
    }
}

fn rows<T>(of: impl IntoIterator<Item = T>, cells: impl Fn(T) -> Vec<Cell>) -> Vec<Vec<Cell>> {
    of.into_iter().map(cells).collect()
}
