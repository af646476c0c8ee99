//! What stands still and needs an administrator, made from the events.

use duban_engine::ids::{CaseId, VisitId};
use jiff::Timestamp;

use super::table::{Table, integer, text};
use super::{Cell, Database, Result, Row, Transaction};

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
    ],
    key: 3,
};

const LATEST: &str = "SELECT case_id, sequence, position, visit, text, at FROM incidents
    ORDER BY at DESC, case_id, sequence, position LIMIT $1";

const RAISED_AT: &str = "SELECT MAX(at) FROM incidents WHERE case_id = $1 AND sequence = $2";

const EMPTY: &str = "UPDATE incidents SET text = '' WHERE case_id IN (SELECT value FROM each($1))";

pub(super) const STATEMENTS: &[&str] = &[LATEST, RAISED_AT, EMPTY];

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
        })
    }
}

/// The latest incidents, newest first.
pub async fn latest(database: &Database, limit: i64) -> Result<Vec<Incident>> {
    let rows = database.fetch(LATEST, &[limit.into()]).await?;
    rows.iter().map(Incident::read).collect()
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
