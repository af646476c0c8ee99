//! What the tables should say about some cases, from their transitions alone.

use std::collections::BTreeMap;
use std::sync::Arc;

use duban_engine::case::Case;
use duban_engine::event::{Event, Transition};
use duban_engine::ids::CaseId;
use duban_engine::process::Process;

use super::Findings;
use crate::runner::Shared;
use crate::runner::history::{Known, restore};
use crate::runner::outgoing::Outgoing;
use crate::runner::private::Parted;
use crate::runner::projection::{self, STATE};
use crate::storage::transitions::Stored;
use crate::storage::{Cell, Result, Table, documents, incidents, jobs, notices, outbox};

/// Rows by their keys.
pub type Rows = BTreeMap<Vec<Cell>, Vec<Cell>>;

/// The rows of every table that is made from the transitions.
pub struct Expected {
    /// Each table with its rows.
    pub tables: Vec<(&'static Table, Rows)>,
}

const OUTGOING: [&Table; 4] = [&outbox::TABLE, &jobs::TABLE, &notices::TABLE, &documents::TABLE];

impl Default for Expected {
    fn default() -> Self {
        let tables = STATE.into_iter().chain([&incidents::TABLE]).chain(OUTGOING);
        Self { tables: tables.map(|table| (table, Rows::new())).collect() }
    }
}

impl Expected {
    /// Adds a case, unless its history is broken: that is a finding.
    pub(super) async fn add(
        &mut self,
        shared: &Shared,
        case: CaseId,
        history: &[Stored],
        findings: &mut Findings,
    ) -> Result<()> {
        let id = case.to_string();
        let transitions = match check_chain(case, history) {
            Ok(transitions) => transitions,
            Err(what) => {
                findings.add(&id, format!("transitions: {what}"));
                return Ok(());
            }
        };
        let (Some(first), Some(last)) = (transitions.first(), history.last()) else { return Ok(()) };
        let Some((process, version)) = opening(case, first) else {
            findings.add(&id, "transitions: the first one does not open this case");
            return Ok(());
        };
        let definition = match shared.definitions.version(&shared.database, &process, &version).await {
            Ok(definition) => definition,
            Err(error) => {
                findings.add(&id, error.to_string());
                return Ok(());
            }
        };
        let calendars = &definition.library.catalog.calendars;
        if let Some(series) = definition.process.series(first.at, calendars) {
            *findings.opened.entry(series).or_insert(0) += 1;
        }
        let mut folded = Case::new(case);
        let mut outgoing = Outgoing::default();
        for transition in &transitions {
            let before = folded.clone();
            folded.apply_all(transition);
            check_seals(&id, &definition.process, transition, findings);
            outgoing.add(&definition, &before, &folded, transition);
            self.put(&incidents::TABLE, projection::raised(case, transition));
            if let Some(staffed) = projection::staffed(&before, &folded, transition.at) {
                self.table(&incidents::TABLE).values_mut().for_each(|row| staffed.end(row));
            }
        }
        let updated_at = transitions.last().map_or(first.at, |last| last.at);
        let known = Known { case: Arc::new(folded), hash: last.hash.clone(), updated_at };
        for (table, rows) in STATE.into_iter().zip(projection::state(&known, &definition.process)) {
            self.put(table, rows.into_values());
        }
        self.put(&outbox::TABLE, outgoing.entries.iter().map(outbox::Entry::cells));
        self.put(&jobs::TABLE, outgoing.jobs.iter().map(jobs::Queued::cells));
        self.put(&notices::TABLE, outgoing.notices.iter().map(notices::Notice::cells));
        self.put(&documents::TABLE, outgoing.documents.iter().map(documents::Document::cells));
        Ok(())
    }

    fn table(&mut self, table: &Table) -> &mut Rows {
        let place = self.tables.iter_mut().find(|(found, _)| found.name == table.name);
        let (_, rows) = place.expect("every table that rows are made for is in the list above");
        rows
    }

    fn put(&mut self, table: &'static Table, rows: impl IntoIterator<Item = Vec<Cell>>) {
        self.table(table).extend(rows.into_iter().map(|row| (row[..table.key].to_vec(), row)));
    }
}

/// The transitions of a history without gaps whose hashes are right; otherwise what is wrong with it.
pub fn check_chain(case: CaseId, history: &[Stored]) -> std::result::Result<Vec<Transition>, String> {
    let mut previous = "";
    let mut transitions: Vec<Transition> = Vec::with_capacity(history.len());
    for (sequence, stored) in (1..).zip(history) {
        if stored.sequence != sequence {
            return Err(format!("{sequence} is missing"));
        }
        if stored.case != case || stored.hash_after(previous) != stored.hash {
            return Err(format!("{sequence} was changed, or another one before it"));
        }
        previous = &stored.hash;
        transitions.push(restore(stored).map_err(|error| error.to_string())?);
    }
    let removal = |transition: &Transition| transition.events.contains(&Event::PrivateRemoved);
    let removed = transitions.iter().rposition(removal).unwrap_or(0);
    for (position, stored) in history.iter().enumerate() {
        check_private(stored, position < removed).map_err(|what| format!("{} {what}", stored.sequence))?;
    }
    Ok(transitions)
}

/// Whether the private values of a transition are those that its digests are of, or else were removed by somebody.
fn check_private(stored: &Stored, is_removed: bool) -> std::result::Result<(), String> {
    let what = match (&stored.digests, &stored.private) {
        (None, None) => return Ok(()),
        (Some(digests), Some(private)) if !is_removed => {
            if Parted::read(digests, private)?.is_true(private) {
                return Ok(());
            }
            "has private values that were changed"
        }
        (Some(_), None) if is_removed => return Ok(()),
        (Some(_), None) => "has lost its private values, and nobody removed them",
        (Some(_), Some(_)) => "has private values that were removed and are there again",
        (None, Some(_)) => "has private values without digests",
    };
    Err(what.to_owned())
}

/// Every action that needs a seal has one. What is in it is the signer's: nothing here knows their keys.
fn check_seals(case: &str, process: &Process, transition: &Transition, findings: &mut Findings) {
    for event in &transition.events {
        let Event::ActionTaken { step, action, seal: None, .. } = event else { continue };
        let actions = process.find(step).map_or(&[][..], |(_, step)| &step.actions);
        if actions.iter().any(|rule| rule.name == *action && rule.needs_seal) {
            let sequence = transition.sequence;
            findings.add(case, format!("transitions: `{action}` in {sequence} needs a seal and has none"));
        }
    }
}

fn opening(case: CaseId, first: &Transition) -> Option<(duban_engine::ids::Name, duban_engine::ids::Name)> {
    first.events.iter().find_map(|event| match event {
        Event::CaseOpened { case: opened, process, version, .. } if *opened == case => {
            Some((process.clone(), version.clone()))
        }
        _ => None,
    })
}
