//! The rows that a case has in the lists, made from the case alone.

use std::collections::BTreeMap;

use duban_engine::case::{Case, Visit};
use duban_engine::event::{Candidate, Event, Light, Transition};
use duban_engine::ids::{CaseId, Name, VisitId};
use duban_engine::process::Process;
use jiff::Timestamp;

use super::history::Known;
use crate::storage::cases::CaseRow;
use crate::storage::deadlines::Deadline;
use crate::storage::incidents::{Incident, PEOPLE, Staffed};
use crate::storage::locks::Lock;
use crate::storage::marks::Mark;
use crate::storage::tasks::Task;
use crate::storage::{Cell, Table, Writes, cases, deadlines, incidents, locks, marks, tasks};

/// The tables whose rows change with the case.
pub const STATE: [&Table; TABLES] =
    [&cases::TABLE, &tasks::TABLE, &tasks::CANDIDATES, &deadlines::TABLE, &marks::TABLE, &locks::TABLE];

/// How many they are.
const TABLES: usize = 6;

/// How many characters of a text make a title.
const TITLE_MAX: usize = 120;

/// Fields that can give a case its title.
const TITLE_FIELDS: [&str; 2] = ["subject", "title"];

/// Rows by key, for each of [`STATE`].
pub type Rows = [BTreeMap<Vec<Cell>, Vec<Cell>>; TABLES];

/// What to write so that the lists show a case as it is now.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Changes {
    /// Rows to write, for each of [`STATE`], by the column from which on they differ from what is there.
    pub written: [BTreeMap<usize, Vec<Vec<Cell>>>; TABLES],
    /// Keys to remove, for each of [`STATE`].
    pub removed: [Vec<Vec<Cell>>; TABLES],
}

impl Changes {
    /// Writes what changed.
    pub fn write<'a>(&'a self, writes: &mut Writes<'a>) {
        for (table, keys) in STATE.into_iter().zip(&self.removed) {
            writes.delete(table, keys);
        }
        for (table, written) in STATE.into_iter().zip(&self.written) {
            for (from, rows) in written {
                writes.upsert_from(table, *from, rows);
            }
        }
    }

    /// Whether somebody waits for a lock now, or gave one up.
    pub fn concern_locks(&self) -> bool {
        !self.written[5].is_empty() || !self.removed[5].is_empty()
    }

    /// Adds what leads from the rows before to those after.
    pub fn add(&mut self, before: &Rows, after: Rows) {
        for (table, after) in after.into_iter().enumerate() {
            let before = &before[table];
            let gone = before.keys().filter(|key| !after.contains_key(*key));
            self.removed[table].extend(gone.cloned());
            for (key, row) in after {
                let from = match before.get(&key) {
                    Some(there) if *there == row => continue,
                    Some(there) => STATE[table].tail(there, &row),
                    None => STATE[table].key,
                };
                self.written[table].entry(from).or_default().push(row);
            }
        }
    }
}

/// The rows of a case in [`STATE`].
pub fn state(known: &Known, process: &Process) -> Rows {
    let case = &known.case;
    let mut rows = Rows::default();
    put(&mut rows[0], STATE[0], case_row(known, process).cells());
    for visit in case.visits.values() {
        if let Some(deadline) = &visit.deadline {
            put(&mut rows[3], STATE[3], deadline_row(case.id, visit, deadline).cells());
        }
        if let Some((lock, name)) = visit.lock.as_ref().zip(lock_name(case, visit.id)) {
            let (case, visit, is_held, since) = (case.id, visit.id, lock.held, visit.entered);
            put(&mut rows[5], STATE[5], Lock { case, visit, name, is_held, since }.cells());
        }
        let Some(task) = &visit.task else { continue };
        let row = task_row(case, visit, process);
        for candidate in row.candidates(&case.process, task.offered.iter().map(reader)) {
            put(&mut rows[2], STATE[2], candidate);
        }
        put(&mut rows[1], STATE[1], row.cells());
    }
    for (position, mark) in (0u32..).zip(&case.marks) {
        let (kind, unit, person) = (mark.kind.clone(), mark.unit.clone(), mark.person.clone());
        let mark = Mark { case: case.id, sequence: mark.sequence, position, kind, unit, person, at: mark.at };
        put(&mut rows[4], STATE[4], mark.cells());
    }
    rows
}

/// What transitions change in the list of incidents.
#[derive(Debug, Default)]
pub struct Incidents {
    raised: Vec<Vec<Cell>>,
    staffed: Vec<Staffed>,
}

impl Incidents {
    /// Adds what a transition changes; `before` and `after` are the case around it.
    pub fn add(&mut self, before: &Case, after: &Case, transition: &Transition) {
        self.raised.extend(raised(after.id, transition));
        self.staffed.extend(staffed(before, after, transition.at));
    }

    /// Writes what changed.
    pub fn write<'a>(&'a self, writes: &mut Writes<'a>) {
        writes.insert(&incidents::TABLE, &self.raised);
        self.staffed.iter().for_each(|staffed| staffed.write(writes));
    }
}

/// The incidents that a transition raised, as rows.
pub fn raised(case: CaseId, transition: &Transition) -> Vec<Vec<Cell>> {
    let (sequence, at) = (transition.sequence, transition.at);
    let mut rows = Vec::new();
    let mut previous: Option<&Event> = None;
    for (position, event) in (0u32..).zip(&transition.events) {
        if let Event::IncidentRaised { visit, text } = event {
            // It is told right after the offer that reaches nobody.
            let offered =
                |event: &Event| matches!(event, Event::TaskOffered { unstaffed: true, visit: of, .. } if of == visit);
            let is_unstaffed = previous.is_some_and(offered);
            let (visit, text, awaits, resolved_at) = (*visit, text.clone(), is_unstaffed.then_some(PEOPLE), None);
            rows.push(Incident { case, sequence, position, visit, text, at, awaits, resolved_at }.cells());
        }
        previous = Some(event);
    }
    rows
}

/// The tasks that had nobody who may do them before a transition, and have somebody after it or are over.
pub fn staffed(before: &Case, after: &Case, at: Timestamp) -> Option<Staffed> {
    let is_unstaffed = |visit: &Visit| visit.task.as_ref().is_some_and(|task| task.unstaffed);
    let were = before.visits.values().filter(|visit| is_unstaffed(visit)).map(|visit| visit.id);
    let visits: Vec<VisitId> = were.filter(|visit| !after.visits.get(visit).is_some_and(is_unstaffed)).collect();
    (!visits.is_empty()).then_some(Staffed { case: after.id, visits, sequence: after.sequence, at })
}

/// A candidate as the tables have it: unit, duty, person; what does not apply is empty.
pub fn reader(candidate: &Candidate) -> [&str; 3] {
    match candidate {
        Candidate::Duty { unit, duty } => [unit, duty, ""],
        Candidate::Person { person } => ["", "", person],
    }
}

/// What a lock across cases is called in the list of locks, when the visit has one or waits for one.
pub fn lock_name(case: &Case, visit: VisitId) -> Option<String> {
    let lock = case.visits.get(&visit)?.lock.as_ref().filter(|lock| lock.across)?;
    Some(format!("{}/{}", case.process, lock.name))
}

/// What people call a case. It stands in lists and on notices, so that no private value is in it.
pub fn title(case: &Case, process: &Process) -> String {
    let mut open = TITLE_FIELDS.iter().filter(|field| !process.private_fields.contains(&Name::new(field)));
    let named = open.find_map(|field| case.fields.get(*field)?.as_text());
    let text = named.or(case.number.as_ref()).unwrap_or(&case.process);
    text.chars().take(TITLE_MAX).collect()
}

/// What people call a step.
pub fn step_title<'a>(process: &'a Process, step: &'a Name) -> &'a Name {
    process.find(step).map_or(step, |(_, found)| &found.title)
}

/// The nearest deadline around a visit, its own first.
pub fn nearest_deadline(case: &Case, visit: VisitId) -> Option<&duban_engine::case::Deadline> {
    case.path(visit).find_map(|around| around.deadline.as_ref())
}

/// A light as the tables have it.
pub fn light(light: Light) -> &'static str {
    match light {
        Light::Green => "green",
        Light::Yellow => "yellow",
        Light::Red => "red",
    }
}

fn put(rows: &mut BTreeMap<Vec<Cell>, Vec<Cell>>, table: &Table, row: Vec<Cell>) {
    rows.insert(row[..table.key].to_vec(), row);
}

fn case_row(known: &Known, process: &Process) -> CaseRow {
    let case = &known.case;
    CaseRow {
        case: case.id,
        process: case.process.clone(),
        version: case.version.clone(),
        number: case.number.clone(),
        title: title(case, process),
        opened_at: case.opened,
        closed_at: case.closed.as_ref().map(|closed| closed.at),
        outcome: case.closed.as_ref().map(|closed| closed.outcome.clone()),
        urgency: case.urgency.clone(),
        caller: case.caller.as_ref().map(|caller| caller.case),
        sequence: case.sequence,
        hash: known.hash.clone(),
        wake_at: case.next_wake(),
        updated_at: known.updated_at,
    }
}

fn task_row(case: &Case, visit: &Visit, process: &Process) -> Task {
    let deadline = nearest_deadline(case, visit.id);
    let task = visit.task.as_ref();
    Task {
        case: case.id,
        visit: visit.id,
        step: visit.step.clone(),
        title: step_title(process, &visit.step).to_string(),
        entered_at: visit.entered,
        holder: task.and_then(|task| task.holder.clone()),
        asked_by: task.and_then(|task| task.asked_by.clone()),
        due_at: deadline.map(|deadline| deadline.due.at),
        provisional: deadline.is_some_and(|deadline| deadline.due.provisional),
        light: deadline.map(|deadline| light(deadline.light).to_owned()),
    }
}

fn deadline_row(case: CaseId, visit: &Visit, deadline: &duban_engine::case::Deadline) -> Deadline {
    Deadline {
        case,
        visit: visit.id,
        step: visit.step.clone(),
        due_at: deadline.due.at,
        provisional: deadline.due.provisional,
        light: light(deadline.light).to_owned(),
        rule: deadline.due.rule.clone(),
        paused_at: deadline.paused,
        next_rung_at: deadline.next_rung().map(|(at, _)| at),
    }
}
