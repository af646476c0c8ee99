//! What stands still and needs an administrator, made from the events.

use duban_engine::ids::{CaseId, VisitId};
use jiff::Timestamp;

use super::table::{Table, integer, text};
use super::{Cell, Database, Result, Row, Transaction, Writes};

/// The table.
pub const TABLE: Table = Table {
    name: "incidents",
    columns: &[
        text("case_id"),
        integer("sequence"),
        integer("position"),
        integer("visit"),
        text("text"),
        integer("at"),
        text("awaits"),
        integer("resolved_at"),
    ],
    key: 3,
    tails: &[],
};

/// What ends an incident: there is somebody again who may do the task.
pub const PEOPLE: &str = "people";

const LATEST: &str = "SELECT case_id, sequence, position, visit, text, at, awaits, resolved_at FROM incidents
    WHERE resolved_at IS NULL ORDER BY at DESC, case_id, sequence, position LIMIT $1";

const RAISED_AT: &str = "SELECT MAX(at) FROM incidents WHERE case_id = $1 AND sequence = $2";

const AWAITING_PEOPLE: &str = "SELECT DISTINCT case_id FROM incidents
    WHERE resolved_at IS NULL AND awaits = 'people' AND case_id > $1 ORDER BY case_id LIMIT $2";

const RESOLVE: &str = "UPDATE incidents SET resolved_at = $1 WHERE resolved_at IS NULL AND awaits = 'people'
    AND case_id = $2 AND sequence < $3 AND visit IN (SELECT CAST(value AS BIGINT) FROM each($4))";

const EMPTY: &str = "UPDATE incidents SET text = '' WHERE case_id IN (SELECT value FROM each($1))";

pub(super) const STATEMENTS: &[&str] = &[LATEST, RAISED_AT, AWAITING_PEOPLE, RESOLVE, EMPTY];

/// One incident.
#[derive(Clone, Debug, PartialEq)]
pub struct Incident {
    /// The case.
    pub case: CaseId,
    /// The transition that told of it.
    pub sequence: u32,
    /// Its place among the transition's events.
    pub position: u32,
    /// The visit that stands still.
    pub visit: VisitId,
    /// What stands still, and why.
    pub text: String,
    /// When.
    pub at: Timestamp,
    /// What ends it by itself, if something does.
    pub awaits: Option<&'static str>,
    /// When it was over.
    pub resolved_at: Option<Timestamp>,
}

impl Incident {
    /// The row's cells, in the order of the table's columns.
    pub fn cells(&self) -> Vec<Cell> {
        vec![
            self.case.into(),
            self.sequence.into(),
            self.position.into(),
            self.visit.0.into(),
            self.text.as_str().into(),
            self.at.into(),
            self.awaits.into(),
            self.resolved_at.into(),
        ]
    }

    /// A row of the columns of the table.
    pub fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            case: row.case(0)?,
            sequence: row.count(1)?,
            position: row.count(2)?,
            visit: VisitId(row.count(3)?),
            text: row.text(4)?,
            at: row.at(5)?,
            awaits: row.maybe_text(6).map(|_| PEOPLE),
            resolved_at: row.maybe_at(7)?,
        })
    }
}

/// Tasks of a case have somebody again, or are over: what was raised because of that is over as well.
#[derive(Clone, Debug, PartialEq)]
pub struct Staffed {
    /// The case.
    pub case: CaseId,
    /// The visits of the tasks.
    pub visits: Vec<VisitId>,
    /// The transition that found it.
    pub sequence: u32,
    /// When.
    pub at: Timestamp,
}

impl Staffed {
    /// Ends the incidents.
    pub fn write(&self, writes: &mut Writes<'_>) {
        let visits = self.visits.iter().map(|visit| visit.0.to_string()).collect();
        writes.run(RESOLVE, vec![self.at.into(), self.case.into(), self.sequence.into(), Cell::Texts(visits)]);
    }

    /// Ends the incident of a row if it is one of them.
    pub fn end(&self, row: &mut [Cell]) {
        let [case, sequence, _, visit, _, _, awaits, resolved_at] = row else { return };
        let is_there = self.visits.iter().any(|found| *visit == Cell::from(found.0));
        let is_before = *case == Cell::from(self.case) && *sequence < Cell::from(self.sequence);
        if is_there && is_before && *awaits == Cell::from(PEOPLE) && *resolved_at == Cell::Null {
            *resolved_at = self.at.into();
        }
    }
}

/// The latest incidents that are not over, newest first.
pub async fn latest(database: &Database, limit: i64) -> Result<Vec<Incident>> {
    let rows = database.fetch(LATEST, &[limit.into()]).await?;
    rows.iter().map(Incident::read).collect()
}

/// Up to `limit` cases with an incident that people end, after one of them (or from the first).
pub async fn awaiting_people(database: &Database, after: Option<CaseId>, limit: i64) -> Result<Vec<CaseId>> {
    let after = after.map_or_else(String::new, |case| case.to_string());
    let rows = database.fetch(AWAITING_PEOPLE, &[after.into(), limit.into()]).await?;
    rows.iter().map(|row| row.case(0)).collect()
}

/// When a transition raised an incident, if it did.
pub async fn raised_at(database: &Database, case: CaseId, sequence: u32) -> Result<Option<Timestamp>> {
    let rows = database.fetch(RAISED_AT, &[case.into(), sequence.into()]).await?;
    rows.first().map_or(Ok(None), |row| row.maybe_at(0))
}

/// Removes what the incidents of some cases say; that there were some stays.
pub async fn empty(transaction: &mut Transaction, cases: &[CaseId]) -> Result<()> {
    let ids = cases.iter().map(CaseId::to_string).collect();
    transaction.execute(EMPTY, &[Cell::Texts(ids)]).await.map(drop)
}
